//! What the runs that differ in their seed alone came to, and a line of it for people.

use std::time::Duration;

use gr_grid::TrueReturn;
use gr_runs::{HoldoutSource, RunResult, Seed, Timing, named};
use gr_stats::{FAILED_BELOW, MeanInterval, interquartile_mean, mean_interval, share_below};
use gr_terminal::duration;
use serde::Serialize;

use crate::plan::PlannedRun;

/// Confidence of intervals.
pub const CONFIDENCE: f64 = 0.95;

/// Runs that differ in their seed alone.
#[derive(Debug, Serialize)]
pub struct Group {
    /// Method label.
    #[serde(rename = "run_label")]
    pub method: String,
    /// What tells them from other runs of the method in the folder, as `key=value;..`.
    pub variant: String,
    /// Oversight level p.
    #[serde(rename = "oversight_prob")]
    pub oversight: f64,
    /// Which policy the return is of.
    pub policy_type: String,
    /// Finished runs.
    pub n: usize,
    /// Mean `selected_return`; absent without runs.
    #[serde(rename = "mean_selected_return")]
    pub mean_return: Option<f64>,
    /// 95 % interval of the mean over seeds, by Student's t; absent for fewer than two runs and for runs
    /// that all agree.
    pub interval: Option<[f64; 2]>,
    /// Interquartile mean of the same: the mean without the lowest and the highest quarter.
    pub interquartile_mean: Option<f64>,
    /// Share of runs whose true return is below [`FAILED_BELOW`], with its 95 % interval (Wilson).
    pub share_below: Option<Share>,
    /// Mean true return of the kept policy where no flag is ever drawn; absent if a run of an earlier
    /// version does not know it.
    #[serde(rename = "mean_selected_return_unflagged")]
    pub mean_return_unflagged: Option<f64>,
    /// Updates that each run trains.
    #[serde(rename = "planned_updates")]
    pub updates: u64,
    /// Updates configured.
    pub configured_updates: u64,
    /// Fewest and most updates that a run was trained for; absent without runs.
    #[serde(rename = "updates")]
    pub trained_updates: Option<[u64; 2]>,
    /// Mean number of true labels that training used.
    #[serde(rename = "mean_labels_training")]
    pub mean_labels: Option<f64>,
    /// Mean number of true labels that checks against a holdout used; absent without a holdout, and
    /// where they are unlimited.
    pub mean_labels_holdout: Option<f64>,
    /// What a holdout was, if there was one.
    pub holdout_source: Option<HoldoutSource>,
    /// Mean seconds of training and evaluation per run.
    pub mean_seconds: Option<f64>,
    /// True return of the kept policy of every finished run, by seed.
    #[serde(skip)]
    pub scores: Vec<(Seed, f64)>,
}

/// A share of runs.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Share {
    /// Below which return runs are counted.
    pub threshold: f64,
    /// The share.
    pub share: f64,
    /// Its 95 % interval.
    pub interval: [f64; 2],
}

