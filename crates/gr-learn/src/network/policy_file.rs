//! Saved policies: our safetensors files, and PyTorch state dicts with the published code's parameter names,
//! wherever in a checkpoint they lie.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, TensorView};

use super::architecture::{Architecture, NUM_CHANNELS};
use super::policy_place::{NamedTensors, Place};
use super::tensor_file::{NOTES, StoredTensor, TensorFile};

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

/// What PyTorch's wrappers (`DataParallel`, `torch.compile`) put between the parts of a parameter's name.
const WRAPPERS: [&str; 2] = ["module", "_orig_mod"];

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

    /// Reads a policy file of either format. A policy may lie anywhere in a checkpoint, under one prefix
    /// (`state_dict.`, `model.`, ..), and be wrapped as `torch.compile` and `DataParallel` do: there is nothing
    /// to guess as long as the file holds one.
    ///
    /// # Errors
    /// If it cannot be read, holds no policy or several, or one with a tensor missing or of another shape or
    /// type.
    pub fn read(path: &Path) -> Result<Self, PolicyFileError> {
        let error = |reason: String| PolicyFileError { path: path.into(), reason };
        let length = std::fs::metadata(path).map_or(0, |file| file.len());
        let TensorFile { tensors, notes } = TensorFile::read(path).map_err(error)?;
        Self::from_tensors(tensors, length, notes).map_err(error)
    }

    fn from_tensors(
        tensors: NamedTensors,
        file_length: u64,
        notes: BTreeMap<String, String>,
    ) -> Result<Self, String> {
        let tensors = unwrapped(tensors)?;
        let place = Place::find(&tensors)?;
        let stored = place.stored(&tensors)?;
        // PyTorch neither compresses numbers nor, in a policy, shares them. A file may claim otherwise.
        let bytes =
            stored.iter().map(|(_, tensor)| tensor.num_bytes()).fold(0, u64::saturating_add);
        if bytes > file_length {
            return Err(format!(
                "its tensors are {bytes} bytes, the file {file_length}: damaged or cut short"
            ));
        }

        let (first, tensor) = &stored[0];
        let shape = &tensor.shape;
        let &[a, b] = shape.as_slice() else {
            return Err(format!("tensor {first} has shape {shape:?}, not two axes"));
        };
        let (inputs, hidden) = if place.naming.own { (a, b) } else { (b, a) };
        let num_cells = inputs / NUM_CHANNELS;
        if inputs % NUM_CHANNELS != 0 || !(4..=64).contains(&num_cells) || hidden == 0 {
            let accepted = "4 inputs per cell of a grid of 4 to 64 cells";
            return Err(format!("tensor {first} has shape {shape:?}; expected {accepted}"));
        }
        let architecture = Architecture { kind: place.naming.kind, num_cells, hidden };
        let shapes = architecture.parameter_shapes();
        let parameters = stored.iter().zip(shapes);
        let parameters = parameters
            .map(|((name, tensor), shape)| values(name, tensor, shape, place.naming.own))
            .collect::<Result<_, _>>()?;
        Ok(Self { architecture, parameters, notes })
    }
}

/// Tensors without PyTorch's wrappers in their names.
fn unwrapped(tensors: NamedTensors) -> Result<NamedTensors, String> {
    let mut plain = NamedTensors::new();
    for (name, tensor) in tensors {
        let parts = name.split('.').filter(|part| !WRAPPERS.contains(part));
        let short = parts.collect::<Vec<_>>().join(".");
        if plain.insert(short, tensor).is_some() {
            return Err(format!("it holds {name} twice, wrapped and not; save one of them alone"));
        }
    }
    Ok(plain)
}

/// The values of one parameter, transposed where PyTorch keeps `[outputs, inputs]`.
fn values(
    name: &str,
    tensor: &StoredTensor,
    [inputs, outputs]: [usize; 2],
    own: bool,
) -> Result<Vec<f32>, String> {
    let is_bias = name.ends_with(".bias");
    let shape = &tensor.shape;
    let expected = match (own, is_bias) {
        (true, _) => vec![inputs, outputs],
        (false, true) => vec![outputs],
        (false, false) => vec![outputs, inputs],
    };
    // A 1×1 convolution has two axes of length 1 behind the others.
    let is_convolution = !own && !is_bias && shape[..] == [expected[0], expected[1], 1, 1];
    if *shape != expected && !is_convolution {
        return Err(format!("tensor {name} has shape {shape:?}, expected {expected:?}"));
    }
    let values = tensor.floats().map_err(|reason| format!("tensor {name} {reason}"))?;
    if values.iter().any(|value| !value.is_finite()) {
        return Err(format!("tensor {name} has values that are no numbers"));
    }
    if own || is_bias {
        return Ok(values);
    }
    Ok((0..inputs * outputs).map(|i| values[i % outputs * inputs + i / outputs]).collect())
}

#[cfg(test)]
mod tests {
    use super::super::architecture::NetworkKind;
    use super::*;

