//! The numbers behind a picture, as CSV.

use std::fmt::Display;

/// A table of numbers that were drawn.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Numbers {
    /// A table without rows.
    pub fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|name| name.to_string()).collect(), rows: Vec::new() }
    }

    /// Adds a row, a value per column.
    pub fn push(&mut self, row: Vec<String>) {
        assert_eq!(row.len(), self.header.len(), "a row has a value per column");
        self.rows.push(row);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as CSV.
    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in std::iter::once(&self.header).chain(&self.rows) {
            writer.write_record(row).expect("rows have one length and memory takes them");
        }
        writer.into_inner().expect("flushing to memory cannot fail")
    }

    /// A value as text; absent is empty, never 0.
    pub fn text(value: Option<impl Display>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
}
