//! Saved policies: our safetensors files, and PyTorch state dicts with the published code's
//! parameter names.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::architecture::{Architecture, NUM_CHANNELS, NetworkKind};

/// A policy on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedPolicy {
    /// Kind and sizes.
    pub architecture: Architecture,
    /// Parameters in the architecture's order, weights `[inputs, outputs]`.
    pub parameters: Vec<Vec<f32>>,
    /// What is known of it: run, method, update, grid. Empty for PyTorch files.
    pub notes: BTreeMap<String, String>,
}

/// Why a file is no policy.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", .path.display())]
pub struct PolicyFileError {
    path: PathBuf,
    reason: String,
}

/// Tensors by name: shape and values.
type NamedTensors = HashMap<String, (Vec<usize>, Vec<f32>)>;

/// Key of the notes in the file's header.
const NOTES: &str = "gr";

const ACCEPTED: &str = "accepted are policies saved by gr-sweep (.safetensors) and PyTorch state \
                        dicts of the published code (.pt)";

impl SavedPolicy {
    /// As the bytes of a safetensors file, with further tensors that readers may ignore.
    pub fn to_bytes(&self, further: &[(String, Vec<f32>)]) -> Vec<u8> {
        let bytes =
            |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|v| v.to_le_bytes()).collect() };
        let names = self.architecture.parameter_names();
        let shapes = self.architecture.parameter_shapes();
        let own = names
            .into_iter()
            .zip(shapes)
            .zip(&self.parameters)
            .map(|((name, shape), values)| (name, shape.to_vec(), bytes(values)));
        let further =
            further.iter().map(|(name, values)| (name.clone(), vec![values.len()], bytes(values)));
        let parts: Vec<(String, Vec<usize>, Vec<u8>)> = own.chain(further).collect();
        // One entry only: the header keeps several in no particular order, and equal policies must be
        // equal files.
        let notes = serde_json::to_string(&self.notes).expect("notes are text");
        let header = HashMap::from([(NOTES.to_string(), notes)]);
        let views = parts.iter().map(|(name, shape, bytes)| {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
            (name.clone(), view.expect("parameters have their architecture's shapes"))
        });
        safetensors::serialize(views, Some(header)).expect("names are distinct")
    }

    /// Reads a policy file of either kind.
    ///
    /// # Errors
    /// If it cannot be read, is no state dict, or lacks a tensor or has one of another shape.
    pub fn read(path: &Path) -> Result<Self, PolicyFileError> {
        let error = |reason: String| PolicyFileError { path: path.into(), reason };
        let is_safetensors = path.extension().is_some_and(|e| e == "safetensors");
        let read = if is_safetensors { read_safetensors(path) } else { read_pytorch(path) };
        let (tensors, notes) = read.map_err(&error)?;
        let own = tensors.contains_key("output.weight");
        Self::from_tensors(tensors, own, notes).map_err(error)
    }

    fn from_tensors(
        tensors: NamedTensors,
        own: bool,
        notes: BTreeMap<String, String>,
    ) -> Result<Self, String> {
        let has = |name: &str| tensors.contains_key(name);
        let (kind, first) = match own {
            true if has("expert.0.weight") => (NetworkKind::SingleExpert, "expert.0.weight"),
            true if has("gate.0.weight") => (NetworkKind::Routed, "diamond_expert.0.weight"),
            true => (NetworkKind::RoutedFixedGate, "diamond_expert.0.weight"),
            false if has("neural_net.1.1.layers.0.weight") => {
                (NetworkKind::SingleExpert, "neural_net.1.1.layers.0.weight")
            }
            false if has("gating.0.weight") => {
                (NetworkKind::Routed, "diamond_expert.1.layers.0.weight")
            }
            false => {
                let mut names: Vec<&str> = tensors.keys().map(String::as_str).collect();
                names.sort_unstable();
                names.truncate(6);
                return Err(format!(
                    "not a policy: its tensors are {}; {ACCEPTED}",
                    names.join(", ")
                ));
            }
        };
        let (shape, _) = tensors.get(first).ok_or_else(|| format!("tensor {first} is missing"))?;
        let &[a, b] = shape.as_slice() else {
            return Err(format!("tensor {first} has shape {shape:?}, not two axes"));
        };
        let (inputs, hidden) = if own { (a, b) } else { (b, a) };
        let num_cells = inputs / NUM_CHANNELS;
        if inputs % NUM_CHANNELS != 0 || !(4..=64).contains(&num_cells) || hidden == 0 {
            let accepted = "4 inputs per cell of a grid of 4 to 64 cells";
            return Err(format!("tensor {first} has shape {shape:?}; expected {accepted}"));
        }
        let architecture = Architecture { kind, num_cells, hidden };
        let parameters = architecture
            .parameter_names()
            .iter()
            .zip(architecture.parameter_shapes())
            .map(|(name, shape)| {
                let stored = if own { name.clone() } else { pytorch_name(kind, name) };
                take(&tensors, &stored, shape, own)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { architecture, parameters, notes })
    }
}

