//! CSV files read back into the row types that they were written from, by column name. Files of the
//! published code lack columns, files of later versions have more, and other programs have touched some:
//! what can be read without guessing is, and what cannot is named by file, line, column and value.

use std::fmt::Display;
use std::fs;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use csv::StringRecord;
use serde::de::DeserializeOwned;

use super::csv_values::{CsvValueError, columns_of, read_row};
use crate::run::LabelCount;

/// What is wrong with a CSV file, by file, line, column and value, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TableError(String);

/// A CSV file in memory.
#[derive(Debug)]
pub struct CsvTable {
    path: PathBuf,
    text: String,
    header: StringRecord,
}

/// The columns of a table that fill fields of the row type `R`; other fields are left empty.
#[derive(Debug)]
pub struct Selection<R> {
    /// Of every field the position of its column.
    fields: Vec<Option<usize>>,
    row: PhantomData<fn() -> R>,
}

/// A line of a [`CsvTable`], for what a row does not tell.
#[derive(Clone, Copy, Debug)]
pub struct CsvLine<'a> {
    table: &'a CsvTable,
    record: &'a StringRecord,
}

/// A line that is not taken.
#[derive(Debug)]
pub enum RefusedLine<E> {
    /// It is not what it should be.
    Wrong(E),
    /// It is the last, has no line break at its end, and is not whole.
    Cut(E),
}

/// Beginnings of files that are something else than CSV, and what they are.
const OTHER_FORMATS: [(&[u8], &str); 5] = [
    (b"\xff\xfe", "UTF-16 text; save it as CSV in UTF-8"),
    (b"\xfe\xff", "UTF-16 text; save it as CSV in UTF-8"),
    (b"PK\x03\x04", "a spreadsheet or archive; export it as CSV in UTF-8"),
    (b"\x1f\x8b", "compressed by gzip; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd; unpack it first"),
];

