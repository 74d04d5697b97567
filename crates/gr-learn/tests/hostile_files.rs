//! Files that are not what they say: no reader panics on them, whatever their bytes.

use std::fs;

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

fn small_run() -> RunSpec {
    let mut settings = Settings::default();
    settings.environment.rows = 2;
    settings.environment.cols = 2;
    settings.environment.envs = 3;
    settings.network.hidden = 3;
    settings.early_stopping.enabled = true;
    RunSpec { method: "routing".into(), oversight: 0.5, seed: 0, settings }
}

fn small_snapshot() -> Vec<u8> {
    let mut batch = RunBatch::new(vec![(small_run(), None)], &ComputeDevice::cpu()).unwrap();
    batch.update()[0].as_ref().unwrap();
    batch.snapshot(0).to_bytes(&())
}

/// Whether the file can be read; that it returns is what is tested.
fn read(name: &str, bytes: &[u8]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    SavedPolicy::read(&path).is_ok()
}

/// A state dict as PyTorch writes it, of a policy as small as there are; `fuzz/seeds/pt.py` made it.
const STATE_DICT: &[u8] = include_bytes!("../../../fuzz/seeds/pt/single.pt");

#[test]
fn whole_files_are_read() {
    assert!(read("policy.safetensors", &small_policy()));
    assert!(read("policy.pt", STATE_DICT));
    assert!(RunSnapshot::from_bytes::<()>(&small_snapshot()).is_ok());
}

/// A saved state of the first format, without the hash that seals its file.
fn earlier_state() -> &'static [u8] {
    let sealed = include_bytes!("../../../tests/data/earlier_state/routing_p0.3_s0_b3f78d3e.state");
    &sealed[..sealed.len() - 32]
}

#[test]
fn a_state_of_the_first_format_is_read_with_its_notes() {
    let (state, notes) = RunSnapshot::from_earlier(earlier_state()).unwrap().unwrap();
    assert_eq!(state.updates_done, 24);
    assert_eq!(state.environments.len(), 8);
    assert!(state.early_stopping.unwrap().memory.kept.is_some());
    let evaluations = &notes["evaluations"];
    assert!(evaluations.starts_with("update_idx,") && evaluations.ends_with('\n'));
    assert!(RunSnapshot::from_earlier(&small_snapshot()).unwrap().is_none());
}

#[test]
fn damaged_policies_and_states_are_refused_or_read() {
    let (policy, snapshot) = (small_policy(), small_snapshot());
    proptest!(ProptestConfig::with_cases(400), |(damage in damage())| {
        for damage in [damage.clone(), near_the_beginning(damage)] {
            read("policy.safetensors", &damaged(&policy, &damage));
            let _ = RunSnapshot::from_bytes::<()>(&damaged(&snapshot, &damage));
            let _ = RunSnapshot::from_earlier(&damaged(earlier_state(), &damage));
        }
    });
}

#[test]
fn damaged_state_dicts_are_refused_or_read() {
    proptest!(ProptestConfig::with_cases(400), |(damage in damage())| {
        read("policy.pt", &damaged(STATE_DICT, &damage));
        // The pickle lies near the beginning.
        let (changes, cut) = damage;
        let changes = changes.into_iter().map(|(share, byte)| (share * 0.4, byte)).collect();
        read("policy.pt", &damaged(STATE_DICT, &(changes, cut)));
    });
}

#[test]
fn nothing_in_a_pickle_is_executed() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    let command = format!("touch {}", made.display());
    // `os.system(command)`, in the words of protocol 2.
    let pickle = [
        &b"\x80\x02}X\x06\0\0\0weightcposix\nsystem\nX"[..],
        &(command.len() as u32).to_le_bytes(),
        command.as_bytes(),
        b"\x85Rs.",
    ]
    .concat();
    assert!(!read("policy.pt", &pickle));
    assert!(!made.exists());
}

#[test]
fn a_state_dict_that_claims_more_than_its_file_holds_is_refused() {
    // Six tensors, all of them the same megabyte of zeros, which is compressed.
    let compressed = include_bytes!("../../../fuzz/seeds/pt/repeats.pt");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.pt");
    fs::write(&path, compressed).unwrap();
    let error = SavedPolicy::read(&path).unwrap_err().to_string();
    assert!(error.contains("its tensors are 6291456 bytes"), "{error}");
}

#[test]
fn states_that_no_run_comes_to_are_refused() {
    type Change = fn(&mut RunSnapshot);
    let changes: [(&str, Change); 9] = [
        ("updates_done", |state| state.updates_done = u64::MAX),
        ("labels_training", |state| state.labels_training = u64::MAX),
        ("environments", |state| state.environments[0].agent = 60),
        ("environments", |state| state.environments[0].layout.ghost = 4),
        ("environments", |state| state.environments[0].layout.flags.0 = 1 << 63),
        ("environments", |state| state.environments[0].episode_steps = u32::MAX),
        ("environments", |state| state.environments.truncate(1)),
        ("episodes", |state| state.episodes[0] = u64::MAX),
        ("early stopping", |state| {
            state.early_stopping.as_mut().unwrap().latest_check = Some(1 << 60);
        }),
    ];
    let (whole, ()) = RunSnapshot::from_bytes(&small_snapshot()).unwrap();
    let continued =
        |state| RunBatch::new(vec![(small_run(), Some(state))], &ComputeDevice::cpu()).map(|_| ());
    assert!(continued(whole.clone()).is_ok());
    for (part, change) in changes {
        let mut state = whole.clone();
        change(&mut state);
        assert!(continued(state).unwrap_err().to_string().contains(part), "{part}");
    }
}

#[test]
fn bytes_from_nowhere_are_refused() {
    proptest!(ProptestConfig::with_cases(400), |(bytes in vec(any::<u8>(), 0..300))| {
        prop_assert!(!read("policy.safetensors", &bytes));
        prop_assert!(!read("policy.pt", &bytes));
        prop_assert!(RunSnapshot::from_bytes::<()>(&bytes).is_err());
        prop_assert!(RunSnapshot::from_earlier(&bytes).is_err());
    });
}
