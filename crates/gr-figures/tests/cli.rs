//! What the binary says of itself.

mod support;

use gr_figures::figures::FIGURES;
use support::{Sweep, gr_figures};

#[test]
fn help_shows_examples_and_lists_every_figure() {
    for arguments in [["--help"], ["--list"]] {
        let output = gr_figures(&arguments);
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        for figure in FIGURES {
            assert!(text.contains(figure.name) && text.contains(figure.summary), "{text}");
        }
        if arguments == ["--help"] {
            assert!(text.contains("Examples:") && text.contains("--reference"), "{text}");
        }
    }
}

#[test]
fn missing_arguments_are_bad_input() {
    for arguments in [&[][..], &["folder"][..], &["--out", "x"][..]] {
        assert_eq!(gr_figures(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn written_files_are_listed_and_only_the_chosen_figures_are_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let (sweep, out) = (folder.path().join("sweep"), folder.path().join("out"));
    Sweep::default().write(&sweep);
    let (from, to) = (sweep.to_str().unwrap(), out.to_str().unwrap());
    let only = ["--only", "gaming-gap", "--only", "early-stopping"];
    let output = gr_figures(&[&[from, "--out", to][..], &only[..]].concat());
    assert!(output.status.success());
    let written = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = written.lines().map(|line| line.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["gaming-gap.svg", "gaming-gap.png", "gaming-gap.csv", "gaming-gap.txt"]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("early-stopping: not drawn, no finished run has holdout"), "{errors}");
}
