//! Which runs train together and in which order. Knows nothing of how a run is trained, so that it
//! is tested without training anything.

use gr_learn::Architecture;
use rayon::ThreadPoolBuilder;

use crate::plan::PlannedRun;

/// Splits pending runs into batches for a CPU, one run each, longest first: the last ones to finish
/// are then short.
pub fn single_runs(mut pending: Vec<PlannedRun>) -> Vec<Vec<PlannedRun>> {
    // The sort is stable, so equal runs keep the plan's order.
    pending.sort_by_key(|run| std::cmp::Reverse(run.cost()));
    pending.into_iter().map(|run| vec![run]).collect()
}

/// What runs must share to train in one batch: a batch has one shape, steps its environments together
/// and decays Adam's means alike. Every other setting may differ within it.
#[derive(PartialEq)]
struct Structure {
    architecture: Architecture,
    rollout_steps: usize,
    adam_decays_and_epsilon: [f64; 3],
}

impl Structure {
    fn of(run: &PlannedRun) -> Self {
        let training = &run.spec.settings.training;
        Self {
            architecture: Architecture::of(&run.spec),
            rollout_steps: training.rollout_steps,
            adam_decays_and_epsilon: [
                training.adam_beta1,
                training.adam_beta2,
                training.adam_epsilon,
            ],
        }
    }
}

/// Splits pending runs into batches for a GPU: runs of one structure together, at most `most` in
/// each.
pub fn stacked_runs(pending: Vec<PlannedRun>, most: usize) -> Vec<Vec<PlannedRun>> {
    let mut batches: Vec<Vec<PlannedRun>> = Vec::new();
    for run in pending {
        let open = batches
            .iter_mut()
            .find(|batch| Structure::of(&batch[0]) == Structure::of(&run) && batch.len() < most);
        match open {
            Some(batch) => batch.push(run),
            None => batches.push(vec![run]),
        }
    }
    batches
}

/// Calls `train(slot, batch)` for every batch, `jobs` at a time, in order. `slot` is below `jobs`
/// and no two calls at once share one.
pub fn run_all<T: Send>(
    batches: Vec<Vec<PlannedRun>>,
    jobs: usize,
    train: impl Fn(usize, Vec<PlannedRun>) -> T + Sync,
) -> Vec<T> {
    let pool = ThreadPoolBuilder::new()
        .num_threads(jobs)
        .thread_name(|slot| format!("job {slot}"))
        .build()
        .expect("threads can be started");
    let (sender, receiver) = std::sync::mpsc::channel();
    pool.scope_fifo(|scope| {
        for batch in batches {
            let (sender, train) = (sender.clone(), &train);
            scope.spawn_fifo(move |_| {
                let slot = rayon::current_thread_index().expect("spawned on the pool");
                // The receiver outlives the scope.
                let _ = sender.send(train(slot, batch));
            });
        }
    });
    drop(sender);
    receiver.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use gr_runs::Settings;

    use super::*;
    use crate::plan::SweepPlan;

    fn pending() -> Vec<PlannedRun> {
        let set = |key: &str, value: &str| ("test".into(), key.into(), value.into());
        let overrides = vec![
            set("methods", "oracle,naive_outcomes,routing,filtering"),
            set("oversight", "[0.1]"),
            set("seeds", "0..3"),
        ];
        let file = gr_runs::load(&gr_runs::ConfigSources { file: None, overrides }).unwrap();
        SweepPlan::new(file).unwrap().runs
    }

    #[test]
    fn single_runs_go_longest_first_and_keep_the_order_of_seeds() {
        let order: Vec<(&str, u64)> = single_runs(pending())
            .iter()
            .map(|batch| (batch[0].method.label, batch[0].spec.seed))
            .collect();
        assert_eq!(order[..3], [("routing", 0), ("routing", 1), ("routing", 2)]);
        assert_eq!(order[9..], [("oracle", 0), ("oracle", 1), ("oracle", 2)]);
    }

    #[test]
    fn stacked_runs_share_a_network_shape_and_fit() {
        let batches = stacked_runs(pending(), 5);
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [5, 4, 3]);
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
        assert_eq!(stacked_runs(runs, 64).len(), 1);
    }

    #[test]
    fn every_batch_is_trained_once_and_no_slot_twice_at_once() {
        let busy = Mutex::new([false; 2]);
        let trained = run_all(single_runs(pending()), 2, |slot, batch| {
            assert!(!std::mem::replace(&mut busy.lock().unwrap()[slot], true));
            std::thread::yield_now();
            busy.lock().unwrap()[slot] = false;
            batch[0].spec.key()
        });
        let mut expected: Vec<String> = pending().iter().map(|run| run.spec.key()).collect();
        let mut trained = trained;
        expected.sort();
        trained.sort();
        assert_eq!(trained, expected);
    }
}
