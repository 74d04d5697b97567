//! What is shown while a sweep runs: bars on a terminal, a plain line now and then elsewhere.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use gr_grid::TrueReturn;
use gr_runs::RunFailure;
use gr_terminal::{Heartbeat, bars_can_be_drawn, count, duration, say, warn};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::plan::PlannedRun;

/// Progress of a sweep on standard error.
pub struct Progress {
    state: Mutex<State>,
    bars: Option<Bars>,
}

struct Bars {
    all: MultiProgress,
    overall: ProgressBar,
}

struct State {
    started: Instant,
    heartbeat: Heartbeat,
    /// Work done here and work to do, in cost units.
    done: u64,
    total: u64,
    updates: u64,
    runs_ended: usize,
    runs: usize,
    slots: Vec<Option<Slot>>,
}

/// One batch at work.
struct Slot {
    bar: Option<ProgressBar>,
    label: String,
    started: Instant,
    updates: u64,
    /// Work that its runs had done before, and work done since, in cost units.
    before: u64,
    since: u64,
    true_return: Option<TrueReturn>,
}

impl Progress {
    /// Progress of `runs` pending runs, of `total` cost units, on `slots` batches at once.
    pub fn new(runs: usize, total: u64, slots: usize) -> Self {
        let bars = bars_can_be_drawn().then(|| {
            let all = MultiProgress::new();
            let overall = all.add(ProgressBar::new(total));
            let style = "{bar:32} {percent:>3} %  {msg}  elapsed {elapsed}  eta {eta}";
            overall.set_style(ProgressStyle::with_template(style).expect("the template is valid"));
            overall.set_message(format!("0 of {}", count(runs, "run")));
            keep_ticking(&overall);
            Bars { all, overall }
        });
        let state = State {
            started: Instant::now(),
            heartbeat: Heartbeat::start(),
            done: 0,
            total,
            updates: 0,
            runs_ended: 0,
            runs,
            slots: (0..slots).map(|_| None).collect(),
        };
        Self { state: Mutex::new(state), bars }
    }

