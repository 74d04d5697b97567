//! Sweeps over settings, and folders to which commands add runs.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use support::{SMALL, binary, looking, succeed, sweep, texts};

const TINY: &[&str] = &["--updates=12"];

fn arguments<'a>(further: &[&'a str]) -> Vec<&'a str> {
    [SMALL, TINY, further].concat()
}

/// Every manifest of `folder` with its bytes, which name when and how long a run was trained.
fn manifests(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let manifests = entries.filter(|path| path.extension().is_some_and(|end| end == "toml"));
    let read = |path: std::path::PathBuf| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())
    };
    manifests.map(read).collect()
}

/// A column of `runs.csv`, row by row.
fn column(folder: &Path, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(folder.join("runs.csv")).unwrap();
    let place = reader.headers().unwrap().iter().position(|column| column == name).unwrap();
    reader.records().map(|record| record.unwrap()[place].to_string()).collect()
}

#[test]
fn a_folder_takes_more_of_everything_in_any_order_and_trains_nothing_twice() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("sweep");
    let vary = "--vary=training.overseen_weight=1,10,100";
    let first =
        arguments(&["--methods=naive_outcomes", vary, "--oversight=0.1,0.3", "--seeds=0..2"]);
    succeed(&mut sweep(&folder, &first));
    let before = manifests(&folder);
    assert_eq!(before.len(), 12);
    let weights = ["1.0", "10.0", "100.0"].map(|w| format!("training.overseen_weight={w}"));
    let variants: Vec<String> = weights.iter().flat_map(|name| vec![name.clone(); 4]).collect();
    assert_eq!(column(&folder, "variant"), variants);

    let vary = "--vary=training.overseen_weight=100,1,10";
    let methods = "--methods=routing,naive_outcomes";
    let more = arguments(&[methods, vary, "--oversight=0.3,0.5,0.1", "--seeds=2,1,0"]);
    let (_, errors) = texts(&succeed(&mut sweep(&folder, &more)));
    assert!(errors.contains("42 runs to train (12 over)"), "{errors}");
    let after = manifests(&folder);
    assert_eq!(after.len(), 54);
    assert!(before.iter().all(|(name, bytes)| after[name] == *bytes), "a run was trained twice");
    assert_eq!(&column(&folder, "run_label")[26..28], ["routing", "naive_outcomes"]);

    // The first command again has nothing to do, shows what it asked for and says what else is there.
    let (table, errors) = texts(&succeed(&mut sweep(&folder, &first)));
    assert!(errors.contains("nothing to do"), "{errors}");
    assert!(!table.contains("\nrouting") && table.contains("also there: "), "{table}");
    assert!(table.contains("27 runs of routing"), "{table}");
    assert_eq!(fs::read_dir(folder.join("plans")).unwrap().count(), 2);
    let (status, _) = texts(&succeed(&mut looking("status", &folder, &[])));
    assert!(status.contains("training.overseen_weight=100.0") && status.contains("54"), "{status}");
    succeed(&mut looking("merge", &folder, &[]));
    let (verified, _) = texts(&succeed(&mut looking("verify", &folder, &["--sample=3"])));
    assert!(verified.contains("54 of 54 runs finished"), "{verified}");
}

#[test]
fn runs_that_come_out_alike_are_trained_once_and_that_is_said() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("sweep");
    let alike = arguments(&[
        "--methods=filtering,routing",
        "--vary=masks.both.gate=0.5,1",
        "--vary=masks.both.output=0.5,1",
        "--seeds=0",
    ]);
    let (_, errors) = texts(&succeed(&mut sweep(&folder, &alike)));
    assert!(
        errors.contains("filtering: of 4 combinations of what varies only 1 differs"),
        "{errors}"
    );
    assert!(errors.contains("5 runs to train"), "{errors}");
    // Alone, it is the same run.
    let (_, errors) =
        texts(&succeed(&mut sweep(&folder, &arguments(&["--methods=filtering", "--seeds=0"]))));
    assert!(errors.contains("nothing to do"), "{errors}");
}

#[test]
fn variants_of_a_file_have_names_and_lists_vary_in_brackets() {
    let place = tempfile::tempdir().unwrap();
    let (folder, file) = (place.path().join("sweep"), place.path().join("file.toml"));
    let text = "[[variants]]\nname = \"soft\"\nmethod = \"routing\"\n\
        settings.masks.both.gate = 0.5\n\
        [[variants]]\nname = \"plain\"\nmethod = \"naive_outcomes\"\n\
        [vary]\n\"network.value_hidden\" = [[8, 4], [4, 4]]\n\
        [early_stopping]\nholdout_episodes = 20\n";
    fs::write(&file, text).unwrap();
    let config = format!("--config={}", file.display());
    let own: Vec<&str> = SMALL
        .iter()
        .copied()
        .filter(|flag| !flag.contains("value_hidden") && !flag.contains("--config"))
        .collect();
    let arguments = [&own[..], TINY, &[&config, "--seeds=0"]].concat();
    let (table, _) = texts(&succeed(&mut sweep(&folder, &arguments)));
    assert_eq!(
        column(&folder, "run_label"),
        ["routing", "routing", "naive_outcomes", "naive_outcomes"]
    );
    assert!(table.contains("network.value_hidden=[8, 4]"), "{table}");
    // A plan is a configuration like any other.
    let plan = format!("--config={}", support::plan(&folder).unwrap().display());
    let (_, errors) = texts(&succeed(&mut sweep(&folder, &["--device=cpu", &plan])));
    assert!(errors.contains("nothing to do"), "{errors}");
}

