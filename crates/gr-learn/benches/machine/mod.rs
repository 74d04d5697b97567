//! What the operating system says of this process, and what the machine can do at best. Linux only
//! where it reads `/proc`; elsewhere those figures are NaN.

use std::fs;
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use gr_learn::ComputeDevice;

/// Begin the names of the threads on which a GPU's driver works: CubeCL's, and those that Mesa's software driver
/// starts from it, which take on its name.
const DRIVER_THREADS: [&str; 2] = ["DSD-", "llvmpipe"];

/// Seconds that threads of this process have run, as the scheduler counts them: all, and those that are not
/// a driver's.
pub fn cpu_seconds() -> [f64; 2] {
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return [f64::NAN; 2] };
    let mut seconds = [0.0; 2];
    for path in threads.flatten().map(|thread| thread.path()) {
        let read = |file: &str| fs::read_to_string(path.join(file)).unwrap_or_default();
        let is_driver = DRIVER_THREADS.iter().any(|name| read("comm").starts_with(name));
        let nanoseconds = read("schedstat").split_whitespace().next().and_then(|n| n.parse().ok());
        let ran = nanoseconds.unwrap_or(0.0) / 1e9;
        seconds[0] += ran;
        seconds[1] += if is_driver { 0.0 } else { ran };
    }
    seconds
}

/// Most memory that this process has held, in 10⁶ bytes.
pub fn peak_memory_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kibibytes.map_or(f64::NAN, |kibibytes| (kibibytes * 1.024e-3).round())
}

/// The processor's name, with the widest vectors that it has.
pub fn cpu_name() -> String {
    let flags = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let widest = ["avx512f", "avx2"].into_iter().find(|flag| flags.contains(flag));
    format!("{} ({})", ComputeDevice::cpu().adapter, widest.unwrap_or("neither avx512f nor avx2"))
}

/// The best rate of a 1024 × 256 × 256 product of 32-bit floats, in 10⁹ operations a second.
pub fn peak_product_gflops(device: &Device) -> f64 {
    let matrix = |rows: usize, columns: usize| {
        let values: Vec<f32> = (0..rows * columns).map(|i| (i % 7) as f32 - 3.0).collect();
        Tensor::<2>::from_data(TensorData::new(values, [rows, columns]), device)
    };
    let (left, right) = (matrix(1024, 256), matrix(256, 256));
    let operations = 2.0 * 1024.0 * 256.0 * 256.0;
    let product = || {
        let started = Instant::now();
        let result = left.clone().matmul(right.clone());
        // A GPU works while the host goes on, until a value is looked at.
        let value = result.narrow(0, 0, 1).narrow(1, 0, 1).into_data().try_to_vec::<f32>();
        std::hint::black_box(value.expect("the device answers"));
        operations / started.elapsed().as_secs_f64() / 1e9
    };
    let started = Instant::now();
    let rates = (0..500).map_while(|i| (i < 3 || started.elapsed().as_secs() < 3).then(product));
    rates.fold(0.0, f64::max)
}

/// What bounds a GPU, measured with operations that do one thing each.
pub struct GpuRates {
    /// Seconds that a kernel takes that has nothing to do.
    pub seconds_per_launch: f64,
    /// Of a tensor sent there and read back.
    pub seconds_per_bus_byte: f64,
    /// Of reading or writing a tensor that lies there.
    pub seconds_per_memory_byte: f64,
}

impl GpuRates {
    /// Measures `device`.
    pub fn measure(device: &Device) -> Self {
        const FLOATS: usize = 4 << 20;
        const BYTES: f64 = (FLOATS * size_of::<f32>()) as f64;
        let zeros = |number: usize| Tensor::<1>::zeros([number], device);
        // A GPU works while the host goes on, until a value is looked at.
        let finish = |tensor: Tensor<1>| drop(tensor.narrow(0, 0, 1).into_data());
        let seconds_of = |number: usize, repeats: usize| {
            let tensor = zeros(number);
            finish(tensor.clone() + 1.0);
            let started = Instant::now();
            finish((0..repeats).fold(tensor, |tensor, _| tensor + 1.0));
            started.elapsed().as_secs_f64() / repeats as f64
        };
        let seconds_per_launch = seconds_of(64, 500);
        let seconds_per_pass = (seconds_of(FLOATS, 50) - seconds_per_launch).max(0.0);
        let values = TensorData::new(vec![1.0f32; FLOATS], [FLOATS]);
        let started = Instant::now();
        drop(Tensor::<1>::from_data(values, device).into_data());
        Self {
            seconds_per_launch,
            seconds_per_bus_byte: started.elapsed().as_secs_f64() / (2.0 * BYTES),
            seconds_per_memory_byte: seconds_per_pass / (2.0 * BYTES),
        }
    }
}