/// The values of one parameter, transposed where PyTorch keeps `[outputs, inputs]`.
fn take(
    tensors: &NamedTensors,
    stored: &str,
    [inputs, outputs]: [usize; 2],
    own: bool,
) -> Result<Vec<f32>, String> {
    let is_bias = stored.ends_with(".bias");
    let (shape, values) =
        tensors.get(stored).ok_or_else(|| format!("tensor {stored} is missing; {ACCEPTED}"))?;
    let expected = match (own, is_bias) {
        (true, _) => vec![inputs, outputs],
        (false, true) => vec![outputs],
        (false, false) => vec![outputs, inputs],
    };
    // A 1×1 convolution has two axes of length 1 behind the others.
    let is_convolution = !own && !is_bias && shape[..] == [expected[0], expected[1], 1, 1];
    if *shape != expected && !is_convolution {
        return Err(format!("tensor {stored} has shape {shape:?}, expected {expected:?}"));
    }
    if values.iter().any(|value| !value.is_finite()) {
        return Err(format!("tensor {stored} has values that are no numbers"));
    }
    if own || is_bias {
        return Ok(values.clone());
    }
    Ok((0..inputs * outputs).map(|i| values[i % outputs * inputs + i / outputs]).collect())
}

/// The published code's name of one of the parameters of a network of `kind`.
///
/// # Panics
/// If no policy network has a parameter called `name`.
pub fn pytorch_name(kind: NetworkKind, name: &str) -> String {
    let (layer, part) = name.rsplit_once('.').unwrap_or((name, ""));
    let (network, index) = layer.rsplit_once('.').unwrap_or((layer, ""));
    match network {
        "output" if kind == NetworkKind::SingleExpert => format!("neural_net.2.{part}"),
        "output" => format!("shared_output.{part}"),
        "expert" => format!("neural_net.1.1.layers.{index}.{part}"),
        "diamond_expert" | "ghost_expert" => format!("{network}.1.layers.{index}.{part}"),
        "gate" if index == "mixing" => format!("gating.0.{part}"),
        "gate" => format!("gating.2.layers.{index}.{part}"),
        _ => unreachable!("{name} is looked up by its network"),
    }
}

fn read_safetensors(path: &Path) -> Result<(NamedTensors, BTreeMap<String, String>), String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read: {error}"))?;
    let problem = |error| format!("not a safetensors file: {error}; {ACCEPTED}");
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(problem)?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(problem)?;
    let mut named = NamedTensors::new();
    for (name, view) in tensors.iter() {
        if view.dtype() != Dtype::F32 {
            return Err(format!("tensor {name} is of type {:?}, expected F32", view.dtype()));
        }
        named.insert(name.into(), (view.shape().to_vec(), floats(view.data())));
    }
    let notes = header.metadata().as_ref().and_then(|header| header.get(NOTES));
    let notes = notes.and_then(|notes| serde_json::from_str(notes).ok()).unwrap_or_default();
    Ok((named, notes))
}

