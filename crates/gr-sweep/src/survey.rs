//! Which runs of a sweep are over and which are to be trained, by their files, read in parallel. What
//! turns out damaged is set aside on the way, so that no reader takes it for a result.

use gr_runs::{Check, Damage, Provenance, RunStatus, Store, StoreError};
use rayon::prelude::*;

use crate::plan::PlannedRun;

/// How far the runs of a sweep have come.
pub struct Survey {
    /// Runs that are not over, in plan order.
    pub pending: Vec<PlannedRun>,
    /// What was found damaged and set aside; its runs are pending.
    pub damaged: Vec<(PlannedRun, Damage)>,
    /// What the finished runs come from, once for each kind of machine and program.
    pub origins: Vec<Provenance>,
}

/// What is found of one run.
enum Found {
    Finished(Box<Provenance>),
    Failed,
    Pending,
}

impl Survey {
    /// Looks at the files of `runs`.
    ///
    /// # Errors
    /// If the system refuses to read them, or to set a damaged one aside.
    pub fn take(store: &Store, runs: &[PlannedRun], check: Check) -> Result<Self, StoreError> {
        let found: Vec<(Found, Option<Damage>)> =
            runs.par_iter().map(|run| look(store, run, check)).collect::<Result<_, _>>()?;
        let mut survey = Self { pending: Vec::new(), damaged: Vec::new(), origins: Vec::new() };
        for (run, (found, damage)) in runs.iter().zip(found) {
            survey.damaged.extend(damage.map(|damage| (run.clone(), damage)));
            match found {
                Found::Pending => survey.pending.push(run.clone()),
                Found::Failed => {}
                Found::Finished(origin) => {
                    let is_known = |known: &Provenance| known.differences(&origin).is_empty();
                    if !survey.origins.iter().any(is_known) {
                        survey.origins.push(*origin);
                    }
                }
            }
        }
        Ok(survey)
    }

    /// Says what was damaged.
    pub fn warn_of_damage(&self, store: &Store) {
        for (run, Damage { file, reason }) in &self.damaged {
            let id = &run.name.id;
            let aside = store.folder().join(format!("damaged_{id}.toml"));
            eprintln!(
                "warning: {} is damaged: {reason}; {id} has to be trained again (its old record: {})",
                file.display(),
                aside.display()
            );
        }
    }
}

fn look(
    store: &Store,
    run: &PlannedRun,
    check: Check,
) -> Result<(Found, Option<Damage>), StoreError> {
    let mut status = store.status(&run.name, check)?;
    let mut damage = None;
    if let RunStatus::Damaged(_) = status {
        damage = store.set_aside(&run.name, check)?;
        // Another process may have trained it anew by now.
        status = store.status(&run.name, check)?;
    }
    let found = match status {
        RunStatus::Done(manifest) => Found::Finished(Box::new(manifest.provenance)),
        RunStatus::Failed(_) => Found::Failed,
        RunStatus::Interrupted | RunStatus::Missing | RunStatus::Damaged(_) => Found::Pending,
    };
    Ok((found, damage))
}
