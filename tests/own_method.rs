//! A method from outside: the example builds a program that has it, its runs are like any other's, and the
//! page on how to add one shows the code that is compiled.

mod support;

use std::path::PathBuf;
use std::process::Command;

use support::{binary, looking, names, succeed, texts};

/// The program of `crates/gr-sweep/examples/own_method.rs`, which building the tests builds.
fn own_program() -> PathBuf {
    let programs = binary("gr-sweep");
    let program = programs.with_file_name("examples").join("own_method");
    assert!(program.is_file(), "{} is not built", program.display());
    program
}

#[test]
fn a_method_from_outside_is_trained_listed_continued_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    let own = |arguments: &[&str]| {
        let mut command = Command::new(own_program());
        command.current_dir(folder.path()).args(arguments);
        command
    };
    let (listed, _) = texts(&succeed(&mut own(&["methods"])));
    assert!(listed.contains("fined_ghosts\n"), "{listed}");
    let (settings, _) = texts(&succeed(&mut own(&["config", "--defaults"])));
    assert!(settings.contains("[fined_ghosts]") && settings.contains("fine = 10.0"), "{settings}");

    let sweep = [
        "--methods=fined_ghosts,naive_outcomes",
        "--oversight=0.5",
        "--seeds=0..2",
        "--updates=6",
        "--set=fined_ghosts.fine=5",
        "--set=environment.envs=16",
        "--set=network.hidden=8",
        "--device=cpu",
        "--results=results",
    ];
    succeed(&mut own(&sweep));
    let runs = names(&results).into_iter().filter(|name| name.starts_with("/run_")).count();
    assert_eq!(runs, 4);
    let plan = std::fs::read_to_string(support::plan(&results).unwrap()).unwrap();
    assert!(plan.contains("[fined_ghosts]\nfine = 5.0"), "{plan}");
    let (_, again) = texts(&succeed(&mut own(&sweep)));
    assert!(again.contains("4 over") || again.contains("nothing"), "{again}");
    succeed(&mut own(&["verify", "results"]));

    // The stock programs read what they cannot train.
    let (status, _) = texts(&succeed(&mut looking("status", &results, &[])));
    assert!(status.contains("fined_ghosts"), "{status}");
    succeed(&mut looking("merge", &results, &[]));
    let mut figures = Command::new(binary("gr-figures"));
    figures.arg(&results).arg("--out").arg(folder.path().join("pictures"));
    succeed(&mut figures);
    let refused = looking("verify", &results, &[]).output().unwrap();
    let (_, errors) = texts(&refused);
    assert!(errors.contains("fined_ghosts") && !refused.status.success(), "{errors}");
}

#[test]
fn a_setting_of_its_own_is_checked_and_wrong_ones_name_the_fix() {
    let folder = tempfile::tempdir().unwrap();
    for (setting, mentions) in [
        ("fined_ghosts.fine=-1", "0 or more"),
        ("fined_ghosts.find=1", "did you mean \"fined_ghosts.fine\"?"),
    ] {
        let mut own = Command::new(own_program());
        own.current_dir(folder.path()).args(["--methods=fined_ghosts", "--set", setting]);
        let output = own.output().unwrap();
        let (_, errors) = texts(&output);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(mentions), "{errors}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_page_on_adding_a_method_shows_the_code_that_is_compiled() {
    let read = |path: &str| std::fs::read_to_string(support::root().join(path)).unwrap();
    let page = read("docs/add-a-method.md");
    for path in
        ["crates/gr-sweep/examples/own_method.rs", "crates/gr-learn/src/methods/zero_unseen.rs"]
    {
        assert!(page.contains(&read(path)), "{path}");
    }
}