    fn saved(kind: NetworkKind) -> SavedPolicy {
        let architecture = Architecture { kind, num_cells: 6, hidden: 5 };
        let notes = BTreeMap::from([("rows".to_string(), "2".to_string())]);
        SavedPolicy { architecture, parameters: architecture.initial_parameters(3), notes }
    }

    fn tensors(policy: &SavedPolicy) -> NamedTensors {
        let names = policy.architecture.parameter_names().into_iter();
        let shapes = policy.architecture.parameter_shapes().into_iter();
        let stored = shapes.zip(&policy.parameters);
        names.zip(stored.map(|(shape, values)| StoredTensor::of_floats(&shape, values))).collect()
    }

    fn read(tensors: NamedTensors) -> Result<SavedPolicy, String> {
        SavedPolicy::from_tensors(tensors, u64::MAX, BTreeMap::new())
    }

    /// The tensors of a policy under other names.
    fn renamed(policy: &SavedPolicy, name: impl Fn(String) -> String) -> NamedTensors {
        tensors(policy).into_iter().map(|(old, tensor)| (name(old), tensor)).collect()
    }

    #[test]
    fn every_network_survives_its_file_and_equal_policies_are_equal_files() {
        let folder = std::env::temp_dir().join(format!("gr-policy-file-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for kind in NetworkKind::ALL {
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
        let refused = |change: &dyn Fn(&mut NamedTensors)| {
            let mut tensors = tensors(&saved(NetworkKind::Routed));
            change(&mut tensors);
            read(tensors).unwrap_err()
        };
        for name in ["gate.1.bias", "diamond_expert.0.weight", "gate.0.weight", "output.weight"] {
            let missing = refused(&|tensors| drop(tensors.remove(name)));
            assert!(missing.contains(&format!("{name} is missing: 17 of the 18")), "{missing}");
        }
        let misshapen = refused(&|tensors| {
            let misshapen = StoredTensor::of_floats(&[5, 4], &[0.0; 20]);
            tensors.insert("ghost_expert.1.weight".into(), misshapen);
        });
        assert!(
            misshapen.contains("ghost_expert.1.weight has shape [5, 4], expected [5, 5]"),
            "{misshapen}"
        );
        let no_number = refused(&|tensors| {
            let no_number = StoredTensor::of_floats(&[1, 4], &[0.0, 0.0, f32::NAN, 0.0]);
            tensors.insert("output.bias".into(), no_number);
        });
        assert!(no_number.contains("output.bias has values that are no numbers"), "{no_number}");
        let other_inputs = refused(&|tensors| {
            let other = StoredTensor::of_floats(&[10, 5], &[0.0; 50]);
            tensors.insert("diamond_expert.0.weight".into(), other);
        });
        assert!(other_inputs.contains("4 inputs per cell"), "{other_inputs}");
        let other = StoredTensor::of_floats(&[1], &[0.0]);
        let error = read(HashMap::from([("layer.weight".into(), other)])).unwrap_err();
        assert!(error.contains("not a policy") && error.contains("layer.weight"), "{error}");
    }
    #[test]
    fn a_policy_is_found_under_any_one_prefix_and_in_any_wrapper() {
        for kind in NetworkKind::ALL {
            let policy = saved(kind);
            let expected = Ok(policy.parameters.clone());
            for prefix in
                ["module.", "_orig_mod.", "_orig_mod.module.", "state_dict.", "a.b._orig_mod."]
            {
                let mut tensors = renamed(&policy, |name| format!("{prefix}{name}"));
                tensors.insert("optimizer.step".into(), StoredTensor::of_floats(&[1], &[3.0]));
                assert_eq!(
                    read(tensors).map(|read| read.parameters),
                    expected,
                    "{kind:?} {prefix}"
                );
            }
            let inside = renamed(&policy, |name| name.replacen('.', "._orig_mod.", 1));
            assert_eq!(read(inside).map(|read| read.parameters), expected, "{kind:?}");
        }
    }

    #[test]
    fn which_of_two_policies_is_meant_is_not_guessed() {
        let policy = saved(NetworkKind::SingleExpert);
        let mut two = renamed(&policy, |name| format!("model.{name}"));
        two.extend(renamed(&policy, |name| format!("average.module.{name}")));
        let error = read(two).unwrap_err();
        assert!(error.contains("2 policies, at \"average...\" and \"model...\""), "{error}");
        let mut twice = renamed(&policy, |name| format!("module.{name}"));
        twice.extend(tensors(&policy));
        let error = read(twice).unwrap_err();
        assert!(error.contains("twice, wrapped and not"), "{error}");
        // A part of another one beside it leaves no doubt.
        let mut beside = tensors(&policy);
        beside.insert("old.output.bias".into(), StoredTensor::of_floats(&[1, 4], &[0.0; 4]));
        assert_eq!(read(beside).map(|read| read.parameters), Ok(policy.parameters));
    }
}
