//! Whether two results of one run are the same: bit for bit, or in their numbers. Of files of an earlier
//! schema the columns that they have are compared.

use std::collections::HashMap;
use std::path::Path;

use csv::StringRecord;
use gr_runs::{FileRecord, SCHEMA_VERSION, column_since, follows_from_others, value_today};

/// Updates of which numbers are compared. Elsewhere they differ in their last digits; sooner or later one
/// of the actions that are drawn comes out another way for it, and from there on the two are
/// different runs of the same experiment.
pub const UPDATES_COMPARED: u64 = 50;

/// The column that says which schema a row has.
const SCHEMA: &str = "schema_version";

/// Which columns of files were compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Columns {
    /// All of them.
    All,
    /// Those that a file of an earlier schema has.
    Earlier,
}

impl Columns {
    /// What is to be said of it behind "equal".
    pub fn note(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Earlier => ", in the columns that it has",
        }
    }
}

/// Compares the files of a run: those recorded in `there` with those recorded in `here`, of which `read`
/// gives the two texts of a table.
///
/// # Errors
/// The first difference.
pub fn bit_for_bit(
    there: &[FileRecord],
    here: &[FileRecord],
    read: impl Fn(&str) -> Result<[Vec<u8>; 2], String>,
) -> Result<Columns, String> {
    let mut columns = Columns::All;
    for FileRecord { name, sha256, .. } in there {
        match here.iter().find(|other| other.name == *name) {
            None => return Err(format!("{name} does not come about")),
            Some(other) if other.sha256 == *sha256 => {}
            Some(_) if is_table(name) => {
                let [there, here] = read(name)?;
                let compared =
                    texts(&there, &here).map_err(|what| format!("{name} differs: {what}"));
                columns = columns.max(compared?);
            }
            Some(_) => return Err(format!("{name} differs")),
        }
    }
    match here.iter().find(|record| there.iter().all(|other| other.name != record.name)) {
        Some(record) => Err(format!("{} comes about besides", record.name)),
        None => Ok(columns),
    }
}

/// Compares two CSV files: byte for byte if both are of the same schema, else value by value.
///
/// # Errors
/// The first difference.
pub fn texts(there: &[u8], here: &[u8]) -> Result<Columns, String> {
    if there == here {
        return Ok(Columns::All);
    }
    let (there, here) = (Table::read(there)?, Table::read(here)?);
    let pairing = Pairing::new(&there, &here)?;
    match (pairing.values().find(|pair| pair.there != pair.here), pairing.compared) {
        (Some(pair), _) => Err(pair.text()),
        (None, Columns::All) => Err("the same values in other bytes".into()),
        (None, Columns::Earlier) => Ok(Columns::Earlier),
    }
}

/// Compares `runs.csv`, which one version writes as a whole: its rows are as old as its header.
///
/// # Errors
/// The first difference.
pub fn summaries(there: &[u8], here: &[u8]) -> Result<Columns, String> {
    let columns = texts(there, here)?;
    let is_todays = Table::read(there)?.header == Table::read(here)?.header;
    match columns {
        Columns::Earlier if is_todays => Err("a row has an earlier schema than its header".into()),
        columns => Ok(columns),
    }
}

/// Compares the numbers of the first [`UPDATES_COMPARED`] updates in two CSV files. Each may differ by
/// `tolerance` of the largest magnitude in its column: smaller entries are differences of larger
/// numbers, and as uncertain as those. Returns the largest difference on that scale.
///
/// # Errors
/// The first difference that is too large, or that is none of numbers.
pub fn within(there: &[u8], here: &[u8], tolerance: f64) -> Result<(f64, Columns), String> {
    let read = |text| Table::read(text).map(Table::of_first_updates);
    let (there, here) = (read(there)?, read(here)?);
    let pairing = Pairing::new(&there, &here)?;
    let number = |value: &str| value.parse::<f64>().ok();
    let mut scales: HashMap<&str, f64> = HashMap::new();
    for pair in pairing.values() {
        let scale = scales.entry(pair.column).or_insert(f64::MIN_POSITIVE);
        *scale = number(pair.there).map_or(*scale, |number| scale.max(number.abs()));
    }
    let mut largest: f64 = 0.0;
    for pair in pairing.values() {
        let difference = match (number(pair.there), number(pair.here)) {
            _ if pair.there == pair.here => 0.0,
            (Some(there), Some(here)) => (there - here).abs() / scales[pair.column],
            _ => f64::INFINITY,
        };
        if difference.is_nan() || difference > tolerance {
            return Err(pair.text());
        }
        largest = largest.max(difference);
    }
    Ok((largest, pairing.compared))
}

/// A CSV file.
struct Table {
    header: StringRecord,
    rows: Vec<StringRecord>,
}

/// A value that two tables should have alike.
struct Pair<'a> {
    line: usize,
    column: &'a str,
    there: &'a str,
    here: &'a str,
}

impl Pair<'_> {
    fn text(&self) -> String {
        let Self { line, column, there, here } = self;
        format!("line {line}, {column}: {here} instead of {there}")
    }
}

