//! What a verification came to, as text.

use anyhow::Result;
use gr_runs::{Damage, Provenance, RunId, Store};
use gr_terminal::{columns, count, program_name};

use super::compare::{Columns, UPDATES_COMPARED};
use crate::plan::{FolderPlan, PlannedRun};

/// What the files of a sweep came to.
pub struct Files {
    /// Runs of the plan.
    planned: usize,
    /// Those whose files are all what was recorded of them.
    pub finished: usize,
    /// Those that have failed.
    pub failed: usize,
    /// Those with a file that is not what was recorded of it.
    pub damaged: Vec<Damage>,
    /// Files of finished runs that a published copy does without.
    pub left_out: usize,
    /// How `runs.csv` compares with what the runs say; nothing if there is none, or if runs are damaged.
    pub runs_csv: Option<Result<Columns, String>>,
    /// Whether `runs.csv` has results of which there are no records.
    pub only_rows: bool,
    /// Manifests of runs that are not of the plan, and who made the first of them.
    strangers: Option<(usize, String)>,
}

/// How a run that was trained again compares.
pub enum Verdict {
    /// Every file is the same, in the columns that it has; and why that could not be expected, if so.
    Equal(Columns, Option<WhyNumbers>),
    /// Bits differ, which was to be expected, and no number differs by more than the tolerance: the largest difference in
    /// the columns that there are, and why it is numbers that were compared.
    Near(f64, Columns, WhyNumbers),
    /// It does not.
    Differs {
        /// The first difference.
        what: String,
        /// Why numbers were compared, if it was not bits.
        why: Option<WhyNumbers>,
    },
    /// What its manifest says was trained has another name here: settings mean other numbers now.
    OtherKey,
}

/// Why a run is compared by its numbers and not by its bits.
pub enum WhyNumbers {
    /// It was made with other code or on another kind of machine: what differs, one line each.
    MadeElsewhere(Vec<String>),
    /// It was made on a GPU, where rows are padded and cut into pieces by how many runs share a batch. Sums
    /// are rounded otherwise in other company.
    OtherCompany,
}

/// How all of a sample compare.
#[derive(Default)]
pub struct SampleReport {
    lines: Vec<Vec<String>>,
    notes: Vec<String>,
    differing: usize,
}

impl Files {
    /// Of a sweep of `planned` runs.
    pub fn new(planned: usize) -> Self {
        Self {
            planned,
            finished: 0,
            failed: 0,
            damaged: Vec::new(),
            left_out: 0,
            runs_csv: None,
            only_rows: false,
            strangers: None,
        }
    }

    /// Counts manifests that the plan does not know. Another version may have named the same runs
    /// otherwise.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn count_strangers(&mut self, plan: &FolderPlan, store: &Store) -> Result<()> {
        let mut strangers = store.listing()?.finished;
        for id in plan.runs.iter().map(|run| &run.name.id).chain(&plan.also_called) {
            strangers.remove(id);
        }
        let first: Option<&RunId> = strangers.iter().min();
        self.strangers = first.map(|run| {
            let text = std::fs::read_to_string(store.files(run).manifest).unwrap_or_default();
            (strangers.len(), made_by(&text))
        });
        Ok(())
    }

    /// Whether there is no record of any run.
    pub fn has_no_records(&self) -> bool {
        self.finished + self.failed + self.damaged.len() == 0
    }

    /// Whether there is nothing wrong with them, and something to tell by.
    pub fn are_sound(&self) -> bool {
        !self.only_rows
            && self.damaged.is_empty()
            && !matches!(self.runs_csv, Some(Err(_)))
            && self.strangers.is_none()
    }

    /// For people.
    pub fn text(&self) -> String {
        let Self { planned, finished, failed, damaged, .. } = self;
        let mut text = format!(
            "files: {finished} of {} finished and as recorded, {failed} failed, {} damaged\n",
            count(*planned, "run"),
            damaged.len()
        );
        if self.left_out > 0 {
            let files = count(self.left_out, "policy file");
            text += &format!(
                "published copy: {files} left out; what is trained again is compared with their hashes\n"
            );
        }
        for Damage { file, reason } in damaged {
            text += &format!("damaged: {}: {reason}\n", file.display());
        }
        match &self.runs_csv {
            Some(Ok(columns)) => text += &format!("runs.csv: as the runs say{}\n", columns.note()),
            Some(Err(what)) => {
                text += &format!(
                    "damaged: runs.csv is not what the runs say: {what}; `{} merge` writes it anew\n",
                    program_name()
                );
            }
            None => {}
        }
        if self.only_rows {
            text += "runs.csv has results, and no run has its manifest, as where rows and curves alone were published: \
                     nothing can be verified\n";
        }
        if let Some((number, made_by)) = &self.strangers {
            text += &format!(
                "of no plan here: {}, the first one made by {made_by}; this is {}\n",
                count(*number, "run"),
                this_version()
            );
        }
        text
    }
}

fn this_version() -> String {
    format!("version {}, commit {}", env!("CARGO_PKG_VERSION"), env!("GR_COMMIT"))
}

