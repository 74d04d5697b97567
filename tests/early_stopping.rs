//! Early stopping through the real binary: what is stopped, kept, evaluated and written.

mod support;

use std::path::Path;

use gr_runs::{EvaluationRow, HoldoutRow, RunRow};
use serde::de::DeserializeOwned;
use support::{SMALL, succeed, sweep, texts};

fn rows<Row: DeserializeOwned>(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

struct Run {
    row: RunRow,
    checks: Vec<HoldoutRow>,
    evaluations: Vec<EvaluationRow>,
}

fn train(folder: &Path, further: &[&str]) -> Vec<Run> {
    succeed(&mut sweep(folder, &[SMALL, further].concat()));
    let runs: Vec<RunRow> = rows(&folder.join("runs.csv"));
    runs.into_iter()
        .map(|row| Run {
            checks: rows(&folder.join(format!("holdout_results_{}.csv", row.run_id))),
            evaluations: rows(&folder.join(format!("eval_results_{}.csv", row.run_id))),
            row,
        })
        .collect()
}

const STOPPED: &[&str] = &[
    "--methods=naive_early_stopping",
    "--oversight=0.5",
    "--seeds=0..3",
    "--updates=400",
    "--set=early_stopping.patience=1",
];

#[test]
fn a_stopped_run_keeps_its_best_check_and_its_whole_curve() {
    let folder = tempfile::tempdir().unwrap();
    for Run { row, checks, evaluations } in train(folder.path(), STOPPED) {
        let last = checks.last().unwrap();
        let stopped = row.stopped_update.expect("patience is shorter than the run");
        assert_eq!((last.update_idx, last.stopped), (stopped, 1));
        assert!(checks[..checks.len() - 1].iter().all(|check| check.stopped == 0));
        assert_eq!(row.updates, Some(stopped + 1));
        assert_eq!(row.planned_updates, 400);

        let mut best = &checks[0];
        for check in &checks {
            if check.holdout_return > best.holdout_return {
                best = check;
            }
            assert_eq!(check.kept_update, best.update_idx);
        }
        assert_eq!(row.selected_update, Some(best.update_idx));
        assert_eq!(row.holdout_return.unwrap().value(), best.holdout_return);

        // The curve goes on to the stop, and the policy there is reported beside the kept one.
        let end = evaluations.last().unwrap();
        assert_eq!(end.update_idx, stopped);
        assert_eq!(row.final_return, Some(end.avg_return));
        assert_eq!(row.holdout_source.as_deref(), Some("hidden"));
        assert_eq!(row.labels_holdout, last.labels_holdout);
        assert_eq!(last.labels_holdout, Some(20 * checks.len() as u64));
        assert!(!row.labels_holdout_unlimited && !last.labels_holdout_unlimited);
        assert!(last.account.unwrap() >= 0.0);
    }
}

#[test]
fn a_kept_checkpoint_that_was_evaluated_has_the_same_true_return() {
    let folder = tempfile::tempdir().unwrap();
    let further = ["--set=evaluation.every=1"];
    for Run { row, evaluations, .. } in train(folder.path(), &[STOPPED, &further].concat()) {
        let kept = row.selected_update.unwrap();
        let evaluated = evaluations.iter().find(|row| row.update_idx == kept).unwrap();
        assert_eq!(row.selected_return, Some(evaluated.avg_return));
        assert_eq!(row.gaming_gap, evaluated.gaming_gap);
    }
}

#[test]
fn checks_say_what_the_kept_checkpoint_is_worth_and_the_last_is_what_is_selected() {
    for further in [
        &[][..],
        &["--holdout-source=privileged"],
        &["--evaluation=sampled"],
        &["--evaluation=sampled", "--holdout-source=privileged"],
        &["--evaluation=sampled", "--set=environment.spurious_oversight=0.2"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let methods = ["--methods=naive_early_stopping,routing", "--early-stopping"];
        let sizes = ["--oversight=0.5", "--seeds=0", "--updates=60", "--set=evaluation.every=1"];
        let arguments = [&methods[..], &sizes, further].concat();
        for Run { row, checks, evaluations } in train(folder.path(), &arguments) {
            for check in &checks {
                let kept = evaluations.iter().find(|evaluation| {
                    (evaluation.update_idx, &evaluation.policy_type)
                        == (check.kept_update, &check.policy_type)
                });
                let kept = kept.unwrap();
                assert_eq!(check.kept_avg_return, Some(kept.avg_return), "{further:?}");
            }
            let last = checks.last().unwrap();
            assert_eq!(row.selected_return, last.kept_avg_return);
            let is_selected = |evaluation: &&EvaluationRow| {
                (Some(evaluation.update_idx), Some(&evaluation.policy_type))
                    == (row.selected_update, row.policy_type.as_ref())
            };
            let selected = evaluations.iter().find(is_selected).unwrap();
            assert_eq!(row.selected_return_unflagged, selected.avg_return_unflagged);
            assert!(selected.avg_return_unflagged.is_some());
        }
    }
}

const UNLIMITED: &str = "--set=early_stopping.patience=unlimited";

#[test]
fn without_patience_all_updates_run_and_the_best_checkpoint_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let further = ["--methods=routing", "--early-stopping", UNLIMITED];
    for Run { row, checks, .. } in
        train(folder.path(), &[&further[..], &["--oversight=0.5", "--updates=60"]].concat())
    {
        assert_eq!((row.updates, row.stopped_update), (Some(60), None));
        assert!(checks.iter().all(|check| check.policy_type == "diamond"));
        let highest = checks.iter().map(|check| check.holdout_return).fold(f64::MIN, f64::max);
        assert_eq!(row.holdout_return.unwrap().value(), highest);
    }
}

#[test]
fn watching_the_true_return_is_called_unlimited_and_yields_no_holdout_return() {
    let folder = tempfile::tempdir().unwrap();
    let further = [STOPPED, &["--holdout-source=privileged"]].concat();
    let runs = train(folder.path(), &further);
    let Run { row, checks, .. } = &runs[0];
    assert_eq!((row.labels_holdout, row.labels_holdout_unlimited), (None, true));
    assert_eq!((row.holdout_return, row.holdout_fraction), (None, None));
    for check in checks {
        assert_eq!((check.account, check.episodes, check.labels_holdout), (None, None, None));
        assert!(check.labels_holdout_unlimited);
    }
}

#[test]
fn a_run_that_can_never_afford_a_check_says_so_and_keeps_its_last_policy() {
    let folder = tempfile::tempdir().unwrap();
    let arguments =
        ["--methods=naive_early_stopping", "--oversight=0", "--seeds=0", "--updates=30"];
    let output = succeed(&mut sweep(folder.path(), &[SMALL, &arguments].concat()));
    let (_, errors) = texts(&output);
    assert!(errors.contains("never earns a label"), "{errors}");
    let runs: Vec<RunRow> = rows(&folder.path().join("runs.csv"));
    assert_eq!((runs[0].selected_update, runs[0].holdout_return), (Some(29), None));
    assert_eq!((runs[0].labels_holdout, runs[0].labels_holdout_unlimited), (Some(0), false));
}

#[test]
fn a_rule_that_reaches_beyond_the_last_update_warns() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--methods=naive_early_stopping", "--oversight=0.5", "--seeds=0"];
    let rule = ["--updates=30", "--set=early_stopping.patience=1"];
    let output = succeed(&mut sweep(folder.path(), &[SMALL, &arguments, &rule].concat()));
    let (_, errors) = texts(&output);
    assert!(errors.contains("warning") && errors.contains("can never stop early"), "{errors}");
}
