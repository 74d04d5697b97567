//! What the binaries say of themselves. Being an integration test of this package, this file also
//! makes cargo build the binaries that the end-to-end tests of the workspace run.

use std::process::Command;

fn output(binary: &str, arguments: &[&str]) -> String {
    let output = Command::new(binary).args(arguments).output().expect("the binary starts");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("output is UTF-8")
}

const GR_SWEEP: &str = env!("CARGO_BIN_EXE_gr-sweep");
const GR_POLICY: &str = env!("CARGO_BIN_EXE_gr-policy");
const GR_SEARCH: &str = env!("CARGO_BIN_EXE_gr-search");

#[test]
fn help_shows_examples() {
    for (binary, example) in [
        (GR_SWEEP, "gr-sweep --oversight 0.01 --seeds 0..8"),
        (GR_POLICY, "gr-policy evaluate"),
        (GR_SEARCH, "gr-search --space configs/searches/early_stopping.toml"),
    ] {
        let help = output(binary, &["--help"]);
        assert!(help.contains("Examples:") && help.contains(example), "{help}");
    }
}

#[test]
fn registries_and_keys_are_listed() {
    assert!(output(GR_SWEEP, &["methods"]).contains("no_routing_control"));
    assert!(output(GR_SWEEP, &["rewards"]).contains("biased_terminal"));
    let keys = output(GR_SWEEP, &["config", "--defaults"]);
    assert!(
        keys.contains("learning_rate = 5e-5") || keys.contains("learning_rate = 0.00005"),
        "{keys}"
    );
}

#[test]
fn completions_exist_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(output(GR_SWEEP, &["completions", shell]).contains("first-observation"), "{shell}");
    }
}
