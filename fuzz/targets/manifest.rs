//! The record of a run that is over, or of why it failed, in a results folder beside which other files
//! lie: nothing but what is in the folder is taken for the run's, and nothing outside it is touched.
#![no_main]

use std::fs;
use std::path::{Component, Path};

use gr_fuzz::scratch;
use gr_runs::{Check, ConfigSources, RunName, RunSpec, RunStatus, Store, load};

/// A file outside the results folder, as manifests of the seeds name it.
const OUTSIDE: &str = "outside.csv";
const CONTENT: &str = "precious";

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let folder = scratch().join("results");
    let defaults = load(&ConfigSources::default()).expect("the defaults are accepted");
    let spec =
        RunSpec { method: "routing".into(), oversight: 0.5, seed: 0, settings: defaults.settings };
    // Seeds have a short key instead of a hash that changes with the format.
    let run = RunName { id: spec.id(), key: "0".into() };
    fs::write(scratch().join(OUTSIDE), CONTENT).expect("temporary files can be written");
    let store = Store::open_without_plan(&folder).expect("the folder can be made");
    fs::write(folder.join("rows.csv"), CONTENT).expect("temporary files can be written");
    let (kind, bytes) = bytes.split_first().unwrap_or((&b'r', &[]));
    let name = if *kind == b'f' { "failed" } else { "run" };
    let record = folder.join(format!("{name}_{}.toml", run.id));
    fs::write(&record, bytes).expect("temporary files can be written");

    for check in [Check::Lengths, Check::Hashes] {
        match store.status(&run, check).expect("the system lets the folder be read") {
            RunStatus::Done(manifest) => {
                assert_eq!(manifest.key, run.key);
                for file in &manifest.files {
                    let mut parts = Path::new(&file.name).components();
                    assert!(
                        parts.all(|part| matches!(part, Component::Normal(_))),
                        "{}",
                        file.name
                    );
                }
            }
            RunStatus::Damaged(damage) => assert!(!damage.reason.is_empty()),
            _ => {}
        }
    }
    store.set_aside(&run, Check::Hashes).expect("the system lets files be renamed");
    store.tidy().expect("the system lets files be removed");
    let outside = fs::read(scratch().join(OUTSIDE)).expect("what lies outside is still there");
    assert_eq!(outside, CONTENT.as_bytes());
    assert_eq!(
        fs::read_dir(scratch()).expect("it is there").count(),
        2,
        "something was put outside"
    );
    for left in [record, folder.join(format!("damaged_{}.toml", run.id))] {
        let _ = fs::remove_file(left);
    }
});
