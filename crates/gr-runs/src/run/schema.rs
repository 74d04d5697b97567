//! The schema of CSV files: which columns they have, since which version, and how the text of an
//! earlier version reads in the present one.

use csv::StringRecord;
use serde::Serialize;

/// Version of the columns of CSV files and of the fields of manifests.
///
/// Version 2 has `schema_version`, `avg_return_unflagged`, `selected_return_unflagged`,
/// `kept_avg_return` and `labels_holdout_unlimited`, before which `labels_holdout` could say
/// `unlimited`, and leaves empty what was `NaN`. Files of version 1 do not name it. Version 3 has `variant`
/// in `runs.csv`, plans that name it, and every provenance that trained a run in its manifest.
pub const SCHEMA_VERSION: u32 = 3;

/// Version of the fields of `--json` reports, where they are called `schema_version`.
///
/// Version 4 calls things as the columns of CSV files do (`run_label`, `oversight_prob`, `planned_updates`,
/// `updates`, `labels_training`, `selected_return`), and runs that differ in their seed alone `groups`. Up to 3 it was
/// [`SCHEMA_VERSION`].
pub const REPORT_VERSION: u32 = 4;

/// The version of rows and manifests that name none.
pub(super) fn unnamed_schema() -> u32 {
    1
}

/// The version of the schema since which there is a column of this name.
pub fn column_since(column: &str) -> u32 {
    match column {
        "schema_version"
        | "avg_return_unflagged"
        | "selected_return_unflagged"
        | "kept_avg_return"
        | "labels_holdout_unlimited" => 2,
        "variant" => 3,
        _ => 1,
    }
}

/// Whether what a column of this name says follows from the others of its row, so that rows of every
/// version have it.
pub fn follows_from_others(column: &str) -> bool {
    column == "labels_holdout_unlimited"
}

/// What a value of an earlier version says in the present one.
pub fn value_today<'a>(column: &str, value: &'a str) -> &'a str {
    match (column, value) {
        ("labels_holdout", "unlimited") | (_, "NaN") => "",
        _ => value,
    }
}

/// The columns of `Row`, in order.
pub(super) fn columns_of<Row: Serialize + Default>() -> StringRecord {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.serialize(Row::default()).expect("rows are flat and writing to memory cannot fail");
    let text = writer.into_inner().expect("flushing to memory cannot fail");
    let mut reader = csv::Reader::from_reader(text.as_slice());
    reader.headers().expect("just written").clone()
}

/// `text`, a CSV file of rows of `Row` as some version wrote it, with the columns of the present one.
/// Columns that it lacks are empty, unless what it has says what they hold; those that `Row` does not
/// have follow behind.
///
/// # Errors
/// If it is not CSV.
pub(super) fn text_today<Row: Serialize + Default>(text: Vec<u8>) -> Result<Vec<u8>, csv::Error> {
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let (there, known) = (reader.headers()?.clone(), columns_of::<Row>());
    if there.is_empty() || there.iter().take(known.len()).eq(&known) {
        return Ok(text);
    }
    let further = there.iter().filter(|column| known.iter().all(|name| name != *column));
    let columns: Vec<&str> = known.iter().chain(further).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&columns)?;
    for record in reader.records() {
        let record = record?;
        let value = |column: &str| {
            let position = there.iter().position(|name| name == column)?;
            record.get(position)
        };
        writer.write_record(columns.iter().map(|column| match (*column, value(column)) {
            (column, Some(value)) => value_today(column, value),
            ("schema_version", None) => "1",
            ("labels_holdout_unlimited", None) => match value("holdout_source") {
                Some("privileged") => "true",
                _ => "false",
            },
            (_, None) => "",
        }))?;
    }
    Ok(writer.into_inner().expect("flushing to memory cannot fail"))
}
