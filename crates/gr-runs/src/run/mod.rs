//! What a run is and what is kept of it: its name, its random streams, the rows of its CSV files, its
//! manifest, and what made it.
//!
//! Knows settings, and nothing of where or how files are written.

#[macro_use]
mod columns;
mod csv_log;
mod extended_row;
mod file_record;
mod holdout;
mod manifest;
mod provenance;
mod rows;
mod schema;
mod spec;
mod streams;
mod trial_row;

pub use columns::{
    COLUMNS_HEADER, Column, ColumnType, CsvFile, CsvRow, CsvValue, columns_markdown,
    columns_records,
};
pub use csv_log::CsvLog;
pub use extended_row::{ExtendedRow, MethodColumns, read_rows};
pub use file_record::FileRecord;
pub use holdout::{HoldoutReturn, LabelCount};
pub use manifest::{RunFailure, RunManifest, RunResult, Timing};
pub use provenance::Provenance;
pub use rows::{EvaluationRow, HoldoutRow, PolicyTableRow, RunRow, TrainingRow};
pub use schema::{REPORT_VERSION, SCHEMA_VERSION, column_since, follows_from_others, value_today};
pub(crate) use spec::hex;
pub use spec::{RunId, RunName, RunSpec};
pub use streams::{Purpose, stream, stream_at, stream_named};
pub use trial_row::TrialRow;
