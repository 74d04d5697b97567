//! Tensors in a file, by name: our safetensors files and whatever `torch.save` writes. Knows nothing of policies.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use half::{bf16, f16};
use pytorch_reader::{PickleError, PytorchError, PytorchReader};
use safetensors::tensor::{Dtype, SafeTensors};

/// Key of the notes in a safetensors file's header.
pub(super) const NOTES: &str = "gr";

/// A file's tensors, and the notes that our own files carry.
pub(super) struct TensorFile {
    /// Tensors by dotted name.
    pub tensors: HashMap<String, StoredTensor>,
    /// What is known of the tensors; empty for files of other programs.
    pub notes: BTreeMap<String, String>,
}

/// A tensor as it is stored.
pub(super) struct StoredTensor {
    pub shape: Vec<usize>,
    /// The type of its numbers as the file names it.
    type_name: String,
    /// The same, where they are floating-point numbers.
    float_type: Option<Dtype>,
    data: Data,
}

enum Data {
    Read(Vec<u8>),
    InFile(pytorch_reader::Tensor),
}

impl TensorFile {
    /// Reads the file at `path`, of either format, whatever it is called.
    ///
    /// # Errors
    /// What is wrong with the file and what to do.
    pub fn read(path: &Path) -> Result<Self, String> {
        let cannot_read = |error| format!("cannot read: {error}");
        let file = std::fs::metadata(path).map_err(cannot_read)?;
        if file.is_dir() {
            return Err("it is a folder, not a file".into());
        }
        if file.len() == 0 {
            return Err("the file is empty".into());
        }
        let mut start = Vec::new();
        File::open(path)
            .and_then(|file| file.take(9).read_to_end(&mut start))
            .map_err(cannot_read)?;
        // A safetensors file begins with the length of its header, which is a JSON object.
        let is_safetensors = path.extension().is_some_and(|extension| extension == "safetensors");
        let is_pytorch = start.starts_with(b"PK") || start.first() == Some(&0x80);
        if start.get(8) == Some(&b'{') || is_safetensors && !is_pytorch {
            return Self::from_safetensors(&std::fs::read(path).map_err(cannot_read)?);
        }
        let reader = PytorchReader::new(path).map_err(|error| not_pytorch(&error))?;
        Ok(Self {
            tensors: reader.into_tensors().into_iter().map(|(name, t)| (name, t.into())).collect(),
            notes: BTreeMap::new(),
        })
    }

