//! The rows of one CSV file, of a type that `gr-runs` declares.

use std::path::Path;

use anyhow::{Result, ensure};
use gr_runs::{CsvLine, CsvTable, RefusedLine};
use serde::de::DeserializeOwned;

use super::Warnings;

/// The columns that figures need of a file, and those that older or other files may lack, with blanks
/// between them.
pub struct Columns {
    /// Refused without them.
    pub needed: &'static str,
    /// Read where they are.
    pub optional: &'static str,
}

/// Calls `visit` with every row of the file at `path`, a cut last line left out with a warning. Returns
/// whether the file has a header.
///
/// # Errors
/// The first line that is wrong or that `visit` refuses.
pub fn read_rows<R: DeserializeOwned>(
    path: &Path,
    columns: &Columns,
    warnings: &Warnings,
    visit: impl FnMut(&CsvLine<'_>, R) -> Result<()>,
) -> Result<bool> {
    read(path, columns, warnings, visit, |_, refused| match refused {
        RefusedLine::Wrong(error) => Err(error),
        RefusedLine::Cut(error) => {
            warnings.add(error.to_string());
            Ok(())
        }
    })
}

/// As [`read_rows`], for files with a run or trial a line: one that is wrong, refused or cut is left out,
/// and `left_out` called with it.
///
/// # Errors
/// If none of the file can be read.
pub fn read_good_rows<R: DeserializeOwned>(
    path: &Path,
    columns: &Columns,
    warnings: &Warnings,
    visit: impl FnMut(&CsvLine<'_>, R) -> Result<()>,
    mut left_out: impl FnMut(&CsvLine<'_>),
) -> Result<bool> {
    read(path, columns, warnings, visit, |line, refused| {
        let (RefusedLine::Wrong(error) | RefusedLine::Cut(error)) = refused;
        warnings.leave_out(&error);
        left_out(line);
        Ok(())
    })
}

fn read<R: DeserializeOwned>(
    path: &Path,
    columns: &Columns,
    warnings: &Warnings,
    visit: impl FnMut(&CsvLine<'_>, R) -> Result<()>,
    refused: impl FnMut(&CsvLine<'_>, RefusedLine<anyhow::Error>) -> Result<()>,
) -> Result<bool> {
    let Some(table) = CsvTable::read(path)? else { return Ok(false) };
    let names = |columns: &'static str| columns.split_whitespace().collect::<Vec<_>>();
    let selection = table.select(&names(columns.needed), &names(columns.optional))?;
    let notice = table.for_each(&selection, visit, refused)?;
    notice.into_iter().for_each(|notice| warnings.add(notice));
    Ok(true)
}

/// Fails unless `value`, which stands in `column`, is `expected`, which `source` says it must be.
pub fn must_be(
    line: &CsvLine<'_>,
    column: &str,
    value: &str,
    expected: &str,
    source: &str,
) -> Result<()> {
    // Data frames turn the numbers that name published runs into fractions.
    let is_expected = value == expected || value.strip_suffix(".0") == Some(expected);
    ensure!(is_expected, "{}, but {source} says {expected}", line.place(column));
    Ok(())
}

/// A probability that stands in `column`.
pub fn probability(line: &CsvLine<'_>, column: &str, value: f64) -> Result<f64> {
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(line.refuse(column, "a probability"))?
    }
}

/// The position among `names` of `value`, which stands in `column`.
pub fn choice(line: &CsvLine<'_>, column: &str, value: &str, names: &[&str]) -> Result<usize> {
    match names.iter().position(|name| *name == value) {
        Some(position) => Ok(position),
        None => Err(line.refuse(column, format!("one of {}", names.join(", "))))?,
    }
}
