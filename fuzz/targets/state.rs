//! A saved state, and the hash that seals its file. One that fits its run trains on.
#![no_main]

use std::sync::LazyLock;

use gr_fuzz::{file, seed};
use gr_learn::{ComputeDevice, RunBatch, RunSnapshot};
use gr_runs::{RunSpec, Settings, read_sealed, write_sealed};

/// A run as small as there are, with every part that a state may have.
static SPEC: LazyLock<RunSpec> = LazyLock::new(|| {
    let mut settings = Settings::default();
    (settings.environment.rows, settings.environment.cols) = (2, 2);
    (settings.environment.envs, settings.training.rollout_steps) = (2, 3);
    (settings.network.hidden, settings.network.value_channels) = (2, 2);
    settings.network.value_hidden = [2, 2];
    settings.early_stopping.enabled = true;
    settings.early_stopping.holdout_episodes = 1;
    RunSpec { method: "naive_early_stopping".into(), oversight: 0.5, seed: 0, settings }
});

fn continued(snapshot: Option<RunSnapshot>) -> Option<RunBatch> {
    RunBatch::new(vec![(SPEC.clone(), snapshot)], &ComputeDevice::cpu()).ok()
}

libfuzzer_sys::fuzz_target!(
    init: {
        let mut batch = continued(None).expect("a run that begins needs no state");
        seed("begun", &batch.snapshot(0).to_bytes(&()));
        for _ in 0..9 {
            batch.update();
        }
        seed("trained", &batch.snapshot(0).to_bytes(&()));
    },
    |bytes: &[u8]| {
        let path = file("run.state", bytes);
        let _ = read_sealed(&path);
        write_sealed(&path, bytes).expect("temporary files can be written");
        assert_eq!(read_sealed(&path).expect("it was just sealed"), bytes);
        let snapshot = match RunSnapshot::from_earlier(bytes) {
            Ok(Some((snapshot, _notes))) => Some(snapshot),
            Ok(None) => RunSnapshot::from_bytes(bytes).ok().map(|(snapshot, ())| snapshot),
            Err(_) => None,
        };
        if let Some(snapshot) = snapshot
            && let Some(mut batch) = continued(Some(snapshot))
        {
            batch.update();
            let bytes = batch.snapshot(0).to_bytes(&());
            RunSnapshot::from_bytes::<()>(&bytes).expect("what is saved is read");
        }
    }
);