#[test]
fn folders_without_a_name_do_not_depend_on_the_order_of_lists() {
    let place = tempfile::tempdir().unwrap();
    let root = support::root();
    let orders = [
        [
            "--methods=oracle,filtering",
            "--oversight=0.5,0.3",
            "--seeds=1,0",
            "--vary=network.hidden=8,4",
        ],
        [
            "--methods=filtering,oracle",
            "--oversight=0.3,0.5",
            "--seeds=0..2",
            "--vary=network.hidden=4,8",
        ],
    ];
    for order in orders {
        let mut command = Command::new(binary("gr-sweep"));
        let config = format!("--config={}", root.join("tests/data/small.toml").display());
        let own: Vec<&str> = SMALL
            .iter()
            .copied()
            .filter(|flag| !flag.contains("--config") && !flag.contains("network.hidden"))
            .collect();
        command.current_dir(place.path()).args(own).arg(&config).args(TINY).args(order);
        succeed(&mut command);
    }
    let folders: Vec<_> = fs::read_dir(place.path().join("results")).unwrap().collect();
    assert_eq!(folders.len(), 1, "{folders:?}");
}

#[test]
fn commands_that_add_at_once_keep_each_others_runs() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("sweep");
    let commands =
        ["filtering", "naive_outcomes", "routing"].map(|method| format!("--methods={method}"));
    let mut children: Vec<_> = commands
        .iter()
        .map(|methods| sweep(&folder, &arguments(&[methods, "--seeds=0..2"])).spawn().unwrap())
        .collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let output = succeed(&mut looking("merge", &folder, &[]));
    assert!(output.status.success());
    assert_eq!(column(&folder, "status"), ["finished"; 6]);
}

#[test]
fn bad_variants_are_refused_in_one_sentence_and_nothing_is_written() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("sweep");
    let file = |name: &str, text: &str| {
        let path = place.path().join(name);
        fs::write(&path, text).unwrap();
        format!("--config={}", path.display())
    };
    let twice = "[[variants]]\nname = \"a\"\nmethod = \"routing\"\n";
    let cases: [(Vec<String>, &[&str]); 10] = [
        (vec!["--vary=seeds=0,1".into()], &["--vary seeds=0,1", "cannot vary", "axis"]),
        (vec!["--vary=updates=5,6".into()], &["cannot vary", "trains its runs on"]),
        (vec!["--vary=network.hidden=8,8".into()], &["network.hidden = 8", "not twice"]),
        (vec!["--vary=network.hidden=8,huge".into()], &["network.hidden = huge"]),
        (
            vec![
                "--methods=routing,reward_model".into(),
                "--vary=training.reward=own,naive".into(),
            ],
            &["reward_model with training.reward=naive at p = 0.01", "it makes its own reward"],
        ),
        (
            vec!["--methods=filtering".into(), "--vary=masks.both.gate=0,1".into()],
            &["--vary masks.both.gate=0,1", "without effect"],
        ),
        (
            vec!["--set=network.hidden=8".into(), "--vary=network.hidden=4,8".into()],
            &["--vary network.hidden=4,8", "leave one of the two out"],
        ),
        (
            vec![file("twice.toml", &format!("{twice}{twice}"))],
            &["twice.toml", "\"a\" is there twice"],
        ),
        (
            vec![file(
                "idle.toml",
                "[[variants]]\nname = \"b\"\nmethod = \"filtering\"\nsettings.masks.both.gate = 0\n",
            )],
            &["variant \"b\" of filtering", "masks.both.gate is without effect"],
        ),
        (
            vec![file("unknown.toml", "[[variants]]\nname = \"b\"\nmethod = \"routng\"\n")],
            &["did you mean \"routing\""],
        ),
    ];
    for (case, mentions) in &cases {
        let case: Vec<&str> = case.iter().map(String::as_str).collect();
        let output = sweep(&folder, &case).output().unwrap();
        let (_, errors) = texts(&output);
        assert_eq!(output.status.code(), Some(2), "{case:?}: {errors}");
        for mention in *mentions {
            assert!(errors.contains(mention), "{case:?} does not say {mention:?}: {errors}");
        }
        assert!(!folder.exists(), "{case:?}");
    }
}

#[test]
fn a_folder_of_a_version_to_come_is_left_alone() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("sweep");
    fs::create_dir_all(folder.join("plans")).unwrap();
    fs::write(folder.join("plans/0.toml"), "schema_version = 99\nsomething = \"new\"\n").unwrap();
    let status = looking("status", &folder, &[]);
    for mut command in [status, sweep(&folder, &arguments(&["--methods=filtering"]))] {
        let output = command.output().unwrap();
        let (_, errors) = texts(&output);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains("schema 99") && errors.contains("plans/0.toml"), "{errors}");
    }
    assert!(!folder.join("checkpoints").exists());
}
