//! Updates recorded from the reference, and small ones made of them by `tests/data/make_updates.py`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};

use super::per_sample::{NamedTensors, Sample, SampleRoute};

/// The grid of the recorded updates is 5 x 5.
pub const NUM_CELLS: usize = 25;

/// The folders that hold recorded updates: the small ones beside these tests, always, and the whole ones where
/// they are, in `GR_REFERENCE_DIR` or in `shared/reference` beside the workspace.
pub fn folders_of_recordings() -> Vec<PathBuf> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![tests.join("tests/data")];
    let named = std::env::var_os("GR_REFERENCE_DIR").map(PathBuf::from);
    let beside = || Some(tests.join("../../../shared/reference")).filter(|folder| folder.exists());
    match named.or_else(beside) {
        Some(folder) => folders.push(folder),
        None => println!("skipped: the whole recordings (GR_REFERENCE_DIR names their folder)"),
    }
    folders
}

/// One update of the reference: what it saw, and what it computed from that.
///
/// The columns hold one value per (time, environment), times in order and within a time the
/// environments in order.
pub struct GoldenUpdate {
    /// Environments.
    pub num_envs: usize,
    /// Steps of the rollout.
    pub num_steps: usize,
    /// The agent's cell.
    pub agent_cell: Vec<i32>,
    /// The ghost's cell.
    pub ghost_cell: Vec<i32>,
    /// The diamond's cell.
    pub diamond_cell: Vec<i32>,
    /// 1 where the ghost's cell is flagged.
    pub ghost_flag: Vec<i32>,
    /// 1 where the diamond's cell is flagged.
    pub diamond_flag: Vec<i32>,
    /// The action taken.
    pub action: Vec<i32>,
    /// 1 where the action ended the episode.
    pub done: Vec<i32>,
    /// 1 where the episode ended overseen, 0 where it ended otherwise, -1 where it goes on.
    pub info_oversight: Vec<i32>,
    /// The same of ending on the diamond.
    pub info_reached_diamond: Vec<i32>,
    /// The same of ending on the ghost.
    pub info_reached_ghost: Vec<i32>,
    /// The discounted return.
    pub discounted_return: Vec<f32>,
    /// The columns as samples, routed, and with those left out that `filtering` leaves out.
    pub samples: Vec<Sample>,
    /// The weights before the update.
    pub weights: NamedTensors,
    /// The gradient of every weight.
    pub gradients: NamedTensors,
    /// The logged figures.
    pub losses: BTreeMap<String, f64>,
}

impl GoldenUpdate {
    /// Reads the update of `method` from the reference data in `dir`.
    ///
    /// # Panics
    ///
    /// Where the files are missing or not what they should be.
    pub fn read(dir: &Path, method: &str) -> Self {
        let dir = dir.join("golden_update");
        let read = |name: &str| {
            let path = dir.join(name);
            fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let file = read(&format!("{method}.safetensors"));
        let file = SafeTensors::deserialize(&file).expect("the file is a safetensors file");
        let column = |name: &str| integers(&file, name);
        let returns = file.tensor("return").expect("the file has the returns");
        let mut losses: BTreeMap<String, BTreeMap<String, f64>> =
            serde_json::from_slice(&read("losses.json")).expect("losses.json is as documented");
        let mut update = Self {
            num_envs: returns.shape()[1],
            num_steps: returns.shape()[0],
            agent_cell: column("agent_cell"),
            ghost_cell: column("ghost_cell"),
            diamond_cell: column("diamond_cell"),
            ghost_flag: column("ghost_flag"),
            diamond_flag: column("diamond_flag"),
            action: column("action"),
            done: column("done"),
            info_oversight: column("info_oversight"),
            info_reached_diamond: column("info_reached_diamond"),
            info_reached_ghost: column("info_reached_ghost"),
            discounted_return: floats(&file, "return"),
            samples: Vec::new(),
            weights: named_tensors(&file, "weight."),
            gradients: named_tensors(&file, "grad."),
            losses: losses.remove(method).expect("losses.json has the method"),
        };
        update.samples = update.samples(method == "filtering");
        update
    }

    /// The columns as samples, without the episodes that ended on a goal unseen if `filtered`.
    fn samples(&self, filtered: bool) -> Vec<Sample> {
        let num_samples = self.num_steps * self.num_envs;
        // For every sample the index of its episode's last step, if that is in the rollout.
        let mut ends: Vec<Option<usize>> = vec![None; num_samples];
        for index in (0..num_samples).rev() {
            ends[index] = if self.done[index] == 1 {
                Some(index)
            } else {
                ends.get(index + self.num_envs).copied().flatten()
            };
        }
        let sample = |index: usize| {
            let cell = |column: &[i32]| column[index] as usize;
            let flagged = [
                (self.ghost_flag[index], cell(&self.ghost_cell)),
                (self.diamond_flag[index], cell(&self.diamond_cell)),
            ];
            let ended = |column: &[i32]| ends[index].is_some_and(|end| column[end] == 1);
            let overseen = ended(&self.info_oversight);
            let on_diamond = ended(&self.info_reached_diamond);
            let on_ghost = ended(&self.info_reached_ghost);
            Sample {
                agent: cell(&self.agent_cell),
                ghost: cell(&self.ghost_cell),
                diamond: cell(&self.diamond_cell),
                flags: flagged.iter().filter(|(flag, _)| *flag == 1).map(|&(_, c)| c).collect(),
                action: cell(&self.action),
                discounted_return: self.discounted_return[index],
                route: match (overseen, on_diamond, on_ghost) {
                    (true, true, _) => SampleRoute::Diamond,
                    (true, _, true) => SampleRoute::Ghost,
                    _ => SampleRoute::Both,
                },
                weight: f32::from(!filtered || overseen || !(on_diamond || on_ghost)),
            }
        };
        (0..num_samples).map(sample).collect()
    }
}

/// The tensors whose names start with `prefix`, without it.
fn named_tensors(file: &SafeTensors, prefix: &str) -> NamedTensors {
    let tensor = |name: &str| {
        let shape = file.tensor(name).expect("the name is from the file").shape().to_vec();
        Some((name.strip_prefix(prefix)?.to_owned(), (shape, floats(file, name))))
    };
    file.names().into_iter().filter_map(tensor).collect()
}

fn floats(file: &SafeTensors, name: &str) -> Vec<f32> {
    words(file, name, Dtype::F32).map(f32::from_le_bytes).collect()
}

fn integers(file: &SafeTensors, name: &str) -> Vec<i32> {
    words(file, name, Dtype::I32).map(i32::from_le_bytes).collect()
}

/// The elements of a tensor of the 4-byte type `dtype`.
fn words<'a>(file: &SafeTensors<'a>, name: &str, dtype: Dtype) -> impl Iterator<Item = [u8; 4]> {
    let tensor = file.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(tensor.dtype(), dtype, "{name}");
    let (words, rest) = tensor.data().as_chunks::<4>();
    assert!(rest.is_empty(), "{name}: not whole elements");
    words.iter().copied()
}
