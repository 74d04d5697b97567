//! The report for people.

use gr_runs::named;
use gr_terminal::{columns, count};

use super::report::{Chosen, ChosenSetting, Distribution, GroupReport, SearchReport};
use crate::results::group::with_interval;
use crate::results::summary::FailedRun;

impl SearchReport {
    /// The report as text.
    pub fn table(&self) -> String {
        let mut text = String::new();
        for group in &self.groups {
            text += &group.table();
            text.push('\n');
        }
        text += "true return: mean ± 95 % interval, in 1. as said there, in 2. over seeds (Student t); a holdout \
                 return is on another scale (docs/experiment.md, section 8)\n";
        for notice in &self.notices {
            text += &format!("{notice}\n");
        }
        for FailedRun { run_id, update_idx, reason } in &self.failed {
            text += &format!("failed: {run_id} in update {update_idx}: {reason}\n");
        }
        if self.missing > 0 {
            text += &format!("not finished: {}\n", count(self.missing, "run"));
        }
        text += &format!("files: {}\n", self.folder);
        text
    }
}

impl GroupReport {
    fn table(&self) -> String {
        let holdout = match self.holdout_sources.join(" or ") {
            none if none.is_empty() => "no holdout".into(),
            sources => format!("{sources} holdout"),
        };
        let Self { method, variant, oversight, policy_type, .. } = self;
        let mut lines = vec![vec![
            format!("{} at p = {oversight}", named(method, variant)),
            format!("{policy_type}, {holdout}"),
        ]];
        let has_holdout = !self.holdout_sources.is_empty();
        lines.extend(self.random_setting.lines(has_holdout));
        match &self.chosen_setting {
            ChosenSetting::None { reason } => {
                lines.push(vec!["2. the chosen setting".into(), format!("none: {reason}")]);
            }
            ChosenSetting::Chosen(chosen) => lines.extend(chosen.lines()),
        }
        columns(&lines)
    }
}

impl Distribution {
    fn lines(&self, has_holdout: bool) -> Vec<Vec<String>> {
        let mut trials = count(self.n, "trial");
        for (number, why) in [(self.failed, "failed"), (self.missing, "not finished")] {
            if number > 0 {
                trials += &format!(", {number} {why} and left out");
            }
        }
        let quartiles = self.quartiles.map(|quartiles| {
            let [first, median, third] = quartiles.map(signed);
            format!("{median} (quartiles {first} and {third})")
        });
        let holdout = has_holdout.then_some(self.mean_labels_holdout);
        vec![
            line("1. a random setting", trials),
            line("   true return", with_interval(self.mean_return, self.interval)),
            line("   interval over", self.interval_over.clone()),
            line("   median", quartiles.unwrap_or_else(|| "-".into())),
            line("   labels of a run", labels(self.mean_labels_training, holdout)),
        ]
    }
}

impl Chosen {
    fn lines(&self) -> Vec<Vec<String>> {
        let Self { trial, candidates, .. } = self;
        let signal = signed(self.holdout_return.value());
        let mut lines = vec![
            line("2. the setting chosen by the holdout", format!("trial {trial}")),
            line(
                "   holdout return",
                format!("{signal}, the highest of {}: biased upwards", count(*candidates, "trial")),
            ),
            line(
                "   compared at",
                format!(
                    "{} of each run, spread evenly over it (trials.csv has the highest of all checks)",
                    count(self.checks_compared, "check")
                ),
            ),
        ];
        for (key, value) in &self.settings {
            lines.push(line("   drawn", format!("{key} = {value}")));
        }
        match &self.rerun {
            None => lines.push(line("   true return", "not run again".into())),
            Some(rerun) => {
                let value = with_interval(rerun.mean_return, rerun.interval);
                let seeds = count(rerun.n, "seed");
                let value = format!("{value}, {seeds} that the search never saw");
                lines.push(line("   true return", value));
                let holdout = Some(rerun.mean_labels_holdout);
                lines.push(line("   labels of a run", labels(rerun.mean_labels, holdout)));
            }
        }
        let training = self.search_labels_training;
        let mut search = match self.search_labels_holdout {
            Some(holdout) => {
                format!("{training} + {holdout} holdout = {}", training + holdout)
            }
            None => format!("{training} + unlimited holdout"),
        };
        if self.search_runs_not_counted > 0 {
            search += &format!(", and those of {} failed runs", self.search_runs_not_counted);
        }
        lines.push(line("   labels of the search", search));
        lines
    }
}

fn line(name: &str, value: String) -> Vec<String> {
    vec![name.into(), value]
}

fn signed(value: f64) -> String {
    format!("{value:+.3}")
}

/// Labels in training and, where there is a holdout, in validation: `None` if they are unlimited.
fn labels(training: Option<f64>, holdout: Option<Option<f64>>) -> String {
    let Some(training) = training else {
        return "-".into();
    };
    match holdout {
        None => format!("{training:.0}"),
        Some(Some(holdout)) => format!("{training:.0} + {holdout:.0} holdout"),
        Some(None) => format!("{training:.0} + unlimited holdout"),
    }
}
