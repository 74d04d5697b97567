//! Where tensors live: the backends that can be chosen at run time.

use std::fmt;
use std::str::FromStr;

use burn::tensor::{Device, Int, Tensor, TensorData};
use gr_runs::ConfigError;

use super::{failure, fault, traffic};

/// A device as asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A real GPU if there is one, else the CPU; never a software adapter.
    #[default]
    Auto,
    /// burn-flex.
    Cpu,
    /// burn-ndarray, kept for comparison.
    NdArray,
    /// The given adapter, or the best one, through wgpu.
    Wgpu(Option<usize>),
}

impl FromStr for DeviceChoice {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "ndarray" => Ok(Self::NdArray),
            "wgpu" => Ok(Self::Wgpu(None)),
            _ => match text.strip_prefix("wgpu:").map(str::parse) {
                Some(Ok(adapter)) => Ok(Self::Wgpu(Some(adapter))),
                Some(Err(_)) => Err(ConfigError::value(
                    "--device",
                    text,
                    "wgpu:N with the number of an adapter, as in wgpu:0, or wgpu for the best one",
                )),
                None => Err(ConfigError::unknown_name(
                    "device",
                    text,
                    &["auto", "cpu", "ndarray", "wgpu", "wgpu:N"],
                )),
            },
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::NdArray => f.write_str("ndarray"),
            Self::Wgpu(None) => f.write_str("wgpu"),
            Self::Wgpu(Some(adapter)) => write!(f, "wgpu:{adapter}"),
        }
    }
}

/// Why a device cannot be used.
#[derive(Debug, thiserror::Error)]
#[allow(dead_code, reason = "which of them occur depends on the features")]
pub enum DeviceError {
    /// No adapter answers.
    #[error(
        "no wgpu adapter found; install the GPU vendor's driver, or on Linux a software Vulkan \
         driver (Debian and Ubuntu: `apt-get install mesa-vulkan-drivers`), or use --device cpu"
    )]
    NoAdapter,
    /// There are fewer adapters than that.
    #[error("device wgpu:{index} does not exist; adapters: {found}")]
    NoSuchAdapter {
        /// The index asked for.
        index: usize,
        /// What there is.
        found: String,
    },
    /// This build lacks the backend.
    #[error("this build has no {0} backend; build with the default features, or use --device cpu")]
    NotBuilt(&'static str),
}

/// An opened device.
#[derive(Clone, Debug)]
pub struct ComputeDevice {
    /// Burn's handle.
    pub device: Device,
    /// `cpu`, `ndarray` or `wgpu`.
    pub backend: &'static str,
    /// Name of the hardware, and what is not the default of how a GPU's kernels are made.
    pub adapter: String,
    /// Whether whole run batches go to it at once. A CPU gets one run per thread instead.
    pub is_gpu: bool,
    /// Whether it is a driver that computes on the CPU.
    pub is_software: bool,
    /// Bytes of the largest tensor that a kernel can be given.
    pub largest_tensor: usize,
}

impl ComputeDevice {
    /// Opens a device.
    ///
    /// # Errors
    /// If wgpu was asked for and has no such adapter.
    pub fn open(choice: DeviceChoice) -> Result<Self, DeviceError> {
        match choice {
            DeviceChoice::Auto => Ok(gpu::real().unwrap_or_else(Self::cpu)),
            DeviceChoice::Cpu => Ok(Self::cpu()),
            DeviceChoice::NdArray => Self::ndarray(),
            DeviceChoice::Wgpu(index) => gpu::open(index),
        }
    }

    /// The CPU through burn-flex.
    pub fn cpu() -> Self {
        Self::on_cpu(Device::flex(), "cpu")
    }

    #[cfg(feature = "ndarray")]
    #[expect(deprecated, reason = "offered for comparison for as long as Burn has it")]
    fn ndarray() -> Result<Self, DeviceError> {
        Ok(Self::on_cpu(Device::ndarray(), "ndarray"))
    }

    #[cfg(not(feature = "ndarray"))]
    fn ndarray() -> Result<Self, DeviceError> {
        Err(DeviceError::NotBuilt("ndarray"))
    }

    fn on_cpu(device: Device, backend: &'static str) -> Self {
        let adapter = cpu_name().unwrap_or_else(|| std::env::consts::ARCH.into());
        let largest_tensor = usize::MAX;
        Self { device, backend, adapter, is_gpu: false, is_software: false, largest_tensor }
    }

    /// A tensor of floats on this device.
    pub(crate) fn floats<const D: usize>(&self, values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
        self.count_sent(size_of_val(&values[..]));
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }

    /// A list of numbers on this device.
    pub(crate) fn numbers(&self, values: Vec<i32>) -> Tensor<1, Int> {
        self.count_sent(size_of_val(&values[..]));
        let shape = [values.len()];
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }

    fn count_sent(&self, bytes: usize) {
        if self.is_gpu {
            traffic::sent(bytes);
        }
    }

    /// A tensor's values, row-major.
    pub(crate) fn read<const D: usize>(&self, tensor: Tensor<D>) -> Vec<f32> {
        fault::transfer(tensor.shape().num_elements() * size_of::<f32>());
        let data = tensor.try_into_data().unwrap_or_else(|error| failure::fail(error));
        let values: Vec<f32> = data.try_into_vec().expect("the tensor holds 32-bit floats");
        if self.is_gpu {
            traffic::read_back(size_of_val(&values[..]));
        }
        values
    }
}

