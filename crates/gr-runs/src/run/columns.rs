//! What the columns of CSV files are called and mean. Row types are declared with [`csv_rows!`], from which
//! `docs/data.md` and `docs/columns.csv` are made, so that no column can be written without being explained.
//!
//! Knows no file of its own: whoever writes a table describes it.

use super::HoldoutReturn;
use super::schema::{column_since, unnamed_schema};

/// What all values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// A whole number, 0 or above.
    Integer,
    /// A finite number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A word, a name, or several of them.
    Text,
}

/// A column of a CSV file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    /// What its values are.
    pub values: ColumnType,
    /// Whether a value may be absent, which is an empty text and never 0.
    pub may_be_empty: bool,
    /// The unit of its numbers; empty for text and truth values.
    pub unit: &'static str,
    /// What it says.
    pub meaning: &'static str,
}

/// A CSV file that is written, by the pattern of its name.
#[derive(Clone, Copy, Debug)]
pub struct CsvFile {
    /// Its name, with `<..>` where names differ.
    pub name: &'static str,
    /// What a row of it is.
    pub meaning: &'static str,
    /// Its columns, in order.
    pub columns: &'static [Column],
}

/// A type of rows whose columns are described.
pub trait CsvRow {
    /// The file that has such rows.
    const FILE: CsvFile;
}

/// A type of values in a column.
pub trait CsvValue {
    /// What they are.
    const TYPE: ColumnType;
    /// Whether they may be absent.
    const MAY_BE_EMPTY: bool = false;
}

macro_rules! values {
    ($($kind:ident: $($type:ty),+;)+) => {$($(
        impl CsvValue for $type {
            const TYPE: ColumnType = ColumnType::$kind;
        }
    )+)+};
}

values! {
    Integer: u8, u32, u64, usize;
    Number: f32, f64, HoldoutReturn;
    Boolean: bool;
    Text: String;
}

impl<T: CsvValue> CsvValue for Option<T> {
    const TYPE: ColumnType = T::TYPE;
    const MAY_BE_EMPTY: bool = true;
}

/// Declares types of rows, each with the file that has them.
///
/// An entry `/// Meaning. field: Type, "unit";` is a public field and a column of its name; the unit is left
/// out for text and truth values. What is written above the type is what a row is.
#[macro_export]
macro_rules! csv_rows {
    ($(
        $(#[doc = $row:literal])+
        $file:literal: $name:ident {$(
            $(#[doc = $meaning:literal])+
            $(#[serde($($rule:tt)+)])?
            $field:ident: $type:ty $(, $unit:literal)?;
        )+}
    )+) => {$(
        $(#[doc = $row])+
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name {$(
            $(#[doc = $meaning])+
            $(#[serde($($rule)+)])?
            pub $field: $type,
        )+}

        impl $crate::CsvRow for $name {
            const FILE: $crate::CsvFile = $crate::CsvFile {
                name: $file,
                meaning: concat!($($row),+),
                columns: &[$(
                    $crate::Column {
                        name: stringify!($field),
                        values: <$type as $crate::CsvValue>::TYPE,
                        may_be_empty: <$type as $crate::CsvValue>::MAY_BE_EMPTY,
                        unit: [$($unit,)? ""][0],
                        meaning: concat!($($meaning),+),
                    },
                )+],
            };
        }
    )+};
}

impl Column {
    /// A column of numbers in `unit`.
    pub const fn number(name: &'static str, unit: &'static str, meaning: &'static str) -> Self {
        Self { name, values: ColumnType::Number, may_be_empty: false, unit, meaning }
    }

    /// A column of whole numbers in `unit`.
    pub const fn integer(name: &'static str, unit: &'static str, meaning: &'static str) -> Self {
        Self { values: ColumnType::Integer, ..Self::number(name, unit, meaning) }
    }

    /// A column of truth values.
    pub const fn boolean(name: &'static str, meaning: &'static str) -> Self {
        Self { values: ColumnType::Boolean, ..Self::number(name, "", meaning) }
    }

    /// A column of text.
    pub const fn text(name: &'static str, meaning: &'static str) -> Self {
        Self { values: ColumnType::Text, ..Self::number(name, "", meaning) }
    }

    /// The same column, whose values may be absent.
    pub const fn or_empty(self) -> Self {
        Self { may_be_empty: true, ..self }
    }

    /// What it says, on one line.
    fn meaning(&self) -> String {
        self.meaning.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The same column, of which a file says more.
    pub const fn meaning_here(self, meaning: &'static str) -> Self {
        Self { meaning, ..self }
    }
}

impl ColumnType {
    /// What documents call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Text => "text",
        }
    }
}

/// The columns of a file as a table in Markdown.
pub fn columns_markdown(columns: &[Column]) -> String {
    let mut text = "| column | type | unit | meaning |\n| --- | --- | --- | --- |\n".to_string();
    for column in columns {
        let Column { name, values, may_be_empty, unit, .. } = column;
        let or_empty = if *may_be_empty { " or empty" } else { "" };
        // An upright stroke would end the cell.
        let mut meaning = column.meaning().replace('|', "\\|");
        if let Some(schema) = since(column, columns).filter(|schema| *schema > unnamed_schema()) {
            meaning += &format!(" Since schema {schema}.");
        }
        text += &format!("| `{name}` | {}{or_empty} | {unit} | {meaning} |\n", values.name());
    }
    text
}

/// The header of [`columns_records`].
pub const COLUMNS_HEADER: [&str; 7] =
    ["file", "column", "type", "may_be_empty", "since_schema", "unit", "meaning"];

/// The columns of `file` as records of a CSV file.
pub fn columns_records(file: &str, columns: &[Column]) -> Vec<[String; 7]> {
    let record = |column: &Column| {
        let Column { name, values, may_be_empty, unit, .. } = column;
        let since = since(column, columns).map(|schema| schema.to_string()).unwrap_or_default();
        let kind = values.name().into();
        let meaning = column.meaning();
        let empty = may_be_empty.to_string();
        [file.into(), (*name).into(), kind, empty, since, (*unit).into(), meaning]
    };
    columns.iter().map(record).collect()
}

/// The version of the schema since which a file with `columns` has `column`, if its columns have versions.
fn since(column: &Column, columns: &[Column]) -> Option<u32> {
    let has_schema = columns.iter().any(|column| column.name == "schema_version");
    has_schema.then(|| column_since(column.name))
}