impl Group {
    /// Of runs like `run`, of which these are finished.
    pub fn new(run: &PlannedRun, finished: &[(Seed, RunResult, Option<Timing>)]) -> Self {
        let over = |value: fn(&RunResult) -> f64| -> Vec<f64> {
            finished.iter().map(|(_, result, _)| value(result)).collect()
        };
        let seconds = |(.., timing): &(_, _, Option<Timing>)| {
            timing.map(|timing| timing.update_seconds + timing.evaluation_seconds)
        };
        let mean =
            |values: Vec<f64>| mean_interval(&values, CONFIDENCE).map(|interval| interval.mean);
        let values = over(|result| result.selected_return.reveal());
        let returns = mean_interval(&values, CONFIDENCE);
        let share_below = share_below(&values, FAILED_BELOW, CONFIDENCE).map(|estimate| Share {
            threshold: FAILED_BELOW,
            share: estimate.value,
            interval: [estimate.low, estimate.high],
        });
        let unflagged = finished.iter().map(|(_, result, _)| result.selected_return_unflagged);
        let unflagged: Option<Vec<f64>> = unflagged.map(|it| it.map(TrueReturn::reveal)).collect();
        let bounds = |MeanInterval { mean, half_width, .. }: MeanInterval| {
            half_width.map(|half_width| [mean - half_width, mean + half_width])
        };
        let early_stopping = &run.spec.settings.early_stopping;
        let holdout_source = early_stopping.enabled.then_some(early_stopping.holdout_source);
        Self {
            method: run.spec.method.clone(),
            variant: run.variant.to_string(),
            oversight: run.spec.oversight,
            policy_type: run.method.headline().name().into(),
            n: finished.len(),
            mean_return: returns.map(|interval| interval.mean),
            interval: returns.and_then(bounds),
            interquartile_mean: interquartile_mean(&values),
            share_below,
            mean_return_unflagged: unflagged.and_then(mean),
            updates: run.updates,
            configured_updates: run.spec.settings.updates.0,
            trained_updates: finished
                .iter()
                .map(|(_, result, _)| [result.updates; 2])
                .reduce(|[least, most], [updates, _]| [least.min(updates), most.max(updates)]),
            mean_labels: mean(over(|result| result.labels_training as f64)),
            mean_labels_holdout: holdout_source.and_then(|_| {
                let labels = finished.iter().map(|(_, result, _)| result.labels_holdout.counted());
                mean(labels.map(|labels| Some(labels? as f64)).collect::<Option<_>>()?)
            }),
            holdout_source,
            mean_seconds: finished.iter().map(seconds).collect::<Option<_>>().and_then(mean),
            scores: finished.iter().map(|(seed, ..)| *seed).zip(values).collect(),
        }
    }

    /// Method and variant in a few words.
    pub fn name(&self) -> String {
        named(&self.method, &self.variant)
    }

    /// What [`Group::columns`] are.
    pub const HEADER: [&str; 11] = [
        "method",
        "variant",
        "p",
        "policy",
        "true return",
        "IQM",
        "below 0.1",
        "n",
        "updates",
        "labels",
        "time per run",
    ];

    /// A line of the table for people.
    pub fn columns(&self) -> Vec<String> {
        let updates = match self.trained_updates {
            _ if self.updates != self.configured_updates => {
                format!("{} of {} (same labels)", self.updates, self.configured_updates)
            }
            Some([least, most]) if least < self.updates => {
                format!("{least}-{most} of {} (stopped early)", self.updates)
            }
            _ => self.updates.to_string(),
        };
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
        let labels = self.mean_labels.map(|labels| match self.holdout_source {
            None => format!("{labels:.0}"),
            Some(source) => {
                let holdout = self.mean_labels_holdout.map(|labels| format!("{labels:.0}"));
                let holdout = holdout.unwrap_or_else(|| "unlimited".into());
                format!("{labels:.0} + {holdout} {}", source.name())
            }
        });
        vec![
            self.method.clone(),
            self.variant.clone(),
            self.oversight.to_string(),
            self.policy_type.clone(),
            with_interval(self.mean_return, self.interval),
            or_dash(self.interquartile_mean.map(|mean| format!("{mean:+.3}"))),
            or_dash(self.share_below.map(|below| {
                let [low, high] = below.interval.map(|bound| 100.0 * bound);
                format!("{:.0} % ({low:.0} to {high:.0})", 100.0 * below.share)
            })),
            self.n.to_string(),
            updates,
            or_dash(labels),
            or_dash(self.mean_seconds.map(|s| duration(Duration::from_secs_f64(s)))),
        ]
    }
}

/// `+0.500 ± 0.100`, or what there is of it.
pub fn with_interval(mean: Option<f64>, interval: Option<[f64; 2]>) -> String {
    match (mean, interval) {
        // No width is rounded to none.
        (Some(mean), Some([_, high])) if high - mean < 0.0005 => {
            format!("{mean:+.3} ± {:.0e}", high - mean)
        }
        (Some(mean), Some([_, high])) => format!("{mean:+.3} ± {:.3}", high - mean),
        (Some(mean), None) => format!("{mean:+.3}"),
        (None, _) => "-".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_interval_is_printed_as_if_it_had_no_width() {
        assert_eq!(with_interval(Some(0.5), Some([0.4, 0.6])), "+0.500 ± 0.100");
        assert_eq!(with_interval(Some(0.5), Some([0.49998, 0.50002])), "+0.500 ± 2e-5");
        assert_eq!(with_interval(Some(-0.25), None), "-0.250");
        assert_eq!(with_interval(None, None), "-");
    }
}
