//! Rows with columns of which only the writer knows: those of a method, or the keys that a search drew.
//! They stand behind the known ones, in the order of their names.

use std::collections::BTreeMap;

use csv::StringRecord;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::schema::{columns_of, text_today};

/// What a method records of its own, by column; an absent number is an empty value.
pub type MethodColumns = BTreeMap<String, Option<f64>>;

/// A row and the further columns that its file has.
#[derive(Clone, Debug, PartialEq)]
pub struct ExtendedRow<Row, Value> {
    /// The known columns.
    pub row: Row,
    /// The further ones, by name.
    pub further: BTreeMap<String, Value>,
}

/// The rows of a CSV file, whichever version of the schema it was written with.
///
/// # Errors
/// If it is not CSV, lacks a column or has something in one that does not belong there.
pub fn read_rows<Row, Value>(text: &[u8]) -> Result<Vec<ExtendedRow<Row, Value>>, csv::Error>
where
    Row: Serialize + DeserializeOwned + Default,
    Value: DeserializeOwned,
{
    let text = text_today::<Row>(text.to_vec())?;
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let header = reader.headers()?.clone();
    let known = columns_of::<Row>().len();
    let read = |record: Result<StringRecord, csv::Error>| {
        let record = record?;
        let values = StringRecord::from_iter(record.iter().skip(known));
        let values: Vec<Value> = values.deserialize(None)?;
        let names = header.iter().skip(known).map(String::from);
        let row = record.deserialize(Some(&header))?;
        Ok(ExtendedRow { row, further: names.zip(values).collect() })
    };
    reader.records().map(read).collect()
}
