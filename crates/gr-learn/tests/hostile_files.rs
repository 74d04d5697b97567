//! Files that are not what they say: no reader panics on them, whatever their bytes.

use std::fs;
use std::path::Path;

use gr_learn::{Architecture, ComputeDevice, NetworkKind, RunBatch, RunSnapshot, SavedPolicy};
use gr_runs::{RunSpec, Settings};
use proptest::collection::vec;
use proptest::prelude::*;

/// Changes to a file: bytes replaced at positions taken as a share of its length, then a cut.
type Damage = (Vec<(f64, u8)>, f64);

fn damage() -> impl Strategy<Value = Damage> {
    let cut = prop_oneof![3 => Just(1.0), 1 => 0.0..1.0];
    (vec((0.0..1.0, any::<u8>()), 0..6), cut)
}

fn damaged(whole: &[u8], (changes, cut): &Damage) -> Vec<u8> {
    let at = |share: f64| ((share * whole.len() as f64) as usize).min(whole.len() - 1);
    let mut bytes = whole.to_vec();
    changes.iter().for_each(|(share, byte)| bytes[at(*share)] = *byte);
    bytes.truncate((cut * whole.len() as f64) as usize);
    bytes
}

/// Headers lie at the beginning of safetensors and states: most changes go there.
fn near_the_beginning((changes, cut): Damage) -> Damage {
    (changes.into_iter().map(|(share, byte)| (share * 0.02, byte)).collect(), cut)
}

fn small_policy() -> Vec<u8> {
    let architecture = Architecture { kind: NetworkKind::Routed, num_cells: 4, hidden: 3 };
    let parameters = architecture.initial_parameters(0);
    SavedPolicy { architecture, parameters, notes: Default::default() }.to_bytes(&[])
}

fn small_snapshot() -> Vec<u8> {
    let mut settings = Settings::default();
    settings.environment.rows = 2;
    settings.environment.cols = 2;
    settings.environment.envs = 3;
    settings.network.hidden = 3;
    settings.early_stopping.enabled = true;
    let spec = RunSpec { method: "routing".into(), oversight: 0.5, seed: 0, settings };
    let mut batch = RunBatch::new(vec![(spec, None)], &ComputeDevice::cpu()).unwrap();
    batch.update()[0].as_ref().unwrap();
    batch.snapshot(0).to_bytes()
}

/// Whether the file can be read; that it returns is what is tested.
fn read(name: &str, bytes: &[u8]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    SavedPolicy::read(&path).is_ok()
}

/// A state dict as PyTorch writes it, if the published ones are at hand.
fn published() -> Option<Vec<u8>> {
    let folder = std::env::var("GR_REFERENCE_DIR").map_or_else(
        |_| {
            let crate_folder = std::env::var("CARGO_MANIFEST_DIR").expect("set by cargo");
            Path::new(&crate_folder).join("../../../shared/reference")
        },
        Into::into,
    );
    fs::read(folder.join("policies/policy_99344.pt")).ok()
}

#[test]
fn whole_files_are_read() {
    assert!(read("policy.safetensors", &small_policy()));
    assert!(RunSnapshot::from_bytes(&small_snapshot()).is_ok());
}

#[test]
fn damaged_policies_and_states_are_refused_or_read() {
    let (policy, snapshot) = (small_policy(), small_snapshot());
    proptest!(ProptestConfig::with_cases(400), |(damage in damage())| {
        for damage in [damage.clone(), near_the_beginning(damage)] {
            read("policy.safetensors", &damaged(&policy, &damage));
            let _ = RunSnapshot::from_bytes(&damaged(&snapshot, &damage));
        }
    });
}

#[test]
fn damaged_state_dicts_are_refused_or_read() {
    let Some(whole) = published() else {
        println!("skipped: no published policies");
        return;
    };
    assert!(read("policy.pt", &whole));
    proptest!(ProptestConfig::with_cases(100), |(damage in damage())| {
        // The pickle lies at the beginning of the archive, its directory at the end.
        for damage in [damage.clone(), near_the_beginning(damage)] {
            read("policy.pt", &damaged(&whole, &damage));
        }
    });
}

#[test]
fn bytes_from_nowhere_are_refused() {
    proptest!(ProptestConfig::with_cases(400), |(bytes in vec(any::<u8>(), 0..300))| {
        prop_assert!(!read("policy.safetensors", &bytes));
        prop_assert!(!read("policy.pt", &bytes));
        prop_assert!(RunSnapshot::from_bytes(&bytes).is_err());
    });
}