impl Table {
    fn read(text: &[u8]) -> Result<Self, String> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
        let not_csv = |error| format!("not CSV: {error}");
        let header = reader.headers().map_err(not_csv)?.clone();
        let rows = reader.records().collect::<Result<_, _>>().map_err(not_csv)?;
        Ok(Self { header, rows })
    }

    /// The rows of the updates that are compared.
    fn of_first_updates(mut self) -> Self {
        if let Some(column) = self.header.iter().position(|name| name == "update_idx") {
            self.rows.retain(|row| {
                let update = row.get(column).and_then(|text| text.parse::<u64>().ok());
                update.is_none_or(|update| update < UPDATES_COMPARED)
            });
        }
        self
    }

    fn position(&self, column: &str) -> Option<usize> {
        self.header.iter().position(|name| name == column)
    }

    /// The schema of a row; one that names none is of the first.
    fn schema_of(&self, row: &StringRecord) -> u32 {
        let named = self.position(SCHEMA).and_then(|column| row.get(column)?.parse().ok());
        named.unwrap_or(1)
    }
}

/// The values of a recorded table, each beside that of the table that came about today.
struct Pairing<'a> {
    there: &'a Table,
    here: &'a Table,
    /// The name of each column there, and where it is here.
    columns: Vec<(&'a str, usize)>,
    /// Which of today's columns the recorded table has.
    compared: Columns,
}

impl<'a> Pairing<'a> {
    fn new(there: &'a Table, here: &'a Table) -> Result<Self, String> {
        if there.rows.len() != here.rows.len() {
            return Err(format!(
                "{} lines instead of {}",
                1 + here.rows.len(),
                1 + there.rows.len()
            ));
        }
        let mut rows = there.rows.iter().zip(&here.rows);
        let has_earlier_row = rows.any(|(a, b)| there.schema_of(a) < here.schema_of(b));
        let names_no_schema = there.position(SCHEMA).is_none() && here.position(SCHEMA).is_some();
        if !names_no_schema && !has_earlier_row && there.header != here.header {
            return Err("it has other columns".into());
        }
        let beside = |column| {
            let position = here.position(column);
            Ok((column, position.ok_or_else(|| format!("column {column} does not come about"))?))
        };
        let columns = there.header.iter().map(beside).collect::<Result<_, String>>()?;
        let compared =
            if names_no_schema || has_earlier_row { Columns::Earlier } else { Columns::All };
        Ok(Self { there, here, columns, compared })
    }

    /// All pairs, row by row. What a row of an earlier schema did not record is empty in it, and may be in
    /// later rows of the file, whose run did not know it yet.
    fn values(&self) -> impl Iterator<Item = Pair<'a>> + '_ {
        let earliest = self.there.rows.iter().map(|row| self.there.schema_of(row)).min();
        let rows = self.there.rows.iter().zip(&self.here.rows).enumerate();
        rows.flat_map(move |(index, (there, here))| {
            let schema = self.there.schema_of(there);
            let is_earlier = schema < SCHEMA_VERSION;
            let columns = self.columns.iter().enumerate();
            columns.filter(move |(_, (column, _))| !is_earlier || *column != SCHEMA).map(
                move |(at, (column, position))| {
                    let value = there.get(at).unwrap_or_default();
                    let since = column_since(column);
                    let is_known = since <= schema || follows_from_others(column);
                    let is_left_out = Some(since) > earliest && value.is_empty();
                    Pair {
                        line: index + 2,
                        column,
                        there: if is_earlier { value_today(column, value) } else { value },
                        here: here
                            .get(*position)
                            .filter(|_| is_known && !is_left_out)
                            .unwrap_or_default(),
                    }
                },
            )
        })
    }
}

