//! What runs are worth at the labels that they used: numbers worked out by hand, and what is said of the rest.

mod support;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use support::{draw, edit, gr_figures, run_id, svg_caption, svg_text};

/// A run, written down by hand.
#[derive(Default)]
struct Written {
    method: &'static str,
    seed: u64,
    /// Update, labels and true return of every evaluation.
    evaluations: &'static [(u64, u64, f64)],
    /// Source of the holdout; empty without one.
    holdout: &'static str,
    /// Update, labels of training and of the holdout, update kept and its true return of every check.
    checks: &'static [(u64, u64, u64, u64, Option<f64>)],
    /// Whether the last check stopped it.
    stopped: bool,
    /// Labels of training and of the holdout after the end.
    labels: (u64, u64),
}

/// Two runs whose labels are known at three evaluations each.
const NAIVE: [Written; 2] = [
    Written { evaluations: &[(0, 10, 0.0), (1, 100, 1.0), (2, 200, 0.5)], ..naive(0) },
    Written { evaluations: &[(0, 20, 0.5), (1, 150, 0.0), (2, 400, 1.0)], ..naive(1) },
];

/// Two with a holdout, of which the first is stopped.
const STOPPED: [Written; 2] = [
    Written {
        checks: &[(0, 10, 20, 0, Some(0.0)), (1, 30, 40, 1, Some(0.5))],
        stopped: true,
        labels: (30, 40),
        ..watching(0)
    },
    Written {
        checks: &[(0, 10, 30, 0, Some(0.25)), (1, 40, 60, 0, Some(0.25))],
        labels: (70, 60),
        ..watching(1)
    },
];

const fn naive(seed: u64) -> Written {
    let method = "naive_outcomes";
    Written {
        method,
        seed,
        evaluations: &[],
        holdout: "",
        checks: &[],
        stopped: false,
        labels: (0, 0),
    }
}

const fn watching(seed: u64) -> Written {
    let evaluations = &[(0, 10, 0.125), (1, 30, 0.75)];
    Written { method: "naive_early_stopping", holdout: "hidden", evaluations, ..naive(seed) }
}

/// A folder with `runs.csv` and the files of these runs, and none with pictures yet.
fn folder(runs: &[Written]) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let (folder, out) = (place.path().join("runs"), place.path().join("out"));
    fs::create_dir(&folder).unwrap();
    let mut rows = "run_id,run_label,oversight_prob,seed,first_observation,evaluation,status,\
        policy_type,planned_updates,updates,final_return,selected_return,selected_update,\
        stopped_update,labels_training,labels_holdout,holdout_source,holdout_fraction,gaming_gap\n"
        .to_string();
    for run in runs {
        let id = run_id(run.method, 0.1, run.seed);
        let mut evaluations =
            "update_idx,run_label,oversight_prob,policy_type,avg_return,run_id,labels_training\n"
                .to_string();
        for (update, labels, value) in run.evaluations {
            let who = format!("{},0.1,training_policy", run.method);
            writeln!(evaluations, "{update},{who},{value},{id},{labels}").unwrap();
        }
        fs::write(folder.join(format!("eval_results_{id}.csv")), evaluations).unwrap();
        if !run.checks.is_empty() {
            let mut checks = "update_idx,holdout_return,holdout_source,labels_training,\
                labels_holdout,kept_update,kept_avg_return\n"
                .to_string();
            for (update, training, holdout, kept, value) in run.checks {
                let value = value.map(|value| value.to_string()).unwrap_or_default();
                let source = run.holdout;
                writeln!(checks, "{update},0.5,{source},{training},{holdout},{kept},{value}")
                    .unwrap();
            }
            fs::write(folder.join(format!("holdout_results_{id}.csv")), checks).unwrap();
        }
        let (last, _, value) = run.evaluations[run.evaluations.len() - 1];
        let stop = if run.stopped { last.to_string() } else { String::new() };
        let holdout = match run.holdout {
            "privileged" => "unlimited".to_string(),
            _ => run.labels.1.to_string(),
        };
        writeln!(
            rows,
            "{id},{},0.1,{},fresh,exact,finished,training_policy,9,{},{value},{value},{last},{stop},{},\
             {holdout},{},,",
            run.method,
            run.seed,
            last + 1,
            run.labels.0,
            run.holdout,
        )
        .unwrap();
    }
    fs::write(folder.join("runs.csv"), rows).unwrap();
    (place, folder, out)
}

