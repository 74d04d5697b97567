//! Searches for the tests: a space file, the command, and what it leaves behind.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gr_runs::{RunManifest, RunRow, TrialRow};

use super::{SMALL, binary, texts};

pub const FIXED: &str = r#"
methods = ["naive_early_stopping"]
oversight = [0.5]
[early_stopping]
holdout_episodes = 20
check_every = 5
min_steps = 20
"#;

pub const SEARCHED: &str = r#"
[search]
"early_stopping.holdout_fraction" = { choice = [0.3, 0.5] }
"early_stopping.tolerance" = { uniform = [0.01, 0.1] }
"training.entropy_coefficient" = { log_uniform = [0.01, 0.2] }
"#;

/// A folder with a space file and room for results.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new(space: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("space.toml"), space).unwrap();
        Self { folder }
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command of `gr-search` with results in `results`.
    pub fn search(&self, results: &str, trials: u64, further: &[&str]) -> Command {
        let mut command = Command::new(binary("gr-search"));
        command.arg("--space").arg(self.at("space.toml")).args(["--seed=0", "--trials"]);
        command.arg(trials.to_string()).args(SMALL).args(further);
        command.arg("--results").arg(self.at(results));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a search that must be refused, and returns why.
    #[track_caller]
    pub fn refused(&self, results: &str, trials: u64, further: &[&str]) -> String {
        let output = self.search(results, trials, further).output().unwrap();
        let (_, errors) = texts(&output);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        errors
    }
}

pub fn default_place() -> Place {
    Place::new(&format!("{FIXED}{SEARCHED}"))
}

pub fn trials(folder: &Path) -> Vec<TrialRow> {
    let mut reader = csv::Reader::from_path(folder.join("trials.csv")).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

pub fn runs(folder: &Path) -> Vec<RunRow> {
    let mut reader = csv::Reader::from_path(folder.join("runs.csv")).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// All columns of a row of `trials.csv`, by name.
pub fn table_of(folder: &Path, row: &TrialRow) -> HashMap<String, String> {
    let mut reader = csv::Reader::from_path(folder.join("trials.csv")).unwrap();
    let mut rows = reader.deserialize().map(Result::<HashMap<_, _>, _>::unwrap);
    let is_row = |columns: &HashMap<String, String>| {
        let level = columns["oversight_prob"].parse::<f64>().unwrap();
        (&columns["run_label"], &columns["trial"], level)
            == (&row.run_label, &row.trial.to_string(), row.oversight_prob)
    };
    rows.find(is_row).unwrap()
}

/// The manifests of a search's trials.
pub fn manifests(folder: &Path) -> Vec<RunManifest> {
    let files = fs::read_dir(folder.join("trials")).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("run_"))
        .map(|path| toml::from_str(&fs::read_to_string(path).unwrap()).unwrap())
        .collect()
}
