//! Any number of processes in one results folder come to what one process comes to.

mod support;

use std::path::Path;
use std::process::Child;

use support::{SMALL, assert_same, finished_and_intact, looking, names, succeed, sweep, texts};

/// Methods of three costs.
const ARGUMENTS: &[&str] = &[
    "--methods=routing,no_gate,naive_outcomes,oracle,naive_early_stopping",
    "--oversight=0.5,0.25",
    "--seeds=0..3",
    "--updates=120",
    "--save-every=30",
    "--checkpoint-every=50",
];

fn arguments(further: &[&'static str]) -> Vec<&'static str> {
    [SMALL, ARGUMENTS, further].concat()
}

fn one_process(folder: &Path) {
    succeed(&mut sweep(folder, &arguments(&[])));
}

/// Waits for all of `children`, whose exit codes must be among `codes`. Returns their messages.
#[track_caller]
fn wait(children: Vec<Child>, codes: &[i32]) -> Vec<String> {
    let wait = |child: Child| {
        let output = child.wait_with_output().unwrap();
        let (_, errors) = texts(&output);
        assert!(codes.contains(&output.status.code().unwrap()), "{output:?}");
        errors
    };
    children.into_iter().map(wait).collect()
}

#[test]
fn eight_shards_at_once_merge_to_what_one_process_makes() {
    let folder = tempfile::tempdir().unwrap();
    let (one, eight) = (folder.path().join("one"), folder.path().join("eight"));
    one_process(&one);
    let shards = (1..=8).map(|part| {
        let mut command = sweep(&eight, &arguments(&["--jobs=1"]));
        command.arg(format!("--shard={part}/8")).spawn().unwrap()
    });
    for errors in wait(shards.collect(), &[0]) {
        assert!(errors.contains("gr-sweep merge"), "{errors}");
    }
    assert!(!eight.join("runs.csv").exists(), "a part knows nothing of the others");
    let (table, errors) = texts(&succeed(&mut looking("merge", &eight, &[])));
    assert!(table.contains("naive_early_stopping"), "{table}");
    assert!(!errors.contains("without a result"), "{errors}");
    assert_same(&one, &eight);
    assert_eq!(names(&one), names(&eight));
}

#[test]
fn two_sweeps_at_once_in_one_folder_come_to_what_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    one_process(&one);
    let both = (0..2).map(|_| sweep(&two, &arguments(&["--jobs=1"])).spawn().unwrap());
    // One may be left with nothing but what the other works on.
    wait(both.collect(), &[0, 1]);
    // Whoever came last has seen everything, without being asked again.
    assert_same(&one, &two);
    let (_, errors) = texts(&succeed(&mut sweep(&two, &arguments(&[]))));
    assert!(errors.contains("nothing to do"), "{errors}");
    assert_same(&one, &two);
    assert_eq!(names(&one), names(&two));
}

#[test]
fn merge_lists_what_has_no_result_and_the_sweep_completes_it() {
    let folder = tempfile::tempdir().unwrap();
    let (one, parts) = (folder.path().join("one"), folder.path().join("parts"));
    one_process(&one);
    succeed(sweep(&parts, &arguments(&[])).arg("--shard=2/3"));
    let output = looking("merge", &parts, &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let (table, errors) = texts(&output);
    let done = finished_and_intact(&parts).len();
    assert!(table.contains(&format!("not finished: {} runs", 30 - done)), "{table}");
    assert_eq!(errors.matches("without a result: ").count(), 30 - done, "{errors}");
    assert!(parts.join("runs.csv").exists());
    succeed(&mut sweep(&parts, &arguments(&[])));
    assert_same(&one, &parts);
    succeed(&mut looking("merge", &parts, &[]));
    assert_same(&one, &parts);
}

#[test]
fn tasks_of_a_slurm_array_share_the_work_and_gaps_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (one, array) = (folder.path().join("one"), folder.path().join("array"));
    let task = |id: &str, numbers: [&str; 3]| {
        let mut command = sweep(&array, &arguments(&[]));
        command.env("SLURM_ARRAY_TASK_ID", id).env("SLURM_ARRAY_TASK_STEP", "1");
        for (name, number) in ["MIN", "MAX", "COUNT"].iter().zip(numbers) {
            command.env(format!("SLURM_ARRAY_TASK_{name}"), number);
        }
        command
    };
    let output = task("5", ["0", "5", "2"]).output().unwrap();
    let (_, errors) = texts(&output);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    for mention in ["--shard", "SLURM_ARRAY_TASK_MAX=5", "SLURM_ARRAY_TASK_COUNT=2"] {
        assert!(errors.contains(mention), "{errors}");
    }
    assert!(!array.exists());

    one_process(&one);
    succeed(&mut task("5", ["4", "5", "2"]));
    let half = finished_and_intact(&array).len();
    assert!(0 < half && half < 30, "{half}");
    succeed(&mut task("4", ["4", "5", "2"]));
    assert_eq!(finished_and_intact(&array).len(), 30);
    // Asked for all, a task does all, and writes what a part leaves to others.
    succeed(task("4", ["4", "5", "2"]).arg("--shard=1/1"));
    assert_same(&one, &array);
}

#[test]
fn status_counts_what_is_done_and_who_trains() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("sweep");
    let arguments = |updates: &'static str| {
        [SMALL, &["--methods=filtering,routing", "--seeds=0..2", "--jobs=1", "--save-every=20"]]
            .concat()
            .into_iter()
            .chain([updates])
            .collect::<Vec<&str>>()
    };
    let status = || -> serde_json::Value {
        let (json, _) = texts(&succeed(&mut looking("status", &results, &["--json"])));
        serde_json::from_str(&json).unwrap()
    };
    // Long enough to be seen at work.
    let mut child = sweep(&results, &arguments("--updates=100000")).spawn().unwrap();
    let seen = (0..1000).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        let running = support::plan(&results).is_some().then(status);
        running.filter(|status| status["total"]["running"] == 1 && !status["eta_seconds"].is_null())
    });
    let (text, _) = texts(&succeed(&mut looking("status", &results, &[])));
    child.kill().unwrap();
    child.wait().unwrap();
    let seen = seen.expect("a run is seen at work");
    assert_eq!(seen["processes"].as_object().unwrap().len(), 1);
    assert!(text.contains("trains 1 run") && text.contains("eta "), "{text}");
    // Killed, it holds nothing any more.
    let killed = status();
    assert_eq!((&killed["total"]["running"], &killed["total"]["begun"]), (&0.into(), &1.into()));
    assert!(killed["eta_seconds"].is_null() && killed["seconds_of_work"].as_f64().unwrap() > 0.0);

    std::fs::remove_dir_all(&results).unwrap();
    succeed(&mut sweep(&results, &arguments("--updates=30")));
    let done = status();
    assert_eq!((&done["total"]["finished"], &done["total"]["missing"]), (&4.into(), &0.into()));
    assert_eq!(done["groups"][0]["run_label"], "routing");
    let (text, _) = texts(&succeed(&mut looking("status", &results, &["--watch"])));
    assert!(text.contains("every run is over"), "{text}");
}