/// Labels and mean of the rows of a series of one kind in a table of numbers.
fn means(out: &Path, figure: &str, method: &str, what: &str) -> Vec<(Option<u64>, f64)> {
    let mut reader = csv::Reader::from_path(out.join(format!("{figure}.csv"))).unwrap();
    let rows = reader.records().map(Result::unwrap);
    let wanted = rows.filter(|row| &row[2] == method && &row[3] == what);
    wanted.map(|row| (row[4].parse().ok(), row[5].parse().unwrap())).collect()
}

fn steps(rows: &[(u64, f64)]) -> Vec<(Option<u64>, f64)> {
    rows.iter().map(|(labels, value)| (Some(*labels), *value)).collect()
}

const FIGURE: [&str; 2] = ["--only", "label-efficiency"];

#[test]
fn a_mean_steps_with_the_labels_of_its_runs_and_spans_what_they_share() {
    let (_place, folder, out) = folder(&NAIVE);
    draw(&[&folder], &out, &FIGURE);
    let found = means(&out, "label-efficiency", "naive_outcomes", "true return");
    assert_eq!(found, steps(&[(20, 0.25), (100, 0.75), (150, 0.5), (200, 0.25)]));
    let ends = means(&out, "label-efficiency", "naive_outcomes", "true return, end of a run");
    assert_eq!(ends, steps(&[(200, 0.5), (400, 1.0)]));
    // Of 0 and 0.5: 12.7062 standard errors of 0.25 each way.
    let numbers = fs::read_to_string(out.join("label-efficiency.csv")).unwrap();
    let first: Vec<f64> = numbers
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .skip(6)
        .take(3)
        .map(|cell| cell.parse().unwrap())
        .collect();
    let half = 12.706_204_736 * 0.25;
    for (found, expected) in first.iter().zip([0.25 - half, 0.25 + half, 2.0]) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
    let text = svg_text(&out.join("label-efficiency.svg"));
    assert!(text.contains("p = 0.1") && text.contains("True labels used (log)"), "{text}");
    assert!(text.contains("n = 2.") && !text.contains("left out"), "{text}");
}

#[test]
fn checkpoints_are_worth_what_check_rows_say_and_go_on_after_an_early_stop_only() {
    let (_place, folder, out) = folder(&STOPPED);
    draw(&[&folder], &out, &FIGURE);
    // The stopped run keeps its 0.5 beyond 70 labels; the other ends at 130, after its last check.
    let found = means(&out, "label-efficiency", "naive_early_stopping", "true return");
    assert_eq!(found, steps(&[(40, 0.125), (70, 0.375), (130, 0.375)]));
    let ends = means(&out, "label-efficiency", "naive_early_stopping", "true return, end of a run");
    assert_eq!(ends, steps(&[(70, 0.5), (130, 0.25)]));
    let unstopped = STOPPED.map(|run| Written { stopped: false, seed: run.seed + 2, ..run });
    let (_place, folder, out) = self::folder(&unstopped);
    draw(&[&folder], &out, &FIGURE);
    let found = means(&out, "label-efficiency", "naive_early_stopping", "true return");
    assert_eq!(found, steps(&[(40, 0.125), (70, 0.375)]));
}

#[test]
fn older_checks_have_the_return_of_the_evaluation_before_and_it_is_said() {
    let run = Written {
        // Checkpoints after updates 0 and 7; evaluations after 0, 5 and 10.
        evaluations: &[(0, 1, 0.125), (5, 10, 0.5), (10, 20, 1.0)],
        checks: &[(2, 5, 5, 0, None), (8, 15, 10, 7, None)],
        labels: (20, 10),
        ..watching(0)
    };
    let (_place, folder, out) = folder(&[run]);
    draw(&[&folder], &out, &FIGURE);
    let found = means(&out, "label-efficiency", "naive_early_stopping", "true return");
    assert_eq!(found, steps(&[(10, 0.125), (25, 0.5), (30, 0.5)]));
    let said = "Without kept_avg_return a kept checkpoint has the return of the evaluation before it: \
        Naive, early stopping (hidden holdout) at p = 0.1.";
    let beside = fs::read_to_string(out.join("label-efficiency.txt")).unwrap();
    assert!(beside.contains(said), "{beside}");
    let caption = svg_caption(&out.join("label-efficiency.svg")).join(" ");
    assert!(caption.contains("Older runs: kept return of the evaluation before."), "{caption}");
    let (_place, folder, out) = self::folder(&STOPPED);
    draw(&[&folder], &out, &FIGURE);
    let text = svg_text(&out.join("label-efficiency.svg"));
    assert!(!text.contains("evaluation before"), "{text}");
}

