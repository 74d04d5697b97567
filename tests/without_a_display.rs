//! Starts on machines where nobody sits: a driver's search for a display is no error of a run.

mod support;

use support::{SMALL, succeed, sweep, texts};

#[test]
fn no_line_of_the_driver_is_printed_where_there_is_no_session() {
    trains_without_a_word_about_sessions("auto");
}

/// Skipped where there is neither a GPU nor a software driver.
#[test]
fn nor_where_an_adapter_is_asked_for() {
    trains_without_a_word_about_sessions("wgpu");
}

fn trains_without_a_word_about_sessions(device: &str) {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--methods=oracle", "--oversight=1", "--seeds=0", "--updates=1", "--device"];
    let mut command = sweep(folder.path(), &[SMALL, &arguments, &[device]].concat());
    // `SMALL` names a device; the last one counts.
    for name in ["XDG_RUNTIME_DIR", "WAYLAND_DISPLAY", "DISPLAY"] {
        command.env_remove(name);
    }
    let (_, said) = texts(&succeed(&mut command));
    assert!(said.contains("1 run"), "{said}");
    assert!(!said.contains("XDG_RUNTIME_DIR"), "{said}");
}