/// The processor as Linux names it.
fn cpu_name() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().into())
}

#[cfg(not(feature = "wgpu"))]
mod gpu {
    use super::{ComputeDevice, DeviceError};

    pub fn real() -> Option<ComputeDevice> {
        None
    }

    pub fn open(_index: Option<usize>) -> Result<ComputeDevice, DeviceError> {
        Err(DeviceError::NotBuilt("wgpu"))
    }
}

#[cfg(feature = "wgpu")]
mod gpu {
    use burn::tensor::wgpu::wgpu::{
        AdapterInfo, Backend, DeviceType, Instance, InstanceDescriptor, Limits,
    };
    use burn::tensor::{Device, DeviceKind};

    use super::{ComputeDevice, DeviceError, traffic};

    /// Said beside the adapter's name, because other kernels give other bits.
    const KERNELS: &str = match (cfg!(feature = "autotune"), cfg!(feature = "fusion")) {
        (false, false) => "",
        (true, false) => " (autotune)",
        (false, true) => " (fusion)",
        (true, true) => " (autotune, fusion)",
    };

    /// What there is to compute on.
    struct Adapter {
        info: AdapterInfo,
        limits: Limits,
    }

    /// The first real GPU.
    pub fn real() -> Option<ComputeDevice> {
        let adapters = adapters();
        let index = adapters.iter().position(is_real)?;
        device(&adapters, index)
    }

    /// The adapter at `index`, or a real GPU if there is one, or any.
    pub fn open(index: Option<usize>) -> Result<ComputeDevice, DeviceError> {
        let adapters = adapters();
        if adapters.is_empty() {
            return Err(DeviceError::NoAdapter);
        }
        let chosen = index.unwrap_or_else(|| adapters.iter().position(is_real).unwrap_or(0));
        device(&adapters, chosen).ok_or_else(|| DeviceError::NoSuchAdapter {
            index: chosen,
            found: adapters
                .iter()
                .enumerate()
                .map(|(index, adapter)| format!("wgpu:{index} {}", adapter.info.name))
                .collect::<Vec<_>>()
                .join(", "),
        })
    }

    fn is_real(adapter: &Adapter) -> bool {
        !matches!(adapter.info.device_type, DeviceType::Cpu | DeviceType::Other)
    }

    /// Adapters of the first graphics API that has any, as Burn's own selection goes.
    fn adapters() -> Vec<Adapter> {
        let apis = [Backend::Vulkan, Backend::Metal, Backend::Dx12];
        let of_api = |api: Backend| -> Vec<Adapter> {
            let instance = Instance::new(InstanceDescriptor {
                backends: api.into(),
                ..InstanceDescriptor::new_without_display_handle()
            });
            let found = futures_lite::future::block_on(instance.enumerate_adapters(api.into()));
            found.iter().map(|a| Adapter { info: a.get_info(), limits: a.limits() }).collect()
        };
        apis.into_iter().map(of_api).find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// Burn counts adapters within their kind.
    fn device(adapters: &[Adapter], index: usize) -> Option<ComputeDevice> {
        let Adapter { info: adapter, limits } = adapters.get(index)?;
        let before = &adapters[..index];
        let within = before.iter().filter(|a| a.info.device_type == adapter.device_type).count();
        let kind = match adapter.device_type {
            DeviceType::DiscreteGpu => DeviceKind::DiscreteGpu(within),
            DeviceType::IntegratedGpu => DeviceKind::IntegratedGpu(within),
            DeviceType::VirtualGpu => DeviceKind::VirtualGpu(within),
            DeviceType::Cpu => DeviceKind::Cpu,
            DeviceType::Other => DeviceKind::DefaultDevice,
        };
        traffic::count_launches();
        let largest = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        Some(ComputeDevice {
            device: Device::wgpu(kind),
            backend: "wgpu",
            adapter: format!("{}{KERNELS}", adapter.name),
            is_gpu: true,
            is_software: adapter.device_type == DeviceType::Cpu,
            largest_tensor: usize::try_from(largest).unwrap_or(usize::MAX),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_names_parse_back_and_unknown_ones_name_the_nearest() {
        for text in ["auto", "cpu", "ndarray", "wgpu", "wgpu:3"] {
            assert_eq!(text.parse::<DeviceChoice>().unwrap().to_string(), text);
        }
        for text in ["gpu", "cuda", "wgp", ""] {
            let error = text.parse::<DeviceChoice>().unwrap_err().to_string();
            assert!(error.contains("ndarray"), "{error}");
            assert!(text.is_empty() || error.contains("did you mean \"wgpu\"?"), "{error}");
        }
        for text in ["wgpu:", "wgpu:x", "wgpu:-1"] {
            let error = text.parse::<DeviceChoice>().unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("wgpu:0"), "{error}");
        }
    }

    #[test]
    fn auto_never_takes_a_software_adapter() {
        assert!(!ComputeDevice::open(DeviceChoice::Auto).unwrap().is_software);
    }
}
