//! Kept policies as a page takes them: what a safetensors file says of its network, and the weights in 16 bits.
//!
//! The layers and their order are those of `gr-learn`, which this crate does not know. What the page computes
//! from them is held against `gr-policy` by `scripts/page_test.sh`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use gr_grid::{Cell, Grid};
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;
use serde::Serialize;

use super::half::half_bits;

/// Channels of an observation: agent, ghost, diamond, flags.
const CHANNELS: usize = 4;
/// Widest hidden layer that a page evaluates; the experiment's is 256.
const WIDEST: usize = 4096;

/// Which layers a network has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkKind {
    /// One expert and an output layer.
    SingleExpert,
    /// Two experts mixed by a gate.
    Routed,
    /// Two experts, the gate fixed at 1/2.
    RoutedFixedGate,
}

/// What a page must know to evaluate a policy and to play it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PolicyNotes {
    /// Which layers there are.
    pub kind: NetworkKind,
    /// Width of hidden layers.
    pub hidden: usize,
    /// Rows of the grid.
    pub rows: usize,
    /// Columns of the grid.
    pub cols: usize,
    /// An episode ends with the step taken when so many have been.
    pub max_step: u32,
    /// Discount per step.
    pub discount: f64,
    /// Whether an episode's first action inside a window is taken on the last observation of the one before.
    pub stale: bool,
    /// Whether the agent is shown flags.
    pub sees_flags: bool,
    /// Cells on which goals may be flagged; absent where it is all of them.
    pub overseen_cells: Option<Vec<Cell>>,
}

/// A kept policy.
pub struct KeptPolicy {
    /// What is known of it.
    pub notes: PolicyNotes,
    /// The update after which it was.
    pub update: Option<u64>,
    /// Its parameters in the order of [`layers`], weight `[inputs, outputs]` then bias `[outputs]`, little-endian
    /// 16-bit floats.
    pub weights: Vec<u8>,
}

impl KeptPolicy {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// If it is no policy that a page can evaluate; names the file and what is wrong.
    pub fn read(path: &Path) -> Result<Self> {
        let place = || format!("{}", path.display());
        let bytes = fs::read(path).with_context(place)?;
        Self::parse(&bytes).with_context(place)
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let damaged = |error| anyhow!("not a safetensors file, or damaged or cut short: {error}");
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let noted = header.metadata().as_ref().and_then(|header| header.get("gr"));
        let noted: BTreeMap<String, String> =
            noted.and_then(|notes| serde_json::from_str(notes).ok()).unwrap_or_default();

        let has = |name: &str| tensors.tensor(name).is_ok();
        let (kind, first) = match (has("expert.0.weight"), has("gate.0.weight")) {
            (true, _) => (NetworkKind::SingleExpert, "expert.0.weight"),
            (false, true) => (NetworkKind::Routed, "diamond_expert.0.weight"),
            (false, false) => (NetworkKind::RoutedFixedGate, "diamond_expert.0.weight"),
        };
        let first = tensors.tensor(first).map_err(|_| anyhow!("not a policy of this program"))?;
        let &[inputs, hidden] = first.shape() else { bail!("its first layer has no two axes") };
        ensure!(
            (1..=WIDEST).contains(&hidden),
            "its layers are {hidden} wide, at most {WIDEST} are read"
        );
        let notes = notes(kind, inputs, hidden, &noted)?;

        let mut weights = Vec::new();
        for (layer, [inputs, outputs]) in layers(kind, inputs, hidden) {
            for (part, length) in [("weight", inputs * outputs), ("bias", outputs)] {
                let name = format!("{layer}.{part}");
                append(&mut weights, &tensors, &name, length)
                    .with_context(|| format!("tensor {name}"))?;
            }
        }
        let update = noted.get("update_idx").and_then(|text| text.parse().ok());
        Ok(Self { notes, update, weights })
    }
}

