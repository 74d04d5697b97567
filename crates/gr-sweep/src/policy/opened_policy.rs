//! A policy file and the grid that it is for.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use gr_grid::{EnvironmentRules, FirstObservation, Flags, Grid, Observation};
use gr_learn::{ComputeDevice, PolicyNetwork, PolicyRow, PolicyType, SavedPolicy, policies};
use gr_runs::whole_number;

use super::noted_oversight::{FLAG_VISIBILITY, noted_cells};

/// Environments that counts are given for.
pub const EVALUATION_ENVS: usize = 512;

/// What a policy is judged by if its file does not say: the published experiment.
const DEFAULT_MAX_STEP: u32 = 32;
const DEFAULT_DISCOUNT: f64 = 0.97;
const DEFAULT_OVERSIGHT: f64 = 0.01;

/// The grid, where the file does not say it.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct GridArguments {
    /// Rows of the grid [default: the run's own, else a square]
    #[arg(long, value_name = "N", requires = "cols", value_parser = whole_number::<usize>(2, 8))]
    rows: Option<usize>,
    /// Columns of the grid
    #[arg(long, value_name = "N", requires = "rows", value_parser = whole_number::<usize>(2, 8))]
    cols: Option<usize>,
}

/// A policy file, ready to be asked.
pub struct OpenedPolicy {
    path: PathBuf,
    saved: SavedPolicy,
    overseen_cells: Flags,
    pub network: PolicyNetwork,
    pub grid: Grid,
}

impl OpenedPolicy {
    /// Reads a policy file of either kind.
    ///
    /// # Errors
    /// If it is no policy, or of another grid than said.
    pub fn read(path: &Path, arguments: GridArguments) -> Result<Self> {
        let saved = SavedPolicy::read(path)?;
        let num_cells = saved.architecture.num_cells;
        let noted = |name: &str| saved.notes.get(name).and_then(|text| text.parse::<usize>().ok());
        let side = num_cells.isqrt();
        let (rows, cols) = match (arguments.rows, arguments.cols, noted("rows"), noted("cols")) {
            (Some(rows), Some(cols), _, _) | (_, _, Some(rows), Some(cols)) => (rows, cols),
            _ if side * side == num_cells => (side, side),
            _ => bail!(
                "{} is for {num_cells} cells, which are no square; say --rows and --cols",
                path.display()
            ),
        };
        let grid = Grid::new(rows, cols)?;
        ensure!(
            grid.num_cells() == num_cells,
            "{} is for {num_cells} cells, not {rows} x {cols}; say --rows and --cols",
            path.display()
        );
        for (name, accepted) in [
            ("oversight_prob", 0.0..=1.0),
            ("discount", 0.0..=1.0),
            ("max_step", 1.0..=100_000.0),
            (FLAG_VISIBILITY, 0.0..=1.0),
        ] {
            let is_accepted =
                |text: &String| text.parse().is_ok_and(|n: f64| accepted.contains(&n));
            let noted = saved.notes.get(name).filter(|text| !is_accepted(text));
            if let Some(text) = noted {
                let (least, most) = accepted.into_inner();
                bail!(
                    "{} says {name} = {text}, which is not from {least} to {most}",
                    path.display()
                );
            }
        }
        let overseen_cells = noted_cells(&saved.notes, grid)
            .map_err(|wrong| anyhow!("{} says {wrong}", path.display()))?;
        let device = ComputeDevice::cpu();
        let network = PolicyNetwork::new(
            saved.architecture,
            std::slice::from_ref(&saved.parameters),
            &device,
        );
        Ok(Self { path: path.into(), saved, overseen_cells, network, grid })
    }

    /// The oversight level that the policy was trained at, if its file says so.
    pub fn noted_oversight(&self) -> f64 {
        self.noted("oversight_prob").unwrap_or(DEFAULT_OVERSIGHT)
    }

    /// The discount that the policy was trained with, if its file says so.
    pub fn noted_discount(&self) -> f64 {
        self.noted("discount").unwrap_or(DEFAULT_DISCOUNT)
    }

    fn noted<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.saved.notes.get(name)?.parse().ok()
    }

    /// The first observations that the policy was trained on, if its file says so.
    pub fn noted_first_observation(&self) -> FirstObservation {
        match self.saved.notes.get("first_observation").map(String::as_str) {
            Some("stale") => FirstObservation::Stale,
            _ => FirstObservation::Fresh,
        }
    }

    /// The environment on the policy's grid, with its time limit. Who sees flags, and where they lie, is as
    /// it was in training.
    pub fn rules(&self, oversight: f64, first_observation: FirstObservation) -> EnvironmentRules {
        let spurious_oversight = 0.0;
        let grid = self.grid;
        EnvironmentRules {
            grid,
            max_step: self.noted("max_step").unwrap_or(DEFAULT_MAX_STEP),
            oversight,
            spurious_oversight,
            first_observation,
            flag_visibility: self.noted(FLAG_VISIBILITY).unwrap_or(1.0),
            overseen_cells: self.overseen_cells,
        }
    }

    /// Every policy on what `rules` show of `observations`.
    pub fn ask(
        &self,
        rules: &EnvironmentRules,
        observations: &[Observation],
    ) -> Result<Vec<(PolicyType, Vec<PolicyRow>)>> {
        let shown: Vec<Observation> = observations.iter().map(|it| rules.shown(*it)).collect();
        policies(&self.network, &shown).with_context(|| self.path.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use gr_learn::{Architecture, NetworkKind};

    use super::*;

    #[test]
    fn what_a_file_says_of_its_environment_is_checked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.safetensors");
        let architecture =
            Architecture { kind: NetworkKind::SingleExpert, num_cells: 4, hidden: 2 };
        let parameters = architecture.initial_parameters(0);
        let read = |notes: &[(&str, &str)]| {
            let notes = notes.iter().map(|(name, text)| (name.to_string(), text.to_string()));
            let parameters = parameters.clone();
            let saved = SavedPolicy { architecture, parameters, notes: notes.collect() };
            std::fs::write(&path, saved.to_bytes(&[])).unwrap();
            let opened = OpenedPolicy::read(&path, GridArguments { rows: None, cols: None });
            opened.map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(read(&[("rows", "2"), ("cols", "2"), ("discount", "0.5")]), Ok(()));
        // Two numbers whose product overflows to 4.
        for (rows, cols) in [("4611686018427387905", "4"), ("4", "1"), ("0", "0"), ("8", "8")] {
            assert!(read(&[("rows", rows), ("cols", cols)]).is_err(), "{rows} x {cols}");
        }
        for (name, text) in [
            ("oversight_prob", "1.5"),
            ("oversight_prob", "nan"),
            ("discount", "often"),
            ("max_step", "0"),
            ("max_step", "4294967295"),
            ("flag_visibility", "-1"),
            ("overseer.cells", "all"),
            ("overseer.cells", "[0, 4]"),
            ("overseer.cells", "[0.5]"),
        ] {
            let error = read(&[(name, text)]).unwrap_err();
            assert!(error.contains(&format!("{name} = {text}")), "{error}");
        }
    }
}
