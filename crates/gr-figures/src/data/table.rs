//! One CSV file, read by column name. Says file, line, column and value of whatever is wrong in it.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, anyhow, bail};
use csv::StringRecord;

use super::Warnings;

/// Largest number that is read. Returns are about 1; beyond about 1e300 the arithmetic of means and axes
/// overflows.
pub const LARGEST: f64 = 1e9;

/// A CSV file in memory, its torn last line left out.
pub struct Table {
    path: PathBuf,
    text: String,
    headers: StringRecord,
}

/// A column of a [`Table`].
#[derive(Clone, Copy)]
pub struct Column {
    index: usize,
}

/// A row of a [`Table`].
pub struct Row<'a> {
    table: &'a Table,
    record: &'a StringRecord,
}

impl Table {
    /// Reads the file at `path`. `None` if nothing, not even a header, has been written to it.
    ///
    /// A last line without a line break is what a killed writer leaves behind. It is dropped with a
    /// warning even if it parses, because its last number may be cut short.
    pub fn read(path: &Path, warnings: &Warnings) -> Result<Option<Self>> {
        let mut text = fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            let line = text[..whole].lines().count() + 1;
            warnings.add(format!(
                "{}: line {line} is torn (no line break at its end) and left out",
                path.display()
            ));
            text.truncate(whole);
        }
        if text.trim().is_empty() {
            return Ok(None);
        }
        let headers = csv::Reader::from_reader(text.as_bytes())
            .headers()
            .with_context(|| format!("{}: the header is not CSV", path.display()))?
            .clone();
        Ok(Some(Self { path: path.into(), text, headers }))
    }

    /// A column that must be there.
    pub fn column(&self, name: &str) -> Result<Column> {
        self.optional(name).ok_or_else(|| {
            anyhow!(
                "{}: column {name} is missing; it has {}",
                self.path.display(),
                self.headers.iter().collect::<Vec<_>>().join(", ")
            )
        })
    }

    /// A column that older files may lack.
    pub fn optional(&self, name: &str) -> Option<Column> {
        self.headers.iter().position(|header| header == name).map(|index| Column { index })
    }

    /// Calls `visit` with every row.
    pub fn for_each(&self, mut visit: impl FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        let mut reader = csv::Reader::from_reader(self.text.as_bytes());
        let mut record = StringRecord::new();
        loop {
            match reader.read_record(&mut record) {
                Ok(true) => visit(&Row { table: self, record: &record })?,
                Ok(false) => return Ok(()),
                Err(error) => return Err(self.describe(&error)),
            }
        }
    }

    fn describe(&self, error: &csv::Error) -> anyhow::Error {
        let path = self.path.display();
        let line = error.position().map_or(0, csv::Position::line);
        match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => anyhow!(
                "{path}: line {line}: {len} values instead of {expected_len}; the line is damaged, \
                 remove the file's run or restore the file"
            ),
            _ => anyhow!("{path}: line {line}: {error}"),
        }
    }
}

impl Row<'_> {
    /// The value as text.
    pub fn text(&self, column: Column) -> &str {
        self.record.get(column.index).unwrap_or_default()
    }

    /// A number that must be there and finite.
    pub fn number(&self, column: Column) -> Result<f64> {
        self.optional_number(column)?.ok_or_else(|| self.refuse(column, "a finite number"))
    }

    /// A finite number, or `None` if the value is empty.
    pub fn optional_number(&self, column: Column) -> Result<Option<f64>> {
        let number = self.optional_value::<f64>(column, "a finite number or nothing")?;
        match number {
            Some(number) if !number.is_finite() => {
                Err(self.refuse(column, "a finite number or nothing"))
            }
            Some(number) if number.abs() > LARGEST => {
                Err(self.refuse(column, "a number of at most 1e9 in size"))
            }
            number => Ok(number),
        }
    }

    /// A number from 0 to 1 that must be there.
    pub fn probability(&self, column: Column) -> Result<f64> {
        let number = self.number(column)?;
        let is_probability = (0.0..=1.0).contains(&number);
        if is_probability { Ok(number) } else { Err(self.refuse(column, "a probability")) }
    }

    /// A value that must be there; `expected` says what it is.
    pub fn value<T: FromStr>(&self, column: Column, expected: &str) -> Result<T> {
        self.text(column).parse().map_err(|_| self.refuse(column, expected))
    }

    /// A value, or `None` if it is empty.
    pub fn optional_value<T: FromStr>(&self, column: Column, expected: &str) -> Result<Option<T>> {
        match self.text(column) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| self.refuse(column, expected)),
        }
    }

    /// One of `names`, by its position.
    pub fn choice(&self, column: Column, names: &[&str]) -> Result<usize> {
        let text = self.text(column);
        let expected = || format!("one of {}", names.join(", "));
        names.iter().position(|name| *name == text).ok_or_else(|| self.refuse(column, &expected()))
    }

    /// Fails unless the value is `expected`, which `source` says it must be.
    pub fn must_be(&self, column: Column, expected: &impl Display, source: &str) -> Result<()> {
        if self.text(column) == expected.to_string() {
            return Ok(());
        }
        bail!("{}, but {source} says {expected}", self.place(column))
    }

    /// The error for a value that is not what it should be.
    pub fn refuse(&self, column: Column, expected: &str) -> anyhow::Error {
        anyhow!("{} is not {expected}; restore the file or remove its run", self.place(column))
    }

    /// File, line, column and value, for messages.
    pub fn place(&self, column: Column) -> String {
        format!(
            "{}: line {}: {} \"{}\"",
            self.table.path.display(),
            self.record.position().map_or(0, csv::Position::line),
            &self.table.headers[column.index],
            self.text(column)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str, warnings: &Warnings) -> Table {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        fs::write(&path, text).unwrap();
        Table::read(&path, warnings).unwrap().unwrap()
    }

    fn numbers(table: &Table, name: &str) -> Result<Vec<f64>> {
        let column = table.column(name)?;
        let mut numbers = Vec::new();
        table.for_each(|row| {
            numbers.push(row.number(column)?);
            Ok(())
        })?;
        Ok(numbers)
    }

    #[test]
    fn a_torn_last_line_is_left_out_with_a_warning() {
        let warnings = Warnings::default();
        let torn = table("a,b\n1,2\n3,4", &warnings);
        assert_eq!(numbers(&torn, "b").unwrap(), [2.0]);
        let warned = warnings.take();
        assert!(warned.len() == 1 && warned[0].contains("line 3"), "{warned:?}");
    }

    #[test]
    fn what_is_wrong_is_named_by_line_column_and_value() {
        let warnings = Warnings::default();
        for (text, mentions) in [
            ("a,b\n1,2\n3,much\n", vec!["rows.csv: line 3: b \"much\"", "finite number"]),
            ("a,b\n1,NaN\n", vec!["line 2: b \"NaN\""]),
            ("a,b\n1,-1e300\n", vec!["line 2: b \"-1e300\"", "at most 1e9"]),
            ("a,b\n1,\n", vec!["line 2: b \"\""]),
            ("a,c\n1,2\n", vec!["column b is missing", "a, c"]),
            ("a,b\n1,2\n3\n4,5\n", vec!["line 3", "1 values instead of 2"]),
        ] {
            let error = numbers(&table(text, &warnings), "b").unwrap_err().to_string();
            for mention in mentions {
                assert!(error.contains(mention), "{text:?}: {error}");
            }
        }
        assert!(warnings.take().is_empty());
    }

    #[test]
    fn a_file_without_a_header_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        fs::write(&path, "").unwrap();
        assert!(Table::read(&path, &Warnings::default()).unwrap().is_none());
    }
}
