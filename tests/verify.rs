//! `gr-sweep verify`: results are what their program makes of their configuration, or are found out.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::{SMALL, binary, looking, names, succeed, sweep, texts};

fn trained(folder: &Path) {
    let arguments = [
        SMALL,
        &["--methods=routing,naive_early_stopping,filtering,oracle", "--oversight=0.3"],
        &["--seeds=0..5", "--updates=60", "--checkpoint-every=25"],
    ]
    .concat();
    succeed(&mut sweep(folder, &arguments));
}

fn verify(folder: &Path, arguments: &[&str]) -> Output {
    looking("verify", folder, arguments).output().unwrap()
}

fn file(folder: &Path, start: &str) -> PathBuf {
    let name = names(folder).into_iter().find(|name| name.contains(start)).unwrap();
    folder.join(name.trim_start_matches('/'))
}

#[test]
fn twenty_runs_come_out_as_before_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path());
    let before = names(folder.path());
    let (table, _) = texts(&succeed(&mut looking("verify", folder.path(), &["--sample=20"])));
    assert!(table.contains("20 of 20 runs came out as before"), "{table}");
    assert_eq!(table.matches("bit for bit  equal").count(), 20, "{table}");
    assert_eq!(names(folder.path()), before);

    let sampled = |seed: &str| {
        let arguments = ["--sample=3", seed];
        let (table, _) = texts(&succeed(&mut looking("verify", folder.path(), &arguments)));
        assert!(table.contains("3 of 3"), "{table}");
        table
    };
    assert_eq!(sampled("--seed=1"), sampled("--seed=1"));
    assert_ne!(sampled("--seed=1"), sampled("--seed=2"));
}

#[test]
fn one_altered_number_is_found_wherever_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path());
    for start in
        ["eval_results_rou", "train_results_ora", "policy_tables_f", "run_naive", "runs.csv"]
    {
        let path = file(folder.path(), start);
        let good = fs::read(&path).unwrap();
        let mut bytes = good.clone();
        let digit = bytes.iter().rposition(u8::is_ascii_digit).unwrap();
        bytes[digit] = if bytes[digit] == b'1' { b'2' } else { b'1' };
        fs::write(&path, bytes).unwrap();
        // Whatever the sample is.
        let output = verify(folder.path(), &["--sample=0"]);
        let (table, _) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "{start}: {table}");
        let name = path.file_name().unwrap().to_string_lossy();
        assert!(table.contains("damaged: ") && table.contains(&*name), "{start}: {table}");
        fs::write(&path, good).unwrap();
    }
    succeed(&mut looking("verify", folder.path(), &["--sample=1"]));
}

/// Makes `folder` say that it trained with `new` where it did with `old`, hashes and all.
fn forge(folder: &Path, start: &str, change: impl Fn(String) -> String) {
    let path = file(folder, start);
    let text = fs::read_to_string(&path).unwrap();
    // A manifest without a hash of its own is one of an earlier version.
    let (_, below) = text.split_once('\n').unwrap();
    fs::write(&path, format!("# no hash\n{}", change(below.into()))).unwrap();
}

#[test]
fn results_that_were_not_trained_are_found_by_training() {
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path());
    let path = file(folder.path(), "eval_results_filtering_p0.3_s2");
    let store = gr_runs::Store::open_existing(folder.path()).unwrap().0;
    let old = fs::read(&path).unwrap();
    let new = String::from_utf8(old.clone()).unwrap().replacen("0.", "1.", 1);
    fs::write(&path, &new).unwrap();
    let hash = |bytes: &[u8]| store.record(&path, bytes).sha256;
    forge(folder.path(), "run_filtering_p0.3_s2", |text| {
        text.replace(&hash(&old), &hash(new.as_bytes()))
    });
    let output = verify(folder.path(), &["--sample=20"]);
    let (table, _) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{table}");
    assert!(table.contains("19 of 20 runs"), "{table}");
    assert!(table.contains("DIFFERS: eval_results_filtering_p0.3_s2"), "{table}");
}

#[test]
fn a_manifest_that_asks_for_another_run_is_not_trained() {
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path());
    // A grid that there cannot be, and more environments than fit into memory.
    forge(folder.path(), "run_filtering_p0.3_s2", |text| {
        let line = |key: &str| {
            let line = text.lines().find(|line| line.starts_with(key)).unwrap();
            line.to_string()
        };
        text.replace(&line("rows = "), "rows = 1000")
            .replace(&line("envs = "), "envs = 1000000000000000")
    });
    let output = verify(folder.path(), &["--sample=20"]);
    let (table, errors) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{table}{errors}");
    assert!(table.contains("19 of 20 runs") && !errors.contains("panicked"), "{table}{errors}");
}

