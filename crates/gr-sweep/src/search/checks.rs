//! The checks of a finished run against its holdout, from its file.

use std::fs::File;

use gr_runs::{HoldoutReturn, HoldoutSource, RunId, Store, StoreError};
use serde::Deserialize;

/// What is needed of a row of `holdout_results_<run>.csv`, whatever else later versions write there.
#[derive(Deserialize)]
struct Check {
    holdout_return: HoldoutReturn,
    holdout_source: HoldoutSource,
}

/// What the checks of a finished run that has a holdout came to, in their order.
///
/// # Errors
/// If the file cannot be read or is not what its name says, or if its checks were not paid for: those of a
/// privileged holdout are the true return, by which nothing may be chosen.
pub fn checks(run: &RunId, store: &Store) -> Result<Vec<HoldoutReturn>, StoreError> {
    let path = store.files(run).holdout;
    let file = File::open(&path).map_err(|source| StoreError::Io {
        action: "read",
        path: path.clone(),
        source,
    })?;
    let rows = csv::Reader::from_reader(file).into_deserialize();
    let rows: csv::Result<Vec<Check>> = rows.collect();
    let reason = match rows {
        Err(error) => error.to_string(),
        Ok(rows) if rows.is_empty() => "it has no check".into(),
        Ok(rows) if rows.iter().any(|row| row.holdout_source == HoldoutSource::Privileged) => {
            "it has checks of a privileged holdout, which is the true return".into()
        }
        Ok(rows) => return Ok(rows.into_iter().map(|row| row.holdout_return).collect()),
    };
    let fix = format!("remove run_{run}.toml beside it, and the same command trains the run again");
    Err(StoreError::Corrupt { path, reason, fix })
}
