//! Starts on machines where nobody sits: a driver's search for a display is no error of a run.

mod support;

use support::{SMALL, sweep, texts};

#[test]
fn no_line_of_the_driver_is_printed_where_there_is_no_display() {
    trains_without_a_word_about_displays("auto");
}

/// Skipped where there is neither a GPU nor a software driver.
#[test]
fn nor_where_an_adapter_is_asked_for() {
    trains_without_a_word_about_displays("wgpu");
}

fn trains_without_a_word_about_displays(device: &str) {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = SMALL.iter().copied().filter(|argument| *argument != "--device=cpu");
    let mut arguments: Vec<&str> = elsewhere.collect();
    arguments.extend(["--methods=oracle", "--oversight=1", "--seeds=0", "--updates=1"]);
    arguments.extend(["--device", device]);
    let mut command = sweep(folder.path(), &arguments);
    for name in ["XDG_RUNTIME_DIR", "NODEVICE_SELECT", "WAYLAND_DISPLAY", "DISPLAY"] {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    let (_, said) = texts(&output);
    assert!(!said.contains("XDG_RUNTIME_DIR"), "{said}");
    if said.contains("no wgpu adapter found") {
        println!("skipped: {said}");
        return;
    }
    assert!(output.status.success() && said.contains("1 run"), "{said}");
}