/// Name, inputs and outputs of every layer, in the order in which parameters are kept.
fn layers(kind: NetworkKind, inputs: usize, hidden: usize) -> Vec<(String, [usize; 2])> {
    let experts: &[&str] = match kind {
        NetworkKind::SingleExpert => &["expert"],
        NetworkKind::Routed | NetworkKind::RoutedFixedGate => &["diamond_expert", "ghost_expert"],
    };
    let mut layers = Vec::new();
    for expert in experts {
        layers.push((format!("{expert}.0"), [inputs, hidden]));
        layers.push((format!("{expert}.1"), [hidden, hidden]));
    }
    layers.push(("output".into(), [hidden, gr_grid::NUM_ACTIONS]));
    if kind == NetworkKind::Routed {
        layers.push(("gate.mixing".into(), [CHANNELS, CHANNELS]));
        layers.push(("gate.0".into(), [inputs, hidden]));
        layers.push(("gate.1".into(), [hidden, hidden]));
        layers.push(("gate.2".into(), [hidden, 1]));
    }
    layers
}

/// Adds the numbers of a tensor of `length`, rounded to 16 bits.
fn append(
    weights: &mut Vec<u8>,
    tensors: &SafeTensors<'_>,
    name: &str,
    length: usize,
) -> Result<()> {
    let tensor = tensors.tensor(name).map_err(|_| anyhow!("is missing"))?;
    ensure!(tensor.dtype() == Dtype::F32, "is of type {:?}, expected F32", tensor.dtype());
    let found = tensor.shape().iter().product::<usize>();
    ensure!(found == length, "has {found} numbers, expected {length}");
    for number in tensor.data().as_chunks::<4>().0 {
        let number = f32::from_le_bytes(*number);
        let bits = half_bits(number)
            .ok_or_else(|| anyhow!("has {number}, which has no place in 16 bits"))?;
        weights.extend(bits.to_le_bytes());
    }
    Ok(())
}

/// What a file notes of the environment, and the defaults of what it does not.
fn notes(
    kind: NetworkKind,
    inputs: usize,
    hidden: usize,
    noted: &BTreeMap<String, String>,
) -> Result<PolicyNotes> {
    let number = |name: &str, default: f64, least: f64, most: f64| match noted.get(name) {
        None => Ok(default),
        Some(text) => {
            let number = text.parse::<f64>().ok().filter(|number| (least..=most).contains(number));
            number.ok_or_else(|| {
                anyhow!("it says {name} = {text}, which is not from {least} to {most}")
            })
        }
    };
    let side = (inputs / CHANNELS).isqrt() as f64;
    let (rows, cols) = (number("rows", side, 2.0, 8.0)?, number("cols", side, 2.0, 8.0)?);
    let grid = Grid::new(rows as usize, cols as usize)?;
    let num_cells = grid.num_cells();
    ensure!(
        inputs == CHANNELS * num_cells,
        "it has {inputs} inputs, a grid of {rows} x {cols} has {}",
        4 * num_cells
    );
    let overseen_cells = match noted.get("overseer.cells") {
        None => None,
        Some(text) => match serde_json::from_str::<Vec<Cell>>(text) {
            Ok(cells) if cells.iter().all(|cell| usize::from(*cell) < num_cells) => Some(cells),
            _ => bail!(
                "it says overseer.cells = {text}, which is no list of cells below {num_cells}"
            ),
        },
    };
    Ok(PolicyNotes {
        kind,
        hidden,
        rows: grid.rows(),
        cols: grid.cols(),
        max_step: number("max_step", 32.0, 1.0, 1000.0)? as u32,
        discount: number("discount", 0.97, 0.0, 1.0)?,
        stale: noted.get("first_observation").is_some_and(|text| text == "stale"),
        sees_flags: number("flag_visibility", 1.0, 0.0, 1.0)? > 0.0,
        overseen_cells,
    })
}
