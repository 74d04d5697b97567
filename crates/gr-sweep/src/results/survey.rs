//! Which runs of a sweep are over and which are to be trained: by the names of their files, which one
//! look tells, or by every byte of them, read in parallel. What turns out damaged is set aside, so
//! that no reader takes it for a result.

use gr_runs::{Check, Damage, Provenance, RunStatus, Store, StoreError};
use gr_terminal::warn;

use super::reading::read_all;
use crate::plan::PlannedRun;
use crate::training::interrupt::Interrupt;

/// Finished runs that are asked for their origin when names are all that is looked at.
const ASKED_FOR_ORIGIN: usize = 64;

/// How far the runs of a sweep have come.
#[derive(Default)]
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
    /// Looks at names alone. On a cluster's file system a look at each file of a hundred thousand runs
    /// would keep training waiting for minutes.
    ///
    /// # Errors
    /// If the system refuses to read them.
    pub fn by_names(store: &Store, runs: &[PlannedRun]) -> Result<Self, StoreError> {
        let listing = store.listing()?;
        let is_over = |run: &&PlannedRun| {
            listing.finished.contains(&run.name.id) || listing.failed.contains(&run.name.id)
        };
        let (over, pending): (Vec<&PlannedRun>, Vec<&PlannedRun>) = runs.iter().partition(is_over);
        let pending = pending.into_iter().cloned().collect();
        let mut survey = Self { pending, ..Self::default() };
        for run in evenly(&over, ASKED_FOR_ORIGIN) {
            if let RunStatus::Done(manifest) = store.status(&run.name, Check::Lengths)? {
                survey.add_origin(manifest.provenance);
            }
        }
        Ok(survey)
    }

    /// Reads every file, until someone asks to stop. That can take minutes; what is said of runs after
    /// the request means nothing.
    ///
    /// # Errors
    /// If the system refuses to read them, or to set a damaged one aside.
    pub fn by_contents(
        store: &Store,
        runs: &[PlannedRun],
        interrupt: &Interrupt,
    ) -> Result<Self, StoreError> {
        let look = |run: &PlannedRun| match interrupt.requested() {
            true => Ok((Found::Pending, None)),
            false => look(store, run),
        };
        let found = read_all(runs, look)?;
        let mut survey = Self::default();
        for (run, (found, damage)) in runs.iter().zip(found) {
            survey.damaged.extend(damage.map(|damage| (run.clone(), damage)));
            match found {
                Found::Pending => survey.pending.push(run.clone()),
                Found::Failed => {}
                Found::Finished(origin) => survey.add_origin(*origin),
            }
        }
        Ok(survey)
    }

    fn add_origin(&mut self, origin: Provenance) {
        if !self.origins.iter().any(|known| known.differences(&origin).is_empty()) {
            self.origins.push(origin);
        }
    }

    /// Says what was damaged.
    pub fn warn_of_damage(&self, store: &Store) {
        for (run, Damage { file, reason }) in &self.damaged {
            let id = &run.name.id;
            let aside = store.folder().join(format!("damaged_{id}.toml"));
            warn(format!(
                "{} is damaged: {reason}; {id} has to be trained again (its old record: {})",
                file.display(),
                aside.display()
            ));
        }
    }
}

fn look(store: &Store, run: &PlannedRun) -> Result<(Found, Option<Damage>), StoreError> {
    let check = Check::Hashes;
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

/// At most `most` of `list`, from all over it.
pub fn evenly<T: Copy>(list: &[T], most: usize) -> impl Iterator<Item = T> {
    let step = list.len().div_ceil(most).max(1);
    list.iter().step_by(step).copied()
}
