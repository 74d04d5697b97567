//! The machine as it names itself.

use std::path::Path;

/// Host name, or "unknown".
pub(crate) fn host_name() -> String {
    let name = std::fs::read_to_string(Path::new("/proc/sys/kernel/hostname"));
    name.map_or_else(|_| "unknown".into(), |name| name.trim().into())
}