/// Whether numbers can be compared in the file of this name.
pub fn is_table(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "csv")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_on_the_scale_of_their_column() {
        let there = b"run,loss\na,100\na,0.001\n";
        assert_eq!(within(there, there, 0.0), Ok((0.0, Columns::All)));
        let (largest, _) = within(there, b"run,loss\na,100.05\na,0.002\n", 1e-3).unwrap();
        assert!((largest - 5e-4).abs() < 1e-12, "{largest}");
        let error = within(there, b"run,loss\na,100.5\na,0.001\n", 1e-3).unwrap_err();
        assert_eq!(error, "line 2, loss: 100.5 instead of 100");
        assert!(within(there, b"run,loss\nb,100\na,0.001\n", 1e-3).unwrap_err().contains("run"));
        assert!(within(there, b"run,loss\na,100\n", 1e-3).unwrap_err().contains("2 lines"));
        assert!(within(there, b"run,loss\na,NaN\na,0.001\n", 1e-3).is_err());
        assert!(within(there, b"run,loss\na,100\na,\n", 1e-3).is_err());
    }

    #[test]
    fn what_comes_after_the_first_updates_is_not_compared() {
        let there = b"update_idx,loss\n0,1\n49,2\n50,3\n100,4\n";
        assert_eq!(within(there, b"update_idx,loss\n0,1\n49,2\n50,7\n", 0.0).unwrap().0, 0.0);
        assert!(within(there, b"update_idx,loss\n0,1\n49,7\n50,3\n", 0.0).is_err());
    }

    #[test]
    fn files_that_change_go_missing_or_appear_are_named() {
        let record = |name: &str, sha256: &str| FileRecord {
            name: name.into(),
            bytes: 1,
            sha256: sha256.into(),
        };
        let there = [record("a", "1"), record("b", "2")];
        let none = |name: &str| panic!("{name} is no table");
        assert_eq!(bit_for_bit(&there, &there, none), Ok(Columns::All));
        for (here, name) in [
            (vec![record("a", "1"), record("b", "3")], "b differs"),
            (vec![record("a", "1")], "b does not"),
            (vec![record("a", "1"), record("b", "2"), record("c", "2")], "c comes"),
        ] {
            assert!(bit_for_bit(&there, &here, none).unwrap_err().contains(name));
        }
    }

    const TODAY: &[u8] =
        b"update_idx,labels_holdout,kept_avg_return,schema_version\n0,,0.5,2\n1,7,0.25,2\n";

    #[test]
    fn a_file_of_an_earlier_schema_is_compared_in_the_columns_that_it_has() {
        let earlier = b"update_idx,labels_holdout\n0,unlimited\n1,7\n";
        assert_eq!(texts(earlier, TODAY), Ok(Columns::Earlier));
        assert_eq!(within(earlier, TODAY, 0.0), Ok((0.0, Columns::Earlier)));
        // Where no row is of the updates that are compared.
        let later = |text: &[u8]| {
            String::from_utf8_lossy(text).replace("\n0,", "\n90,").replace("\n1,", "\n91,")
        };
        let (there, here) = (later(earlier), later(TODAY));
        assert_eq!(within(there.as_bytes(), here.as_bytes(), 0.0), Ok((0.0, Columns::Earlier)));
        // A run that an earlier version began and this one finished.
        let begun =
            b"update_idx,labels_holdout,kept_avg_return,schema_version\n0,,,1\n1,7,0.25,2\n";
        assert_eq!(texts(begun, TODAY), Ok(Columns::Earlier));
        let kept_before =
            b"update_idx,labels_holdout,kept_avg_return,schema_version\n0,,,1\n1,7,,2\n";
        assert_eq!(texts(kept_before, TODAY), Ok(Columns::Earlier));
        assert_eq!(summaries(earlier, TODAY), Ok(Columns::Earlier));
        assert!(summaries(begun, TODAY).unwrap_err().contains("than its header"));
        for (other, mention) in [
            (
                &b"update_idx,labels_holdout\n0,unlimited\n1,8\n"[..],
                "line 3, labels_holdout: 7 instead of 8",
            ),
            (b"update_idx,labels_holdout\n0,unlimited\n", "3 lines instead of 2"),
            (b"update_idx,labels\n0,1\n1,7\n", "column labels does not come about"),
            (b"update_idx,schema_version\n0,2\n1,2\n", "other columns"),
            (
                b"update_idx,labels_holdout,kept_avg_return,schema_version\n0,,,1\n1,7,0.5,2\n",
                "line 3, kept_avg_return: 0.25 instead of 0.5",
            ),
            // A row that has what its schema has not.
            (
                b"update_idx,labels_holdout,kept_avg_return,schema_version\n0,,0.5,1\n1,7,0.25,2\n",
                "line 2, kept_avg_return:  instead of 0.5",
            ),
        ] {
            assert!(texts(other, TODAY).unwrap_err().contains(mention), "{mention}");
        }
    }

    #[test]
    fn columns_that_a_method_has_of_its_own_are_compared_like_the_others() {
        let there = b"update_idx,loss,schema_version,model_loss\n0,2,2,\n1,2,2,0.5\n";
        assert_eq!(texts(there, there), Ok(Columns::All));
        assert_eq!(within(there, there, 0.0), Ok((0.0, Columns::All)));
        let other = b"update_idx,loss,schema_version,model_loss\n0,2,2,\n1,2,2,0.25\n";
        let difference = "line 3, model_loss: 0.25 instead of 0.5";
        assert_eq!(texts(there, other), Err(difference.into()));
        assert_eq!(within(there, other, 0.1), Err(difference.into()));
        assert!(within(there, other, 0.5).is_ok());
        let without = b"update_idx,loss,schema_version\n0,2,2\n1,2,2\n";
        for (there, here) in [(&there[..], &without[..]), (without, there)] {
            assert!(texts(there, here).unwrap_err().contains("other columns"));
        }
    }

    #[test]
    fn files_of_the_same_schema_are_compared_byte_for_byte() {
        assert_eq!(texts(TODAY, TODAY), Ok(Columns::All));
        let quoted = String::from_utf8_lossy(TODAY).replace("0.25", "\"0.25\"");
        assert!(texts(quoted.as_bytes(), TODAY).unwrap_err().contains("other bytes"));
        let without = String::from_utf8_lossy(TODAY).replace("0.25", "");
        assert!(texts(without.as_bytes(), TODAY).unwrap_err().contains("0.25 instead of "));
    }
}
