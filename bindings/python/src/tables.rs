//! CSV files of sweeps as this version would have written them, whichever version did.

use gr_runs::{CsvLog, EvaluationRow, HoldoutRow, PolicyTableRow, RunRow, TrainingRow, read_rows};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::rules::wrong;

/// The text of a CSV file with today's columns: `kind` is `runs`, `evaluations`, `training`, `holdout` or
/// `policy_tables`. Every value has been read as what its column holds.
#[pyfunction]
pub fn table_today(kind: &str, text: Vec<u8>) -> PyResult<Vec<u8>> {
    let today = match kind {
        "runs" => today::<RunRow>(text),
        "evaluations" => today::<EvaluationRow>(text),
        "training" => today::<TrainingRow>(text),
        "holdout" => today::<HoldoutRow>(text),
        "policy_tables" => today::<PolicyTableRow>(text),
        _ => {
            let kinds = "runs, evaluations, training, holdout or policy_tables";
            return Err(wrong("kind", kind, kinds));
        }
    };
    today.map_err(|error| PyValueError::new_err(error.to_string()))
}

fn today<Row: Serialize + DeserializeOwned + Default>(
    text: Vec<u8>,
) -> Result<Vec<u8>, csv::Error> {
    read_rows::<Row, String>(&text)?;
    Ok(CsvLog::from(text).today::<Row>()?.text().to_vec())
}