#[test]
fn privileged_holdouts_are_left_out_and_said_to_be() {
    let run = || Written { holdout: "privileged", checks: STOPPED[0].checks, ..watching(0) };
    let [first, second] = NAIVE;
    let (_place, folder, out) = folder(&[first, second, run()]);
    draw(&[&folder], &out, &FIGURE);
    let numbers = fs::read_to_string(out.join("label-efficiency.csv")).unwrap();
    assert!(!numbers.contains("early_stopping"), "{numbers}");
    let caption = svg_caption(&out.join("label-efficiency.svg")).join(" ");
    let said = "Privileged holdouts are left out, for they watch the true return itself: Naive, early \
        stopping (privileged holdout) at p = 0.1.";
    assert!(caption.contains(said) && caption.contains("n = 2."), "{caption}");
    let (_place, folder, out) = self::folder(&[run()]);
    let errors = draw(&[&folder], &out, &FIGURE);
    assert!(errors.contains("label-efficiency: not drawn, no finished run records"), "{errors}");
}

#[test]
fn methods_that_use_no_labels_are_a_line_at_their_last_value() {
    let free =
        |seed, evaluations| Written { method: "placebo_routing", evaluations, ..naive(seed) };
    let [first, second] = NAIVE;
    let runs = [first, second, free(0, &[(0, 0, 0.0), (1, 0, 0.25)]), free(1, &[(0, 0, 0.75)])];
    let (_place, folder, out) = folder(&runs);
    draw(&[&folder], &out, &FIGURE);
    let found = means(&out, "label-efficiency", "placebo_routing", "true return, no labels");
    assert_eq!(found, [(None, 0.5)]);
    let caption = svg_caption(&out.join("label-efficiency.svg")).join(" ");
    let said = "No labels used, so a line at the last value: Placebo routing at p = 0.1.";
    assert!(caption.contains(said), "{caption}");
}

#[test]
fn a_run_whose_labels_are_used_up_has_its_last_value_there() {
    let run = Written { evaluations: &[(0, 10, 0.0), (1, 100, 0.25), (2, 100, 0.75)], ..naive(0) };
    let (_place, folder, out) = folder(&[run]);
    draw(&[&folder], &out, &FIGURE);
    let found = means(&out, "label-efficiency", "naive_outcomes", "true return");
    assert_eq!(found, steps(&[(10, 0.0), (100, 0.75)]));
}

#[test]
fn runs_without_labels_in_common_and_runs_without_label_counts_are_named() {
    let [first, _] = NAIVE;
    let late = Written { evaluations: &[(0, 500, 0.0), (1, 900, 0.5)], ..naive(1) };
    let (_place, folder, out) = folder(&[first, late]);
    draw(&[&folder], &out, &FIGURE);
    let caption = svg_caption(&out.join("label-efficiency.svg")).join(" ");
    let said = "Not drawn, for runs share no number of labels: Naive at p = 0.1.";
    assert!(caption.contains(said), "{caption}");

    let [first, second] = NAIVE;
    let (_place, folder, out) = self::folder(&[first, second]);
    let path =
        |seed| folder.join(format!("eval_results_{}.csv", run_id("naive_outcomes", 0.1, seed)));
    edit(&path(0), "labels_training", "labels");
    draw(&[&folder], &out, &FIGURE);
    let caption = svg_caption(&out.join("label-efficiency.svg")).join(" ");
    let said = "Runs without label counts left out: Naive at p = 0.1.";
    assert!(caption.contains(said), "{caption}");
    edit(&path(1), "labels_training", "labels");
    let errors = draw(&[&folder], &out, &FIGURE);
    assert!(errors.contains("not drawn, no finished run records the labels"), "{errors}");
    assert!(errors.contains("labels_training in eval_results_<run>.csv"), "{errors}");
}

