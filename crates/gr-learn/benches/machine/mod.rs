//! What the operating system says of this process, and what the machine can do at best. Linux only
//! where it reads `/proc`; elsewhere those figures are NaN.

use std::fs;
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use gr_learn::ComputeDevice;

/// Nanoseconds that threads of this process have run, as the scheduler counts them, in seconds.
pub fn cpu_seconds() -> f64 {
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return f64::NAN };
    let nanoseconds = |path: std::path::PathBuf| -> Option<f64> {
        let text = fs::read_to_string(path.join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    };
    threads.flatten().filter_map(|thread| nanoseconds(thread.path())).sum::<f64>() / 1e9
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