    /// A batch starts on `slot`; `already` are the updates that its runs had done before.
    pub fn batch_started<'a>(
        &self,
        slot: usize,
        runs: impl Iterator<Item = &'a PlannedRun>,
        already: &[u64],
    ) {
        let runs: Vec<&PlannedRun> = runs.collect();
        let first = runs[0];
        let mut label = format!("{} p={} ", first.method.label, first.spec.oversight);
        label += &match runs.len() {
            1 => format!("seed {}", first.spec.seed),
            number => format!("and {}", count(number - 1, "more run")),
        };
        let updates = runs.iter().map(|run| run.updates).max().unwrap_or(0);
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.all.add(ProgressBar::new(updates));
            let style = "  {prefix:34} update {pos:>6} of {len}  {msg}";
            bar.set_style(ProgressStyle::with_template(style).expect("the template is valid"));
            bar.set_prefix(label.clone());
            bar.set_position(already.iter().copied().min().unwrap_or(0));
            bar
        });
        let mut state = self.lock();
        let before: u64 = runs.iter().zip(already).map(|(run, n)| run.cost_per_update() * n).sum();
        // Work of an earlier session says nothing about the speed of this one.
        state.total -= before;
        if let Some(bars) = &self.bars {
            bars.overall.set_length(state.total);
        }
        let started = Instant::now();
        state.slots[slot] =
            Some(Slot { bar, label, started, updates: 0, before, since: 0, true_return: None });
    }

    /// A run of the batch on `slot` has done an update. `true_return` is its latest evaluation.
    pub fn updated(
        &self,
        slot: usize,
        run: &PlannedRun,
        update_idx: u64,
        true_return: Option<TrueReturn>,
    ) {
        let mut state = self.lock();
        state.done += run.cost_per_update();
        state.updates += 1;
        let done = state.done;
        if let Some(slot) = &mut state.slots[slot] {
            slot.updates += 1;
            slot.since += run.cost_per_update();
            slot.true_return = true_return.or(slot.true_return);
            if let Some(bar) = &slot.bar {
                bar.set_position(update_idx + 1);
                bar.set_message(slot.describe());
            }
        }
        match &self.bars {
            Some(bars) => bars.overall.set_position(done),
            None if state.heartbeat.is_due() => say(state.line()),
            None => {}
        }
    }

    /// A run has ended after `updates`, with a result or without one.
    pub fn run_ended(&self, run: &PlannedRun, updates: u64, failure: Option<&RunFailure>) {
        let mut state = self.lock();
        state.runs_ended += 1;
        if let Some(bars) = &self.bars {
            bars.overall.set_message(state.runs_over());
        }
        // The updates that it will not do any more.
        let left = run.updates - updates;
        state.total = state.total.saturating_sub(left * run.cost_per_update());
        if let Some(bars) = &self.bars {
            bars.overall.set_length(state.total);
        }
        drop(state);
        if let Some(RunFailure { update_idx, reason, .. }) = failure {
            self.warn(&format!("{} failed in update {update_idx}: {reason}", run.name.id));
        }
    }

    /// A pending run is over or worked on by another process: nothing is left to do for it here.
    pub fn left_out(&self, run: &PlannedRun) {
        let mut state = self.lock();
        state.runs -= 1;
        state.total = state.total.saturating_sub(run.cost());
        if let Some(bars) = &self.bars {
            bars.overall.set_message(state.runs_over());
            bars.overall.set_length(state.total);
        }
    }

    /// The batch on `slot` is over.
    pub fn batch_ended(&self, slot: usize) {
        if let Some(Slot { bar: Some(bar), .. }) = self.lock().slots[slot].take() {
            bar.finish_and_clear();
        }
    }

    /// The batch on `slot` is given up, and its runs begin again from what was saved.
    pub fn batch_given_up(&self, slot: usize) {
        let mut state = self.lock();
        let Some(Slot { bar, before, since, .. }) = state.slots[slot].take() else { return };
        state.total += before;
        state.done -= since;
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }

    /// Shows a warning without disturbing the bars.
    pub fn warn(&self, message: &str) {
        match &self.bars {
            // A terminal that is gone shows nothing; `suspend` would panic there.
            Some(bars) => drop(bars.all.println(format!("warning: {message}"))),
            None => warn(message),
        }
    }

    /// Removes the bars.
    pub fn end(&self) {
        if let Some(bars) = &self.bars {
            bars.overall.finish_and_clear();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it reports progress")
    }
}

impl Slot {
    fn describe(&self) -> String {
        let rate = self.updates as f64 / self.started.elapsed().as_secs_f64().max(1e-9);
        let true_return = self
            .true_return
            .map_or_else(String::new, |value| format!("  return {:+.3}", value.reveal()));
        format!("{rate:.1}/s{true_return}")
    }
}

impl State {
    fn runs_over(&self) -> String {
        format!("{} of {}", self.runs_ended, count(self.runs, "run"))
    }

    /// What a plain line says.
    fn line(&self) -> String {
        let elapsed = self.started.elapsed();
        let share = self.done as f64 / self.total.max(1) as f64;
        let left = elapsed.mul_f64((1.0 - share).max(0.0) / share.max(1e-9));
        let rate = self.updates as f64 / elapsed.as_secs_f64();
        let running: Vec<String> = self
            .slots
            .iter()
            .flatten()
            .map(|slot| format!("{} {}", slot.label, slot.describe()))
            .collect();
        format!(
            "{:3.0} %  {}  {rate:.1} updates/s  elapsed {}  eta {}  [{}]",
            share * 100.0,
            self.runs_over(),
            duration(elapsed),
            duration(left),
            running.join("; ")
        )
    }
}

/// Draws `bar` twice a second, whether anything happens or not, so that its clock goes on.
fn keep_ticking(bar: &ProgressBar) {
    // indicatif starts a thread for it and panics where the system refuses one.
    if std::thread::Builder::new().spawn(|| {}).is_ok() {
        bar.enable_steady_tick(Duration::from_millis(500));
    }
}