/// The program that wrote a manifest which this one may not be able to read.
fn made_by(manifest: &str) -> String {
    let table: toml::Table = toml::from_str(manifest).unwrap_or_default();
    let part = |name: &str| {
        let provenance = table.get("provenance");
        let text = provenance.and_then(|table| table.get(name)).and_then(toml::Value::as_str);
        text.unwrap_or("unknown").to_string()
    };
    format!("version {}, commit {}", part("version"), part("commit"))
}

impl Verdict {
    /// Of numbers that were compared because of `why`.
    pub fn of_numbers(compared: Result<(f64, Columns), String>, why: WhyNumbers) -> Self {
        match compared {
            Ok((largest, columns)) => Self::Near(largest, columns, why),
            Err(what) => Self::Differs { what, why: Some(why) },
        }
    }
}

impl WhyNumbers {
    /// Why a run that `there` trained, one after the other, cannot be expected to come out bit for bit
    /// `here`; `None` if it can.
    pub fn of<'a>(
        here: &Provenance,
        there: impl IntoIterator<Item = &'a Provenance>,
        here_is_gpu: bool,
    ) -> Option<Self> {
        let other = there.into_iter().find(|there| !here.differences(there).is_empty());
        let Some(there) = other else {
            return here_is_gpu.then_some(Self::OtherCompany);
        };
        let mut differences = here.differences(there);
        let version = |p: &Provenance| format!("{} (commit {})", p.version, p.commit);
        if version(there) != version(here) {
            differences.insert(0, format!("version: {} -> {}", version(there), version(here)));
        }
        Some(Self::MadeElsewhere(differences))
    }

    fn text(&self) -> String {
        match self {
            Self::MadeElsewhere(differences) => {
                format!("made elsewhere (there -> here): {}", differences.join("; "))
            }
            Self::OtherCompany => {
                "made on a GPU, where the last digits of a run depend on the runs that share its batch"
                    .into()
            }
        }
    }
}

impl SampleReport {
    /// Adds how `run` compares, which was trained again.
    pub fn add(&mut self, run: &PlannedRun, verdict: Verdict) {
        let (compared, outcome, why) = match verdict {
            Verdict::Equal(columns, why) => {
                ("bit for bit", format!("equal{}", columns.note()), why)
            }
            Verdict::Near(largest, columns, why) => {
                ("numbers", format!("equal to {largest:.1e}{}", columns.note()), Some(why))
            }
            Verdict::Differs { what, why } => {
                self.differing += 1;
                let compared = if why.is_none() { "bit for bit" } else { "numbers" };
                (compared, format!("DIFFERS: {what}"), why)
            }
            Verdict::OtherKey => {
                self.differing += 1;
                ("-", "DIFFERS: the same settings mean another run here".into(), None)
            }
        };
        self.lines.push(vec![run.name.id.to_string(), compared.into(), outcome]);
        if let Some(note) = why.map(|why| why.text()).filter(|note| !self.notes.contains(note)) {
            self.notes.push(note);
        }
    }

    /// Whether everything came out as before.
    pub fn is_sound(&self) -> bool {
        self.differing == 0
    }

    /// For people.
    pub fn text(&self, tolerance: f64) -> String {
        if self.lines.is_empty() {
            return String::new();
        }
        let mut lines = vec![["run", "compared", "trained again"].map(String::from).to_vec()];
        lines.extend(self.lines.iter().cloned());
        let mut text = columns(&lines);
        for note in &self.notes {
            text += &format!("{note}\n");
        }
        if !self.notes.is_empty() {
            text += &format!(
                "of such runs, where bits differ, the numbers of the first {UPDATES_COMPARED} updates are compared; they may differ by {tolerance} of the largest in their column\n"
            );
        }
        let equal = self.lines.len() - self.differing;
        text + &format!("{equal} of {} came out as before\n", count(self.lines.len(), "run"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_with(training_code: Option<&str>, binary_sha256: &str, backend: &str) -> Provenance {
        Provenance {
            version: "0.1.0".into(),
            commit: "unknown".into(),
            binary_sha256: binary_sha256.into(),
            training_code: training_code.map(String::from),
            backend: backend.into(),
            adapter: "an adapter".into(),
            cpu_features: "avx2".into(),
            host: "a host".into(),
        }
    }

    #[test]
    fn bits_are_compared_where_the_code_that_trains_is_the_same_on_a_cpu_and_nowhere_else() {
        let sweep = made_with(Some("code"), "gr-sweep", "cpu");
        let search = made_with(Some("code"), "gr-search", "cpu");
        assert!(WhyNumbers::of(&sweep, [&search], false).is_none());
        let note = |here: &Provenance, there: &Provenance, is_gpu: bool| {
            WhyNumbers::of(here, [here, there], is_gpu).unwrap().text()
        };
        let other_code = made_with(Some("other"), "gr-sweep", "cpu");
        assert!(note(&sweep, &other_code, false).contains("training code: other -> code"));
        // Manifests of earlier versions do not say which code trained.
        let earlier = made_with(None, "gr-search", "cpu");
        assert!(note(&sweep, &earlier, false).contains("binary: gr-search -> gr-sweep"));
        assert!(WhyNumbers::of(&sweep, [&made_with(None, "gr-sweep", "cpu")], false).is_none());
        let gpu = made_with(Some("code"), "gr-sweep", "wgpu");
        assert!(note(&gpu, &gpu, true).contains("share its batch"));
        assert!(note(&gpu, &sweep, true).contains("backend: cpu -> wgpu"));
    }
}