fn read_pytorch(path: &Path) -> Result<(NamedTensors, BTreeMap<String, String>), String> {
    // The reader's own error for a missing file speaks of archives.
    let length = std::fs::metadata(path).map_err(|error| format!("cannot read: {error}"))?.len();
    let reader = pytorch_reader::PytorchReader::new(path)
        .map_err(|error| format!("not a PyTorch state dict: {error}; {ACCEPTED}"))?;
    // PyTorch neither compresses numbers nor, in a policy, shares them. A file may claim otherwise.
    let bytes = reader.tensors().values().map(|tensor| tensor.byte_len() as u64);
    let bytes = bytes.fold(0, u64::saturating_add);
    if bytes > length {
        return Err(format!("its tensors are {bytes} bytes, the file {length}; {ACCEPTED}"));
    }
    let mut named = NamedTensors::new();
    for (name, tensor) in reader.tensors() {
        if tensor.dtype() != pytorch_reader::DType::F32 {
            return Err(format!("tensor {name} is of type {:?}, expected F32", tensor.dtype()));
        }
        let bytes = tensor.read().map_err(|error| format!("tensor {name}: {error}"))?;
        named.insert(name.clone(), (tensor.shape().to_vec(), floats(&bytes)));
    }
    Ok((named, BTreeMap::new()))
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(kind: NetworkKind) -> SavedPolicy {
        let architecture = Architecture { kind, num_cells: 6, hidden: 5 };
        let notes = BTreeMap::from([("rows".to_string(), "2".to_string())]);
        SavedPolicy { architecture, parameters: architecture.initial_parameters(3), notes }
    }

    fn tensors(policy: &SavedPolicy) -> NamedTensors {
        let names = policy.architecture.parameter_names().into_iter();
        let shapes = policy.architecture.parameter_shapes().into_iter().map(|s| s.to_vec());
        names.zip(shapes.zip(policy.parameters.iter().cloned())).collect()
    }

    #[test]
    fn every_network_survives_its_file_and_equal_policies_are_equal_files() {
        let folder = std::env::temp_dir().join(format!("gr-policy-file-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for kind in [NetworkKind::SingleExpert, NetworkKind::Routed, NetworkKind::RoutedFixedGate] {
            let policy = saved(kind);
            let further = [("value.0.bias".to_string(), vec![1.0, 2.0])];
            let path = folder.join("policy.safetensors");
            std::fs::write(&path, policy.to_bytes(&further)).unwrap();
            assert_eq!(SavedPolicy::read(&path).unwrap(), policy);
            assert_eq!(policy.to_bytes(&further), saved(kind).to_bytes(&further));
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn tensors_that_are_missing_misshapen_or_no_numbers_are_named() {
        let good = tensors(&saved(NetworkKind::Routed));
        let refused = |change: &dyn Fn(&mut NamedTensors)| {
            let mut tensors = good.clone();
            change(&mut tensors);
            SavedPolicy::from_tensors(tensors, true, BTreeMap::new()).unwrap_err()
        };
        let missing = refused(&|tensors| drop(tensors.remove("gate.1.bias")));
        assert!(missing.contains("gate.1.bias is missing"), "{missing}");
        let misshapen = refused(&|tensors| {
            tensors.insert("ghost_expert.1.weight".into(), (vec![5, 4], vec![0.0; 20]));
        });
        assert!(
            misshapen.contains("ghost_expert.1.weight has shape [5, 4], expected [5, 5]"),
            "{misshapen}"
        );
        let no_number = refused(&|tensors| {
            tensors.get_mut("output.bias").unwrap().1[2] = f32::NAN;
        });
        assert!(no_number.contains("output.bias has values that are no numbers"), "{no_number}");
        let other_inputs = refused(&|tensors| {
            tensors.insert("diamond_expert.0.weight".into(), (vec![10, 5], vec![0.0; 50]));
        });
        assert!(other_inputs.contains("4 inputs per cell"), "{other_inputs}");
        let other: NamedTensors = HashMap::from([("layer.weight".into(), (vec![1], vec![0.0]))]);
        let error = SavedPolicy::from_tensors(other, false, BTreeMap::new()).unwrap_err();
        assert!(error.contains("not a policy") && error.contains("layer.weight"), "{error}");
    }
}