/// Draws a figure of which a run must be left out, and returns why.
fn left_out(folder: &Path, out: &Path, figure: &str) -> String {
    let (folder, out) = (folder.to_str().unwrap(), out.to_str().unwrap());
    let output = gr_figures(&[folder, "--out", out, "--only", figure]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    errors
}

#[test]
fn wrong_labels_are_refused_by_file_line_and_value() {
    let (naive, watching) = ("eval_results_naive_outcomes", "holdout_results_naive_early_stopping");
    for (kind, from, to, told) in [
        (naive, ",100\n", ",5\n", "line 3: labels_training \"5\", but the row before had used 10"),
        (naive, ",100\n", ",many\n", "line 3: labels_training \"many\""),
        (naive, ",100\n", ",\n", "line 3: labels_training \"\""),
        (watching, "0.5,hidden,30,40", "0.5,hidden,30,many", "line 3: labels_holdout \"many\""),
        (watching, "0.5,hidden,30,40", "0.5,hidden,30,", "line 3: labels_holdout \"\""),
        (watching, ",1,0.5\n", ",1,x\n", "line 3: kept_avg_return \"x\""),
        (
            watching,
            "hidden,30,40",
            "hidden,18446744073709551615,40",
            "line 3: labels_holdout \"40\"",
        ),
    ] {
        let runs: Vec<Written> = NAIVE.into_iter().chain(STOPPED).collect();
        let (_place, folder, out) = folder(&runs);
        edit(&folder.join(format!("{kind}_p0.1_s0_0123abcd.csv")), from, to);
        let errors = left_out(&folder, &out, "label-efficiency");
        assert!(errors.contains(kind) && errors.contains(told), "{told}: {errors}");
        // The other run of the method is drawn by itself, and it is said.
        let caption = svg_text(&out.join("label-efficiency.svg"));
        assert!(caption.contains("Runs without label counts left out: Naive"), "{caption}");
    }
}

/// Gives runs what a reward model records: labels and accuracy of every row.
fn write_model(folder: &Path, seed: u64, before: &[(u64, &str)], exact: &[&str]) {
    let id = run_id("reward_model", 0.1, seed);
    let mut training = "update_idx,labels_training,model_accuracy\n".to_string();
    for (update, (labels, accuracy)) in before.iter().enumerate() {
        writeln!(training, "{update},{labels},{accuracy}").unwrap();
    }
    fs::write(folder.join(format!("train_results_{id}.csv")), training).unwrap();
    let path = folder.join(format!("eval_results_{id}.csv"));
    let text = fs::read_to_string(&path).unwrap();
    let cells = ["model_exact_accuracy"].iter().chain(exact);
    let lines = text.lines().zip(cells).map(|(line, cell)| format!("{line},{cell}\n"));
    let lines: String = lines.collect();
    fs::write(path, lines).unwrap();
}

#[test]
fn accuracies_of_reward_models_are_means_over_labels() {
    let runs = NAIVE.map(|run| Written { method: "reward_model", ..run });
    let (_place, folder, out) = folder(&runs);
    let figure = ["--only", "reward-model"];
    let errors = draw(&[&folder], &out, &figure);
    assert!(errors.contains("reward-model: not drawn, no finished run records"), "{errors}");

    // No label is new in the second update of the first run.
    write_model(&folder, 0, &[(10, "0.5"), (10, ""), (200, "1")], &["0.5", "0.75", "1"]);
    write_model(&folder, 1, &[(20, "0.25"), (150, "0.75"), (400, "1")], &["0.5", "1", "1"]);
    draw(&[&folder], &out, &figure);
    let before = means(&out, "reward-model", "reward_model", "new labels, before learning");
    assert_eq!(before, steps(&[(20, 0.375), (150, 0.625), (200, 0.875)]));
    let exact = means(&out, "reward-model", "reward_model", "all endings, exact");
    assert_eq!(exact, steps(&[(20, 0.5), (100, 0.625), (150, 0.875), (200, 1.0)]));
    let text = svg_text(&out.join("reward-model.svg"));
    for title in ["p = 0.1: new labels, before learning", "p = 0.1: all endings, exact", "n = 2."] {
        assert!(text.contains(title), "{text}");
    }
    assert!(!text.contains("Not recorded by all runs"), "{text}");
}

#[test]
fn a_model_that_sees_no_endings_has_no_exact_accuracy_and_a_wrong_one_is_refused() {
    let runs = || NAIVE.map(|run| Written { method: "reward_model", ..run });
    let (_place, folder, out) = folder(&runs());
    for seed in 0..2 {
        write_model(&folder, seed, &[(20, "0.5"), (150, "1")], &["", "", ""]);
    }
    draw(&[&folder], &out, &["--only", "reward-model"]);
    let text = svg_text(&out.join("reward-model.svg"));
    assert!(
        text.contains("that they share: all endings, exact of Reward model at p = 0.1."),
        "{text}"
    );
    assert!(text.contains("not recorded"), "{text}");

    write_model(&folder, 1, &[(20, "0.5"), (150, "1.5")], &[]);
    let path = format!("train_results_{}.csv", run_id("reward_model", 0.1, 1));
    let errors = left_out(&folder, &out, "reward-model");
    assert!(
        errors.contains(&path) && errors.contains("line 3: model_accuracy \"1.5\""),
        "{errors}"
    );
}