impl CsvTable {
    /// Reads the file at `path`. `None` if nothing, not even a header, has been written to it.
    ///
    /// # Errors
    /// If it cannot be read or is no CSV with commas.
    pub fn read(path: &Path) -> Result<Option<Self>, TableError> {
        let wrong = |reason: String| TableError(format!("{}: {reason}", path.display()));
        let bytes = fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        if let Some((_, what)) = OTHER_FORMATS.iter().find(|(start, _)| bytes.starts_with(start)) {
            return Err(wrong(format!("it is {what}")));
        }
        let mut text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            wrong(format!("line {line} is no UTF-8 text; restore the file or save it as UTF-8"))
        })?;
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        if text.trim().is_empty() {
            return Ok(None);
        }
        let mut header = csv::Reader::from_reader(text.as_bytes())
            .headers()
            .map_err(|error| wrong(format!("the header is not CSV: {error}")))?
            .clone();
        header.trim();
        let separators = [(';', "semicolons"), ('\t', "tabs"), ('|', "upright strokes")];
        let used = separators.iter().find(|(separator, _)| header[0].contains(*separator));
        if let (1, Some((_, name))) = (header.len(), used) {
            return Err(wrong(format!(
                "its columns are separated by {name}; save it with commas between columns and points \
                 in numbers (pandas: to_csv(path, sep=\",\", decimal=\".\"))"
            )));
        }
        Ok(Some(Self { path: path.into(), text, header }))
    }

    /// Selects the columns that `needed` and, where the file has them, `optional` name: fields of `R`.
    ///
    /// # Errors
    /// If a needed column is missing, or a selected one is there twice.
    pub fn select<R: DeserializeOwned>(
        &self,
        needed: &[&str],
        optional: &[&str],
    ) -> Result<Selection<R>, TableError> {
        let declared = columns_of::<R>();
        let mut fields = vec![None; declared.len()];
        for (index, name) in needed.iter().chain(optional).enumerate() {
            let field = declared.iter().position(|declared| declared == name);
            let field = field.unwrap_or_else(|| panic!("rows have no column {name}"));
            let mut places = (0..self.header.len()).filter(|place| self.header[*place] == **name);
            fields[field] = places.next();
            if places.next().is_some() {
                return Err(self.wrong(format!("column {name} is there twice; remove one of them")));
            }
            if fields[field].is_none() && index < needed.len() {
                return Err(self.wrong(format!(
                    "column {name} is missing; it has {}",
                    self.header.iter().collect::<Vec<_>>().join(", ")
                )));
            }
        }
        Ok(Selection { fields, row: PhantomData })
    }

    /// Calls `visit` with every row. A line that cannot be read or that `visit` refuses goes to `refused`,
    /// which fails in its turn or goes on with the next.
    ///
    /// A last line without a line break may be whole, where another program wrote the file, or cut, where
    /// a writer was killed or a copy broke off. It is taken if it is complete and `visit` accepts it, which
    /// is returned as a notice; else it goes to `refused` as [`RefusedLine::Cut`].
    ///
    /// # Errors
    /// The first of `refused`.
    pub fn for_each<R: DeserializeOwned, E: From<TableError> + Display>(
        &self,
        selection: &Selection<R>,
        mut visit: impl FnMut(&CsvLine<'_>, R) -> Result<(), E>,
        mut refused: impl FnMut(&CsvLine<'_>, RefusedLine<E>) -> Result<(), E>,
    ) -> Result<Option<String>, E> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(self.text.as_bytes());
        let mut record = StringRecord::new();
        let ended = self.text.ends_with(['\n', '\r']);
        let mut notice = None;
        loop {
            let more = reader.read_record(&mut record);
            if !more.map_err(|error| self.wrong(error.to_string()))? {
                return Ok(notice);
            }
            let line = CsvLine { table: self, record: &record };
            // Spreadsheet programs write lines of nothing but commas below a table.
            if record.iter().all(|value| value.trim().is_empty()) {
                continue;
            }
            let is_open_end = !ended && reader.position().byte() == self.text.len() as u64;
            let row = line.row(selection).map_err(E::from);
            match row.and_then(|row| visit(&line, row)) {
                Ok(()) if is_open_end => notice = Some(line.is_whole()),
                Ok(()) => {}
                Err(error) if is_open_end => {
                    refused(&line, RefusedLine::Cut(line.is_cut(&error.to_string()).into()))?;
                }
                Err(error) => refused(&line, RefusedLine::Wrong(error))?,
            }
        }
    }

    fn position(&self, column: &str) -> Option<usize> {
        self.header.iter().position(|header| header == column)
    }

    fn wrong(&self, reason: impl Display) -> TableError {
        TableError(format!("{}: {reason}", self.path.display()))
    }
}

