//! Keeps Mesa from looking for a display, which nothing here needs and whose absence it calls an error.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Switches Mesa's choice off.
const NO_CHOICE: &str = "NODEVICE_SELECT";

/// Where one of these is set, Mesa asks no display, or finds one.
const SETTLED: [&str; 4] = [NO_CHOICE, "XDG_RUNTIME_DIR", "MESA_VK_DEVICE_SELECT", "DRI_PRIME"];

/// Starts this program over with Mesa's choice among GPUs switched off, where it would ask a display that is
/// not there. Returns where nothing needs to change. To be called before anything else.
///
/// Mesa's Vulkan layer for that choice prints "error: XDG_RUNTIME_DIR is invalid or not set" whenever adapters are
/// listed. It heeds nothing but its environment, which safe code can only set for a program that it starts.
pub fn look_for_no_display() {
    if SETTLED.into_iter().any(|name| env::var_os(name).is_some()) {
        return;
    }
    let mut arguments = env::args_os();
    let (Ok(program), Some(name)) = (env::current_exe(), arguments.next()) else { return };
    // A start that fails may leave signals changed, so none is tried of a program that was removed. Then, the
    // lines are printed, and harm nobody.
    if program.is_file() {
        let _ = Command::new(program).arg0(name).args(arguments).env(NO_CHOICE, "1").exec();
    }
}
