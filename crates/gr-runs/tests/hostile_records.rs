//! Results folders whose records say anything: nothing panics, nothing outside the folder is taken for a
//! result, changed or removed.

use std::fs;
use std::path::Path;

use gr_runs::{
    Check, RunName, RunSpec, RunStatus, Settings, Store, StoreError, read_sealed, write_sealed,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// A manifest whose files are there; `fuzz` begins with it too. Its first letter says what it is.
const MANIFEST: &str = include_str!("../../../fuzz/seeds/manifest/run");
const CONTENT: &str = "precious";

/// A results folder with one file, and beside it another one, which hostile manifests name.
struct Place {
    folder: tempfile::TempDir,
    store: Store,
    run: RunName,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_without_plan(&folder.path().join("results")).unwrap();
        for name in ["outside.csv", "results/rows.csv"] {
            fs::write(folder.path().join(name), CONTENT).unwrap();
        }
        let settings = Settings::default();
        let spec = RunSpec { method: "routing".into(), oversight: 0.5, seed: 0, settings };
        let run = RunName { id: spec.id(), key: "0".into() };
        Self { folder, store, run }
    }

    fn status(&self, manifest: &[u8]) -> RunStatus {
        fs::write(self.store.files(&self.run.id).manifest, manifest).unwrap();
        self.store.status(&self.run, Check::Hashes).unwrap()
    }

    /// What a sweep does with what it found, and that it has left alone what is not its own.
    fn clear_up(&self) {
        self.store.set_aside(&self.run, Check::Hashes).unwrap();
        self.store.tidy().unwrap();
        let outside = fs::read_to_string(self.folder.path().join("outside.csv")).unwrap();
        assert_eq!(outside, CONTENT);
        assert_eq!(fs::read_dir(self.folder.path()).unwrap().count(), 2);
    }
}

fn manifest_of(name: &str) -> String {
    let (_, last) = MANIFEST.rsplit_once("[[files]]").unwrap();
    let name = toml::Value::String(name.into()).to_string();
    MANIFEST[1..].replace(last, &last.replace("\"../outside.csv\"", &name))
}

#[test]
fn files_of_the_folder_are_a_result_and_others_are_damage() {
    let place = Place::new();
    let good = place.status(manifest_of("rows.csv").as_bytes());
    assert!(matches!(good, RunStatus::Done(_)), "{good:?}");
    let absolute = place.folder.path().join("outside.csv");
    for name in ["../outside.csv", "checkpoints/../../outside.csv", absolute.to_str().unwrap()] {
        let RunStatus::Damaged(damage) = place.status(manifest_of(name).as_bytes()) else {
            panic!("{name} is taken for a result");
        };
        assert!(damage.reason.contains("outside the results folder"), "{}", damage.reason);
        place.clear_up();
    }
}

#[test]
fn manifests_that_say_anything_are_taken_or_set_aside() {
    let place = Place::new();
    let change =
        (0.0..1.0, prop_oneof![Just("../".to_string()), Just("9e99".into()), any::<String>()]);
    proptest!(ProptestConfig::with_cases(300), |(changes in vec(change, 0..4), cut in 0.5..1.5)| {
        let mut parts: Vec<&str> = MANIFEST[1..].split_inclusive([' ', '\n', '"']).collect();
        let wholes = parts.len();
        for (share, text) in &changes {
            parts[(share * wholes as f64) as usize] = text;
        }
        parts.truncate((cut * wholes as f64) as usize);
        place.status(parts.concat().as_bytes());
        place.clear_up();
    });
}

#[test]
fn a_sealed_file_is_what_was_sealed_or_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.state");
    let read = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        read_sealed(&path)
    };
    proptest!(ProptestConfig::with_cases(60), |(
        bytes in vec(any::<u8>(), 0..200), place in 0.0..1.0, flip in 1u8..,
    )| {
        assert!(matches!(read(&bytes), Err(StoreError::Corrupt { .. })));
        write_sealed(&path, &bytes).unwrap();
        let mut sealed = fs::read(&path).unwrap();
        prop_assert_eq!(&read(&sealed).unwrap(), &bytes);
        let cut = (place * sealed.len() as f64) as usize;
        prop_assert!(read(&sealed[..cut]).is_err());
        sealed[cut] ^= flip;
        prop_assert!(read(&sealed).is_err());
    });
    assert!(matches!(read_sealed(Path::new("/dev/null/no")), Err(StoreError::Io { .. })));
}