#[test]
fn another_backend_is_compared_by_numbers_and_says_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path());
    let arguments = ["--sample=4", "--device=ndarray"];
    let (table, _) = texts(&succeed(&mut looking("verify", folder.path(), &arguments)));
    assert_eq!(table.matches("numbers").count(), 5, "{table}");
    assert!(table.contains("backend: cpu -> ndarray") && table.contains("0.001"), "{table}");
    let output = verify(folder.path(), &["--sample=4", "--device=ndarray", "--tolerance=0"]);
    let (table, _) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{table}");
    assert!(table.contains("DIFFERS: ") && table.contains(" instead of "), "{table}");
}

/// Changes the manifests of all runs in `folder`.
fn forge_all(folder: &Path, change: impl Fn(String) -> String) {
    for run in names(folder).iter().filter(|name| name.starts_with("/run_")) {
        forge(folder, &run[1..], &change);
    }
}

/// The quoted text that stands behind `key = ` in a manifest.
fn quoted<'a>(manifest: &'a str, key: &str) -> &'a str {
    let (_, rest) = manifest.split_once(&format!("\n{key} = \"")).unwrap();
    rest.split_once('"').unwrap().0
}

#[test]
fn what_another_program_of_the_same_build_trained_is_compared_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let space = folder.path().join("space.toml");
    let text = "methods = [\"naive_early_stopping\"]\noversight = [0.5]\n\
                [search]\n\"early_stopping.tolerance\" = { uniform = [0.01, 0.1] }\n";
    fs::write(&space, text).unwrap();
    let mut search = Command::new(binary("gr-search"));
    search.arg("--space").arg(&space).args(["--trials=2", "--seed=0", "--rerun-seeds=2"]);
    search.args(SMALL).arg("--updates=60").arg("--results").arg(folder.path().join("search"));
    succeed(&mut search);
    let selected = folder.path().join("search/selected");
    let manifest = fs::read_to_string(file(&selected, "/run_naive")).unwrap();
    trained(&folder.path().join("sweep"));
    let by_sweep = fs::read_to_string(file(&folder.path().join("sweep"), "/run_naive")).unwrap();
    assert_ne!(quoted(&manifest, "binary_sha256"), quoted(&by_sweep, "binary_sha256"));
    assert_eq!(quoted(&manifest, "training_code"), quoted(&by_sweep, "training_code"));
    let (table, _) = texts(&succeed(&mut looking("verify", &selected, &[])));
    assert_eq!(table.matches("bit for bit  equal").count(), 2, "{table}");
    assert!(!table.contains("made elsewhere"), "{table}");
}

#[test]
fn a_manifest_of_another_version_says_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path());
    let zeros = "0".repeat(64);
    forge_all(folder.path(), |text| {
        let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
        text.replace(&version, "version = \"0.0.9\"")
            .replace(quoted(&text, "training_code"), &zeros)
    });
    let compared = |mentions: &[&str]| {
        let (table, _) = texts(&succeed(&mut looking("verify", folder.path(), &["--sample=2"])));
        for mention in mentions {
            assert!(table.contains(mention), "no {mention}: {table}");
        }
    };
    compared(&["version: 0.0.9", "training code: 0000", "2 of 2 runs", "bit for bit  equal"]);
    // Earlier versions did not say which code trained: the program file stands for it.
    let earlier = |binary: Option<&str>| {
        forge_all(folder.path(), |text| {
            let lines = text.lines().filter(|line| !line.starts_with("training_code = "));
            let without: String = lines.map(|line| format!("{line}\n")).collect();
            let hash = quoted(&without, "binary_sha256").to_string();
            binary.map_or(without.clone(), |other| without.replace(&hash, other))
        });
    };
    earlier(None);
    compared(&["2 of 2 runs", "bit for bit  equal"]);
    earlier(Some(&zeros));
    compared(&["version: 0.0.9", "binary: 0000", "2 of 2 runs", "bit for bit  equal"]);
    // Named by another version, runs are not of the plan any more.
    let manifest = file(folder.path(), "/run_oracle_p0.3_s0");
    let renamed = manifest.with_file_name("run_oracle_p0.3_s0_00000000.toml");
    fs::rename(&manifest, renamed).unwrap();
    let output = verify(folder.path(), &["--sample=0"]);
    let (table, _) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{table}");
    assert!(table.contains("1 run, the first one made by version 0.0.9"), "{table}");
}