    fn from_safetensors(bytes: &[u8]) -> Result<Self, String> {
        let problem = |error: safetensors::SafeTensorError| {
            format!("not a safetensors file, or damaged or cut short: {error}")
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(problem)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(problem)?;
        let notes = header.metadata().as_ref().and_then(|header| header.get(NOTES));
        let stored = |view: safetensors::tensor::TensorView| StoredTensor {
            shape: view.shape().to_vec(),
            type_name: format!("{:?}", view.dtype()),
            float_type: Some(view.dtype()),
            data: Data::Read(view.data().to_vec()),
        };
        Ok(Self {
            tensors: tensors.iter().map(|(name, view)| (name.into(), stored(view))).collect(),
            notes: notes.and_then(|notes| serde_json::from_str(notes).ok()).unwrap_or_default(),
        })
    }
}

impl From<pytorch_reader::Tensor> for StoredTensor {
    fn from(tensor: pytorch_reader::Tensor) -> Self {
        use pytorch_reader::DType;
        let float_type = match tensor.dtype() {
            DType::F64 => Some(Dtype::F64),
            DType::F32 => Some(Dtype::F32),
            DType::F16 => Some(Dtype::F16),
            DType::BF16 => Some(Dtype::BF16),
            _ => None,
        };
        Self {
            shape: tensor.shape().to_vec(),
            type_name: format!("{:?}", tensor.dtype()),
            float_type,
            data: Data::InFile(tensor),
        }
    }
}

impl StoredTensor {
    /// A tensor of 32-bit floats, for tests.
    #[cfg(test)]
    pub fn of_floats(shape: &[usize], values: &[f32]) -> Self {
        Self {
            shape: shape.to_vec(),
            type_name: "F32".into(),
            float_type: Some(Dtype::F32),
            data: Data::Read(values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        }
    }

    /// Bytes that its numbers take, as the file says.
    pub fn num_bytes(&self) -> u64 {
        match &self.data {
            Data::Read(bytes) => bytes.len() as u64,
            Data::InFile(tensor) => tensor.byte_len() as u64,
        }
    }

    /// Its numbers as 32-bit floats, row-major. Those of 16 bits are exact, those of 64 are rounded as PyTorch's
    /// `float()` does.
    ///
    /// # Errors
    /// If they are not floating-point numbers, or cannot be read.
    pub fn floats(&self) -> Result<Vec<f32>, String> {
        let read;
        let bytes = match &self.data {
            Data::Read(bytes) => bytes,
            Data::InFile(tensor) => {
                read = tensor.read().map_err(|error| format!("cannot be read: {error}"))?;
                &read
            }
        };
        Ok(match self.float_type {
            Some(Dtype::F32) => numbers(bytes, f32::from_le_bytes),
            Some(Dtype::F64) => numbers(bytes, |word| f64::from_le_bytes(word) as f32),
            Some(Dtype::F16) => numbers(bytes, |word| f16::from_le_bytes(word).to_f32()),
            Some(Dtype::BF16) => numbers(bytes, |word| bf16::from_le_bytes(word).to_f32()),
            _ => {
                let found = &self.type_name;
                return Err(format!(
                    "is of type {found}, expected F32, F64, F16 or BF16: convert it with .float() before saving"
                ));
            }
        })
    }
}

fn numbers<const SIZE: usize>(bytes: &[u8], number: fn([u8; SIZE]) -> f32) -> Vec<f32> {
    bytes.as_chunks::<SIZE>().0.iter().map(|word| number(*word)).collect()
}

/// Which property of a PyTorch file a file lacks, and what to do.
fn not_pytorch(error: &PytorchError) -> String {
    let save = "save the weights alone: torch.save(model.state_dict(), \"policy.pt\")";
    match error {
        PytorchError::Pickle(PickleError::UnsupportedType(name)) => {
            format!("it holds an object of type {name}, which cannot be read; {save}")
        }
        PytorchError::InvalidFormat(reason) => {
            format!("not a PyTorch state dict: {reason}; {save}")
        }
        PytorchError::Zip(error) => {
            format!("a zip archive that is damaged or cut short ({error}); save or copy it again")
        }
        PytorchError::Io(error) | PytorchError::Pickle(PickleError::Io(error)) => {
            format!("damaged or cut short ({error}); save or copy it again")
        }
        error => format!("not a PyTorch state dict: {error}; {save}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_other_widths_become_32_bit_floats_and_whole_numbers_do_not() {
        let values = [1.5f32, -0.25, 3e4, 0.0];
        let tensor = |float_type: Dtype, bytes: Vec<u8>| {
            let type_name = format!("{float_type:?}");
            StoredTensor {
                shape: vec![4],
                type_name,
                float_type: Some(float_type),
                data: Data::Read(bytes),
            }
        };
        let as_bytes =
            |number: &dyn Fn(f32) -> Vec<u8>| values.into_iter().flat_map(number).collect();
        for (float_type, bytes) in [
            (Dtype::F64, as_bytes(&|v| f64::from(v).to_le_bytes().to_vec())),
            (Dtype::F32, as_bytes(&|v| v.to_le_bytes().to_vec())),
            (Dtype::F16, as_bytes(&|v| f16::from_f32(v).to_le_bytes().to_vec())),
        ] {
            assert_eq!(tensor(float_type, bytes).floats(), Ok(values.to_vec()), "{float_type:?}");
        }
        let coarse = as_bytes(&|v| bf16::from_f32(v).to_le_bytes().to_vec());
        let coarse = tensor(Dtype::BF16, coarse).floats().unwrap();
        assert_eq!(coarse, values.map(|v| bf16::from_f32(v).to_f32()));
        let fine = tensor(Dtype::F64, 0.1f64.to_le_bytes().to_vec()).floats();
        assert_eq!(fine, Ok(vec![0.1f32]));
        let error = tensor(Dtype::I32, vec![0; 16]).floats().unwrap_err();
        assert!(error.contains("type I32, expected F32") && error.contains(".float()"), "{error}");
    }
}
