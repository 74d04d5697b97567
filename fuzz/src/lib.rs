//! What the fuzz targets share: a place for the files that they make readers read, and seeds that are
//! made rather than kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A folder for the files of this process. `scripts/fuzz.sh` removes it.
pub fn scratch() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = std::env::temp_dir().join(format!("gr-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("temporary files can be made");
        folder
    });
    &FOLDER
}

/// A file of these bytes.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = scratch().join(name);
    fs::write(&path, bytes).expect("temporary files can be written");
    path
}

/// Gives the fuzzer `bytes` to begin with, in the folder that the environment names for that.
pub fn seed(name: &str, bytes: &[u8]) {
    if let Some(folder) = std::env::var_os("GR_FUZZ_SEEDS") {
        fs::write(Path::new(&folder).join(name), bytes).expect("seeds can be written");
    }
}
