//! The README is what a stranger tries first: its commands run, print what it shows, and its links lead somewhere.

mod support;

use std::fs;
use std::process::{Command, Output};

use support::{binary, root, succeed, texts};

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The text of all blocks of code of a language.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let blocks = text.split("```").skip(1).step_by(2);
    blocks
        .filter_map(|block| block.strip_prefix(&format!("{language}\n")))
        .map(String::from)
        .collect()
}

/// Runs what the README has `cargo run` start, in a folder of its own.
fn run(command: &str, further: &[&str]) -> Output {
    let (cargo, arguments) =
        command.trim().split_once(" -- ").expect("cargo run -p PROGRAM -- ...");
    let program = cargo.split_whitespace().last().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(binary(program));
    succeed(command.args(arguments.split_whitespace()).args(further).current_dir(folder.path()))
}

/// A printed table without what differs from run to run: numbers, and the verdicts that follow from them.
fn shape(table: &str) -> Vec<String> {
    let shape_of = |word: &str| match word.trim_matches(['(', ')', ',']) {
        "beats" | "matches" | "worse" | "undecided" => "VERDICT".to_string(),
        number if number.trim_start_matches('±').parse::<f64>().is_ok() => "NUMBER".into(),
        other => other.into(),
    };
    let lines = table
        .lines()
        .map(|line| line.split_whitespace().map(shape_of).collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect()
}

#[test]
fn the_first_command_prints_the_table_that_is_shown() {
    let commands = blocks("sh");
    let small = ["--set=updates=5", "--envs=16", "--set=network.hidden=8", "--device=cpu"];
    let (table, _) = texts(&run(&commands[0], &small));
    let [shown] = &blocks("text")[..] else { panic!("one block of output") };
    assert_eq!(shape(&table), shape(shown), "{table}");
    assert!(shape(shown).iter().any(|line| line.contains("NUMBER ± NUMBER")), "{shown}");
}

#[test]
fn the_other_commands_are_accepted() {
    for command in &blocks("sh")[1..] {
        let (said, _) = texts(&run(command, &["--dry-run", "--device=cpu"]));
        assert!(said.contains("32 runs"), "{said}");
    }
}

#[test]
fn it_is_a_page_and_its_links_lead_somewhere() {
    let text = readme();
    assert!(text.lines().count() <= 100);
    let links = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
    let own: Vec<&str> = links.filter(|link| !link.starts_with("http")).collect();
    assert!(own.len() > 10, "{own:?}");
    for link in own {
        let (file, heading) = link.split_once('#').unwrap_or((link, ""));
        assert!(root().join(file).exists(), "{link}");
        if !heading.is_empty() {
            let linked = fs::read_to_string(root().join(file)).unwrap();
            let plain = |line: &str| {
                line.trim_start_matches('#')
                    .trim()
                    .to_lowercase()
                    .replace('.', "")
                    .replace(' ', "-")
            };
            assert!(
                linked.lines().any(|line| line.starts_with('#') && plain(line) == heading),
                "{link}"
            );
        }
    }
}
