//! Results of a method that this program does not have: it says so, touches nothing, and names who can.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{SMALL, binary, looking, names, succeed, sweep, texts};

/// Calls the method of all runs in `folder` something else, as a program that has it would.
fn rename_method(folder: &Path, from: &str, to: &str) {
    for place in ["", "checkpoints", "plans"].map(|place| folder.join(place)) {
        for path in fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy().replace(from, to);
            if path.extension().is_some_and(|end| end == "toml" || end == "csv") {
                let text = fs::read_to_string(&path).unwrap().replace(from, to);
                // A manifest without a hash of its own is one of an earlier version.
                let text = match text.split_once('\n') {
                    Some((_, below)) if name.starts_with("run_") => format!("# no hash\n{below}"),
                    _ => text,
                };
                fs::write(&path, text).unwrap();
            }
            fs::rename(&path, path.with_file_name(name)).unwrap();
        }
    }
}

#[test]
fn a_folder_of_an_unknown_method_is_refused_untouched_and_drawn_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("sweep");
    let arguments = ["--methods=filtering", "--oversight=0.3", "--seeds=0..2", "--updates=60"];
    succeed(&mut sweep(&folder, &[SMALL, &arguments].concat()));
    rename_method(&folder, "filtering", "my_method");
    let before = names(&folder);
    let output = looking("verify", &folder, &[]).output().unwrap();
    let (text, errors) = texts(&output);
    assert_eq!((output.status.code(), text.as_str()), (Some(2), ""), "{errors}");
    for mention in [
        &*folder.to_string_lossy(),
        "method \"my_method\", which gr-sweep does not have",
        "cannot train again",
        "a program that registers it can",
    ] {
        assert!(errors.contains(mention), "{errors}");
    }
    let planned = support::plan(&folder).unwrap();
    let config = format!("--config={}", planned.display());
    let mut script = Command::new(binary("gr-sweep"));
    let mut by_name = sweep(&folder, &["--methods=my_method"]);
    for command in [script.args(["slurm-script", &config]), &mut by_name] {
        let output = command.output().unwrap();
        let (text, errors) = texts(&output);
        assert_eq!((output.status.code(), text.as_str()), (Some(2), ""), "{errors}");
        assert!(errors.contains("my_method") && errors.contains("naive_outcomes"), "{errors}");
        assert!(!errors.contains("panicked"), "{errors}");
    }
    assert_eq!(names(&folder), before);

    let pictures = place.path().join("pictures");
    let mut figures = Command::new(binary("gr-figures"));
    figures.arg(&folder).arg("--out").arg(&pictures).args(["--only", "final-returns"]);
    succeed(&mut figures);
    let text = fs::read_to_string(pictures.join("final-returns.svg")).unwrap();
    assert!(text.contains("My method") && !text.contains("Filtering"), "{text}");
}