impl CsvLine<'_> {
    /// Whether the file has a column.
    pub fn has(&self, column: &str) -> bool {
        self.table.position(column).is_some()
    }

    /// The text in a column, without the blanks around it; nothing where the file lacks the column.
    pub fn text(&self, column: &str) -> &str {
        self.table.position(column).map_or("", |place| self.value_at(place))
    }

    /// Labels that checks against a holdout used, from `labels_holdout` and, where the file has it,
    /// `labels_holdout_unlimited`. Files of schema 1 have the word `unlimited` in the first. `None` if
    /// neither says anything.
    ///
    /// # Errors
    /// If they hold anything else.
    pub fn labels_holdout(&self) -> Result<Option<LabelCount>, TableError> {
        let (column, unlimited) = ("labels_holdout", "labels_holdout_unlimited");
        if self.text(unlimited).eq_ignore_ascii_case("true") {
            return Ok(Some(LabelCount::Unlimited));
        }
        match self.text(column) {
            "" => Ok(None),
            text => {
                let whole = text.strip_suffix(".0").unwrap_or(text);
                let labels = whole.parse().map(Some);
                labels.map_err(|_| self.refuse(column, "a number of labels or \"unlimited\""))
            }
        }
    }

    /// The error for a value that is not what it should be.
    pub fn refuse(&self, column: &str, expected: impl Display) -> TableError {
        let place = self.place(column);
        TableError(format!("{place} is not {expected}; restore the file or remove its run"))
    }

    /// File, line, column and value, for messages.
    pub fn place(&self, column: &str) -> String {
        format!("{} {column} \"{}\"", self.here(), self.text(column))
    }

    fn here(&self) -> String {
        let line = self.record.position().map_or(0, csv::Position::line);
        format!("{}: line {line}:", self.table.path.display())
    }

    fn value_at(&self, place: usize) -> &str {
        self.record.get(place).unwrap_or_default().trim()
    }

    fn row<R: DeserializeOwned>(&self, selection: &Selection<R>) -> Result<R, TableError> {
        let (len, expected) = (self.record.len(), self.table.header.len());
        let beyond = self.record.iter().skip(expected).any(|value| !value.trim().is_empty());
        if len < expected || beyond {
            let hint = if beyond { "has decimal commas or is damaged" } else { "is damaged" };
            return Err(TableError(format!(
                "{} {len} values instead of {expected}; the line {hint}, restore the file or remove its run",
                self.here(),
            )));
        }
        let values = selection.fields.iter();
        read_row(values.map(|place| place.map(|place| (place, self.value_at(place))))).map_err(
            |CsvValueError { column, expected }| {
                let column = column.map_or("", |place| &self.table.header[place]);
                self.refuse(column, expected)
            },
        )
    }

    fn is_whole(&self) -> String {
        let here = self.here();
        format!("{here} it is the last and has no line break at its end, but is whole and was read")
    }

    fn is_cut(&self, error: &str) -> TableError {
        let here = self.here();
        let reason = error.strip_prefix(&here).unwrap_or(error).trim_start();
        let reason = reason.split_once("; ").map_or(reason, |(reason, _)| reason);
        TableError(format!(
            "{here} it is the last and cut off, as a killed writer or a broken copy leaves it, and was left out \
             ({reason})"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Clone, Debug, PartialEq, Deserialize)]
    struct Row {
        update_idx: u64,
        value: f64,
        gap: Option<f64>,
        stopped: bool,
        name: String,
    }

    fn read(bytes: impl AsRef<[u8]>) -> Result<(Vec<Row>, Option<String>), TableError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        fs::write(&path, bytes).unwrap();
        let table = CsvTable::read(&path)?.expect("there is a header");
        let selection = table.select(&["update_idx", "value"], &["gap", "stopped", "name"])?;
        let mut rows = Vec::new();
        let mut cut = None;
        let notice = table.for_each(
            &selection,
            |_, row: Row| {
                rows.push(row);
                Ok(())
            },
            |_, refused: RefusedLine<TableError>| match refused {
                RefusedLine::Wrong(error) => Err(error),
                RefusedLine::Cut(error) => {
                    cut = Some(error.to_string());
                    Ok(())
                }
            },
        )?;
        Ok((rows, notice.or(cut)))
    }

    fn row(update_idx: u64, value: f64) -> Row {
        Row { update_idx, value, gap: None, stopped: false, name: String::new() }
    }

    #[test]
    fn what_other_programs_write_is_read() {
        let full = Row { gap: Some(0.5), stopped: true, name: "a,b".into(), ..row(100, 0.25) };
        for text in [
            "update_idx,value,gap,stopped,name\n100,0.25,0.5,true,\"a,b\"\n",
            "\u{feff}update_idx,value,gap,stopped,name\r\n100,0.25,0.5,True,\"a,b\"\r\n",
            "\"update_idx\",\"value\",\"gap\",\"stopped\",\"name\"\n\"100\",\"0.25\",\"0.5\",\"1\",\"a,b\"\n",
            ",name,stopped,gap,value,update_idx\n0,\"a,b\",TRUE,5e-1,2.5E-1,100.0\n",
            " update_idx , value , gap,stopped,name \n 1e2 , 0.25 , 0.5, true ,\"a,b\"\n",
            "update_idx,value,gap,stopped,name,\n100,0.25,0.5,true,\"a,b\",\n,,,,,\n\n",
        ] {
            let (rows, notice) = read(text).unwrap();
            assert_eq!((rows, notice), (vec![full.clone()], None), "{text}");
        }
        let (rows, _) = read("update_idx,value,gap\n3,1,NaN\n4,2,\n").unwrap();
        assert_eq!(rows, [row(3, 1.0), row(4, 2.0)]);
    }

    #[test]
    fn a_last_line_without_a_line_break_is_read_if_it_is_whole() {
        let (rows, notice) = read("update_idx,value,name\n1,0.5,a\n2,0.75,b").unwrap();
        assert_eq!(rows.len(), 2);
        assert!(notice.unwrap().contains("line 3: it is the last and has no line break"));
        for cut in ["2,0.75", "2", "2,,b", "2,0.7e,b"] {
            let (rows, notice) = read(format!("update_idx,value,name\n1,0.5,a\n{cut}")).unwrap();
            assert_eq!(rows.len(), 1, "{cut}");
            assert!(notice.unwrap().contains("line 3: it is the last and cut off"), "{cut}");
        }
        let (rows, notice) = read("update_idx,value").unwrap();
        assert!(rows.is_empty() && notice.is_none());
    }

    #[test]
    fn what_is_wrong_is_named_by_line_column_and_value() {
        for (text, mentions) in [
            (
                "update_idx,value\n1,2\n3,much\n",
                ["rows.csv: line 3: value \"much\"", "finite number"],
            ),
            ("update_idx,value\n1,NaN\n", ["line 2: value \"NaN\"", "finite number"]),
            ("update_idx,value\n1,inf\n", ["line 2: value \"inf\"", "finite number"]),
            ("update_idx,value\n1,-1e300\n", ["line 2: value \"-1e300\"", "at most 1e9"]),
            ("update_idx,value\n1,\"0,5\"\n", ["line 2: value \"0,5\"", "decimal point"]),
            ("update_idx,value\n1,0,5\n", ["line 2: 3 values instead of 2", "decimal commas"]),
            ("update_idx,value\n1.5,0\n", ["line 2: update_idx \"1.5\"", "whole number"]),
            ("update_idx,value\n-1,0\n", ["line 2: update_idx \"-1\"", "whole number"]),
            ("update_idx,value\n1.8e19,0\n", ["update_idx \"1.8e19\"", "rounded"]),
            ("update_idx,value,gap\n1,0,x\n", ["line 2: gap \"x\"", "or nothing"]),
            ("update_idx,value,stopped\n1,0,yes\n", ["line 2: stopped \"yes\"", "true or false"]),
            ("update_idx,other\n1,2\n", ["column value is missing", "it has update_idx, other"]),
            ("update_idx,value,value\n1,2,3\n", ["column value is there twice", "remove one"]),
            ("update_idx,value\n1,2\n3\n4,5\n", ["line 3: 1 values instead of 2", "damaged"]),
            ("update_idx;value\n1;0,5\n", ["separated by semicolons", "save it with commas"]),
            ("update_idx\tvalue\n1\t0.5\n", ["separated by tabs", "save it with commas"]),
            ("PK\u{3}\u{4}...", ["a spreadsheet", "export it as CSV"]),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(mentions.iter().all(|mention| error.contains(mention)), "{text:?}: {error}");
        }
        let error = read(b"update_idx,value\n1,\xe9\n").unwrap_err().to_string();
        assert!(error.contains("line 2 is no UTF-8"), "{error}");
        let utf16: Vec<u8> = "\u{feff}a,b".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(read(utf16).unwrap_err().to_string().contains("UTF-16"));
    }

    #[test]
    fn a_file_without_a_header_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        fs::write(&path, "\u{feff}\n").unwrap();
        assert!(CsvTable::read(&path).unwrap().is_none());
    }
}
