//! How a device fails: backends panic. Tells such a panic from a bug of the program by its place,
//! which is all that a panic hook learns of a panic whose cause lies in another crate.

use std::fmt::Display;
use std::panic::Location;

/// Begin the names of the crates that drive a GPU. The others that tensors pass through panic when they
/// are used wrongly.
const DRIVERS: [&str; 5] = ["burn-cubecl", "burn-fusion", "burn-wgpu", "cubecl", "wgpu"];

/// Ends the computation, as backends do, because the device has failed.
#[cold]
#[inline(never)]
pub(crate) fn fail(reason: impl Display) -> ! {
    panic!("{reason}")
}

/// Whether a panic at `place` means that a device failed. Any other is a bug of the program.
pub fn is_device_failure(place: &Location) -> bool {
    place.file() == file!() || is_of_a_driver(place.file())
}

/// Whether a source file belongs to a driver, wherever its crate's folder lies.
fn is_of_a_driver(file: &str) -> bool {
    let folders: Vec<&str> = file.split(['/', '\\']).collect();
    folders
        .windows(2)
        .any(|pair| pair[1] == "src" && DRIVERS.iter().any(|driver| pair[0].starts_with(driver)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_are_known_by_the_folder_of_their_crate() {
        for file in [
            "/home/a/.cargo/registry/src/index-1949cf8c/wgpu-core-30.0.1/src/device/global.rs",
            "C:\\registry\\src\\index\\cubecl-runtime-0.11.3\\src\\client.rs",
            "vendor/burn-wgpu-0.22.1/src/lib.rs",
        ] {
            assert!(is_of_a_driver(file), "{file}");
        }
        for file in [
            "crates/gr-learn/src/update/rollout.rs",
            "/home/a/wgpu-trials/.cargo/registry/src/index-1949cf8c/burn-tensor-0.22.1/src/check.rs",
            "/rustc/1234/library/core/src/option.rs",
        ] {
            assert!(!is_of_a_driver(file), "{file}");
        }
    }
}
