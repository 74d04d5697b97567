//! Which runs train together and in which order. Knows nothing of how a run is trained, so that it
//! is tested without training anything.

use std::io;
use std::sync::Mutex;

use gr_learn::BatchStructure;

use super::PlannedRun;

/// Splits pending runs into batches for a CPU, one run each: seed by seed, so that methods can be compared
/// before all are done, and of a seed the longest first, so that the last ones to finish are short.
pub fn single_runs(mut pending: Vec<PlannedRun>) -> Vec<Vec<PlannedRun>> {
    // The sort is stable, so equal runs keep the plan's order.
    pending.sort_by_key(|run| (run.spec.seed, std::cmp::Reverse(run.cost())));
    pending.into_iter().map(|run| vec![run]).collect()
}

/// Splits pending runs into batches for a GPU: runs of one structure together, at most `most` in
/// each, in two halves or more, so that the device trains one while the CPU rolls out another; small seeds
/// of every structure before larger ones.
pub fn stacked_runs(mut pending: Vec<PlannedRun>, most: usize) -> Vec<Vec<PlannedRun>> {
    pending.sort_by_key(|run| run.spec.seed);
    let mut alike: Vec<Vec<PlannedRun>> = Vec::new();
    for run in pending {
        let structure = BatchStructure::of(&run.spec);
        match alike.iter_mut().find(|runs| BatchStructure::of(&runs[0].spec) == structure) {
            Some(runs) => runs.push(run),
            None => alike.push(vec![run]),
        }
    }
    let halves = |runs: Vec<PlannedRun>| {
        let parts = runs.len().div_ceil(most).max(2);
        let size = runs.len().div_ceil(parts);
        runs.chunks(size).map(<[PlannedRun]>::to_vec).collect::<Vec<_>>()
    };
    let mut batches: Vec<Vec<PlannedRun>> = alike.into_iter().flat_map(halves).collect();
    batches.sort_by_key(|batch| batch[0].spec.seed);
    batches
}

/// Calls `train(slot, batch)` for every batch, `jobs` at a time, in order. `slot` is below `jobs`
/// and no two calls at once share one.
///
/// Jobs are threads of their own rather than rayon's: a job that waits for a GPU must not keep a
/// thread from the runs of another job's batch.
///
/// # Errors
/// If the system refuses a thread. No batch is trained then.
pub fn run_all<T: Send>(
    batches: Vec<Vec<PlannedRun>>,
    jobs: usize,
    train: impl Fn(usize, Vec<PlannedRun>) -> T + Sync,
) -> io::Result<Vec<T>> {
    let jobs = jobs.min(batches.len());
    let waiting = Mutex::new(batches.into_iter());
    let next = || waiting.lock().expect("no job panics while it takes a batch").next();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        // Until every thread is there, none gets a batch.
        let mut batches = waiting.lock().expect("no job has begun");
        for slot in 0..jobs {
            let (sender, next, train) = (sender.clone(), &next, &train);
            let work = move || {
                while let Some(batch) = next() {
                    // The receiver outlives the scope.
                    let _ = sender.send(train(slot, batch));
                }
            };
            let thread = std::thread::Builder::new().name(format!("job {slot}"));
            if let Err(error) = thread.spawn_scoped(scope, work) {
                *batches = Vec::new().into_iter();
                return Err(error);
            }
        }
        Ok(())
    })?;
    drop(sender);
    Ok(receiver.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use gr_runs::Settings;

    use super::super::SweepPlan;
    use super::*;

    fn pending() -> Vec<PlannedRun> {
        let set = |key: &str, value: &str| ("test".into(), key.into(), value.into());
        let overrides = vec![
            set("methods", "oracle,naive_outcomes,routing,filtering"),
            set("oversight", "[0.1]"),
            set("seeds", "0..3"),
        ];
        let file =
            gr_runs::load(&gr_runs::ConfigSources { overrides, ..Default::default() }).unwrap();
        SweepPlan::new(file).unwrap().runs
    }

    #[test]
    fn single_runs_go_seed_by_seed_and_the_longest_first() {
        let order: Vec<(&str, u64)> = single_runs(pending())
            .iter()
            .map(|batch| (batch[0].method.label, batch[0].spec.seed))
            .collect();
        let methods = ["routing", "naive_outcomes", "filtering", "oracle"];
        assert_eq!(order[..4], methods.map(|method| (method, 0)));
        assert_eq!(order[8..], methods.map(|method| (method, 2)));
    }

    #[test]
    fn stacked_runs_share_a_network_shape_and_fit() {
        let sizes =
            |most| -> Vec<usize> { stacked_runs(pending(), most).iter().map(Vec::len).collect() };
        // Nine runs of a single expert and three routed ones.
        assert_eq!(sizes(64), [2, 5, 4, 1]);
        assert_eq!(sizes(3), [2, 3, 3, 1, 3]);
        let batches = stacked_runs(pending(), 5);
        for batch in &batches {
            assert!(batch.iter().all(|run| run.method.network == batch[0].method.network));
        }
    }

    #[test]
    fn runs_that_differ_in_structure_are_not_stacked() {
        let change: [fn(&mut Settings); 7] = [
            |_| {},
            |settings| settings.network.hidden = 128,
            |settings| settings.environment.rows = 4,
            |settings| settings.training.rollout_steps = 16,
            |settings| settings.training.adam_beta1 = 0.8,
            |settings| settings.training.adam_beta2 = 0.99,
            |settings| settings.training.adam_epsilon = 1e-5,
        ];
        let run = &pending()[0];
        let mut runs: Vec<PlannedRun> = vec![run.clone(); change.len()];
        runs.iter_mut().zip(change).for_each(|(run, change)| change(&mut run.spec.settings));
        assert_eq!(stacked_runs(runs.clone(), 64).len(), change.len());

        let batchable: [fn(&mut Settings); 4] = [
            |settings| settings.training.learning_rate = 1e-3,
            |settings| settings.training.discount = 0.9,
            |settings| settings.environment.envs = 64,
            |settings| settings.early_stopping.tolerance = 0.1,
        ];
        let mut runs: Vec<PlannedRun> = vec![run.clone(); batchable.len()];
        runs.iter_mut().zip(batchable).for_each(|(run, change)| change(&mut run.spec.settings));
        assert_eq!(stacked_runs(runs, 64).len(), 2);
    }

    #[test]
    fn every_batch_is_trained_once_and_no_slot_twice_at_once() {
        let busy = Mutex::new([false; 2]);
        let trained = run_all(single_runs(pending()), 2, |slot, batch| {
            assert!(!std::mem::replace(&mut busy.lock().unwrap()[slot], true));
            std::thread::yield_now();
            busy.lock().unwrap()[slot] = false;
            batch[0].spec.key()
        })
        .unwrap();
        let mut expected: Vec<String> = pending().iter().map(|run| run.spec.key()).collect();
        let mut trained = trained;
        expected.sort();
        trained.sort();
        assert_eq!(trained, expected);
    }
}
