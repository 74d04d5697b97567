//! What a verification came to, as text.

use anyhow::Result;
use gr_runs::{Damage, Provenance, RunId, RunManifest, Store};
use gr_terminal::columns;

use super::compare::{Columns, UPDATES_COMPARED};
use crate::plan::{PlannedRun, SweepPlan};

/// What the files of a sweep came to.
pub struct Files {
    /// Runs of the plan.
    planned: usize,
    /// Those whose files are all what was recorded of them.
    pub finished: usize,
    /// Those that have failed.
    pub failed: usize,
    /// Those with a file that is not what was recorded of it.
    pub damaged: Vec<Damage>,
    /// How `runs.csv` compares with what the runs say; nothing if there is none, or if runs are damaged.
    pub runs_csv: Option<Result<Columns, String>>,
    /// Manifests of runs that are not of the plan, and who made the first of them.
    strangers: Option<(usize, String)>,
}

/// How a run that was trained again compares.
pub enum Verdict {
    /// Every file is the same, in the columns that it has.
    Equal(Columns),
    /// Made on a machine of another kind, and no number differs by more than the tolerance: the
    /// largest difference in the columns that there are, and what differs of the machine.
    Near(f64, Columns, Vec<String>),
    /// It does not.
    Differs {
        /// The first difference.
        what: String,
        /// What differs of the machine.
        elsewhere: Vec<String>,
    },
    /// What its manifest says was trained has another name here: settings mean other numbers now.
    OtherKey,
}

/// How all of a sample compare.
#[derive(Default)]
pub struct Report {
    lines: Vec<Vec<String>>,
    notes: Vec<String>,
    differing: usize,
}

impl Files {
    /// Of a sweep of `planned` runs.
    pub fn new(planned: usize) -> Self {
        Self {
            planned,
            finished: 0,
            failed: 0,
            damaged: Vec::new(),
            runs_csv: None,
            strangers: None,
        }
    }

    /// Counts manifests that the plan does not know. Another version may have named the same runs
    /// otherwise.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn count_strangers(&mut self, plan: &SweepPlan, store: &Store) -> Result<()> {
        let mut strangers = store.listing()?.finished;
        for run in &plan.runs {
            strangers.remove(&run.name.id);
        }
        let first: Option<&RunId> = strangers.iter().min();
        self.strangers = first.map(|run| {
            let text = std::fs::read_to_string(store.files(run).manifest).unwrap_or_default();
            (strangers.len(), made_by(&text))
        });
        Ok(())
    }

    /// Whether nothing is wrong with them.
    pub fn are_sound(&self) -> bool {
        self.damaged.is_empty()
            && !matches!(self.runs_csv, Some(Err(_)))
            && self.strangers.is_none()
    }

    /// For people.
    pub fn text(&self) -> String {
        let Self { planned, finished, failed, damaged, .. } = self;
        let mut text = format!(
            "files: {finished} of {planned} runs finished and as recorded, {failed} failed, {} damaged\n",
            damaged.len()
        );
        for Damage { file, reason } in damaged {
            text += &format!("damaged: {}: {reason}\n", file.display());
        }
        match &self.runs_csv {
            Some(Ok(columns)) => text += &format!("runs.csv: as the runs say{}\n", columns.note()),
            Some(Err(what)) => {
                text += &format!(
                    "damaged: runs.csv is not what the runs say: {what}; `gr-sweep merge` writes it anew\n"
                );
            }
            None => {}
        }
        if let Some((number, made_by)) = &self.strangers {
            text += &format!(
                "not of this plan: {number} runs, the first one made by {made_by}; this is {}\n",
                this_version()
            );
        }
        text
    }
}

fn this_version() -> String {
    format!("version {}, commit {}", env!("CARGO_PKG_VERSION"), env!("GR_COMMIT"))
}

/// The program that wrote a manifest which this one may not be able to read.
fn made_by(manifest: &str) -> String {
    let table: toml::Table = toml::from_str(manifest).unwrap_or_default();
    let part = |name: &str| {
        let provenance = table.get("provenance");
        let text = provenance.and_then(|table| table.get(name)).and_then(toml::Value::as_str);
        text.unwrap_or("unknown").to_string()
    };
    format!("version {}, commit {}", part("version"), part("commit"))
}

impl Verdict {
    /// Of files that were compared bit for bit.
    pub fn of_bits(compared: Result<Columns, String>) -> Self {
        let differs = |what| Self::Differs { what, elsewhere: Vec::new() };
        compared.map_or_else(differs, Self::Equal)
    }

    /// Of numbers that were compared on a machine that differs in `elsewhere`.
    pub fn of_numbers(compared: Result<(f64, Columns), String>, elsewhere: Vec<String>) -> Self {
        match compared {
            Ok((largest, columns)) => Self::Near(largest, columns, elsewhere),
            Err(what) => Self::Differs { what, elsewhere },
        }
    }
}

impl Report {
    /// Adds how `run` compares, which `there` was recorded of and which `here` has trained again.
    pub fn add(
        &mut self,
        run: &PlannedRun,
        there: &RunManifest,
        here: &Provenance,
        verdict: Verdict,
    ) {
        let (compared, outcome, elsewhere) = match verdict {
            Verdict::Equal(columns) => {
                ("bit for bit", format!("equal{}", columns.note()), Vec::new())
            }
            Verdict::Near(largest, columns, elsewhere) => {
                ("numbers", format!("equal to {largest:.1e}{}", columns.note()), elsewhere)
            }
            Verdict::Differs { what, elsewhere } => {
                self.differing += 1;
                let compared = if elsewhere.is_empty() { "bit for bit" } else { "numbers" };
                (compared, format!("DIFFERS: {what}"), elsewhere)
            }
            Verdict::OtherKey => {
                self.differing += 1;
                ("-", "DIFFERS: the same settings mean another run here".into(), Vec::new())
            }
        };
        self.lines.push(vec![run.name.id.to_string(), compared.into(), outcome]);
        let mut differences = elsewhere;
        let version = |p: &Provenance| format!("{} (commit {})", p.version, p.commit);
        if !differences.is_empty() && version(&there.provenance) != version(here) {
            differences
                .insert(0, format!("version: {} -> {}", version(&there.provenance), version(here)));
        }
        if !differences.is_empty() {
            let note = format!("made elsewhere (there -> here): {}", differences.join("; "));
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }

    /// Whether everything came out as before.
    pub fn is_sound(&self) -> bool {
        self.differing == 0
    }

    /// For people.
    pub fn text(&self, tolerance: f64) -> String {
        if self.lines.is_empty() {
            return String::new();
        }
        let mut lines = vec![["run", "compared", "trained again"].map(String::from).to_vec()];
        lines.extend(self.lines.iter().cloned());
        let mut text = columns(&lines);
        for note in &self.notes {
            text += &format!("{note}\n");
        }
        if !self.notes.is_empty() {
            text += &format!(
                "of runs made elsewhere, the numbers of the first {UPDATES_COMPARED} updates are compared; they may differ by {tolerance} of the largest in their column\n"
            );
        }
        let equal = self.lines.len() - self.differing;
        text + &format!("{equal} of {} runs come out as before\n", self.lines.len())
    }
}
