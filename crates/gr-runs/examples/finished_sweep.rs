//! Makes a results folder in which every run is finished, without training any: for measuring how the
//! commands cope with many runs (`scripts/load_test.sh`).
//!
//! `finished_sweep CONFIG FOLDER`

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use gr_grid::TrueReturn;
use gr_runs::{
    ConfigSources, LabelCount, Provenance, RunManifest, RunName, RunResult, RunSpec,
    SCHEMA_VERSION, Store, Timing,
};

/// About what a run of 20,000 updates with its default evaluations writes, policy aside, which is
/// a megabyte there.
const TABLE_BYTES: usize = 8 << 10;
const POLICY_BYTES: usize = 16 << 10;

/// Waiting for the disk takes most of the time.
const WRITERS: usize = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, config, folder] = arguments.as_slice() else {
        return Err("usage: finished_sweep CONFIG FOLDER".into());
    };
    let file =
        gr_runs::load(&ConfigSources { file: Some(PathBuf::from(config)), ..Default::default() })?;
    let store = Store::open(Path::new(folder), &file)?;
    let provenance = Provenance::of_this_process("generated", "none", "none", "cpu", "none");
    for method in &file.methods {
        for &oversight in &file.oversight {
            let seeds = file.seeds.as_slice();
            let settings = file.settings.clone();
            let spec = RunSpec { method: method.clone(), oversight, seed: seeds[0], settings };
            std::thread::scope(|scope| {
                for seeds in seeds.chunks(seeds.len().div_ceil(WRITERS)) {
                    let (spec, store, provenance) = (&spec, &store, &provenance);
                    scope.spawn(move || {
                        for (seed, name) in seeds.iter().zip(spec.names_with_seeds(seeds)) {
                            let spec = RunSpec { seed: *seed, ..spec.clone() };
                            finish(store, &spec, &name, provenance)
                                .expect("the folder is writable");
                        }
                    });
                }
            });
        }
    }
    Ok(())
}

fn finish(
    store: &Store,
    spec: &RunSpec,
    name: &RunName,
    provenance: &Provenance,
) -> Result<(), Box<dyn Error>> {
    let files = store.files(&name.id);
    let line = format!("{},{}\n", name.id, name.key);
    let mut records = Vec::new();
    for (path, bytes) in [
        (&files.evaluations, TABLE_BYTES),
        (&files.training, TABLE_BYTES),
        (&files.policy_tables, TABLE_BYTES),
        (&files.policy, POLICY_BYTES),
    ] {
        let text = line.repeat(bytes / line.len());
        fs::write(path, &text)?;
        records.push(store.record(path, text.as_bytes()));
    }
    let true_return = TrueReturn::new(spec.seed as f64 * 1e-6);
    let updates = spec.settings.updates.0;
    let manifest = RunManifest {
        key: name.key.clone(),
        schema_version: SCHEMA_VERSION,
        result: RunResult {
            policy_type: "training_policy".into(),
            updates,
            final_return: true_return,
            selected_return: true_return,
            selected_return_unflagged: Some(true_return),
            selected_update: updates - 1,
            stopped_update: None,
            labels_training: 7,
            labels_holdout: LabelCount::Counted(0),
            holdout_return: None,
            gaming_gap: Some(0.1),
        },
        timing: Timing { update_seconds: 100.0, evaluation_seconds: 10.0 },
        provenance: provenance.clone(),
        earlier_provenances: Vec::new(),
        spec: spec.clone(),
        files: records,
    };
    Ok(store.finish(&manifest, &name.id)?)
}
