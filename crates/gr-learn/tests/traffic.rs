//! What an update sends to a GPU, reads back from it and launches there. Counts do not depend on hardware: a
//! software driver gives those of any.

use gr_learn::{ComputeDevice, DeviceChoice, RunBatch, Traffic};
use gr_runs::{RunSpec, Settings};

/// Updates counted, after one that uploads what is uploaded once.
const UPDATES: u64 = 3;

/// Most per run and update in bytes, and per update in launches.
struct Limits {
    method: &'static str,
    to_device: u64,
    from_device: u64,
    launches: u64,
}

const LIMITS: [Limits; 2] = [
    Limits { method: "naive_outcomes", to_device: 400_000, from_device: 300_000, launches: 80 },
    Limits { method: "routing", to_device: 1_000_000, from_device: 400_000, launches: 160 },
];

/// Rows do not depend on the network's width, and launches only where its tensors do not fit a buffer.
fn batch(method: &str, runs: u64, device: &ComputeDevice) -> RunBatch {
    let mut settings = Settings::default();
    settings.network.hidden = 8;
    let spec = |seed| {
        let settings = settings.clone();
        (RunSpec { method: method.into(), oversight: 0.01, seed, settings }, None)
    };
    RunBatch::new((0..runs).map(spec).collect(), device).unwrap()
}

#[test]
fn an_update_sends_reads_and_launches_no_more_than_it_must() {
    let device = match ComputeDevice::open(DeviceChoice::Wgpu(None)) {
        Ok(device) => device,
        Err(error) => return println!("skipped: {error}"),
    };
    for Limits { method, to_device, from_device, launches } in LIMITS {
        for runs in [1, 8] {
            let mut batch = batch(method, runs, &device);
            batch.update();
            let updates = || (0..UPDATES).flat_map(|_| batch.update()).all(|update| update.is_ok());
            let (is_ok, counted) = Traffic::of(updates);
            assert!(is_ok);
            let per_run = |bytes: u64| bytes / (UPDATES * runs);
            let [sent, read] = [counted.bytes_to_device, counted.bytes_from_device].map(per_run);
            let launched = counted.launches / UPDATES;
            println!("{method} × {runs}: {sent} B to, {read} B from, {launched} launches");
            assert!((1..=to_device).contains(&sent), "{method} × {runs} sends {sent} bytes");
            assert!((1..=from_device).contains(&read), "{method} × {runs} reads {read} bytes");
            assert!((1..=launches).contains(&launched), "{method} × {runs} launches {launched}");

            let all: Vec<usize> = (0..runs as usize).collect();
            let (evaluations, counted) = Traffic::of(|| batch.evaluate(&all));
            assert!(evaluations.iter().all(Result::is_ok));
            println!("evaluation: {counted:?}");
            // The observations lie on the device: four numbers of a policy come back for each.
            assert!(counted.bytes_to_device < counted.bytes_from_device / 2);
        }
    }
}
