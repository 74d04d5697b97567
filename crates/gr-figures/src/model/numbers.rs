//! The numbers behind a picture, as CSV.

use std::fmt::Display;

use gr_runs::Column;

use super::columns::{HIGH, LOW, N, OVERSIGHT_PROB, RUN_LABEL, SERIES, VARIANT, WHAT};
use super::{Estimate, Group};
use crate::style;

/// A table of numbers that were drawn.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Numbers {
    /// A table without rows.
    pub fn new(columns: &[Column]) -> Self {
        Self { header: columns.iter().map(|column| column.name.into()).collect(), rows: Vec::new() }
    }

    /// The columns of a table of means over runs, and of single values, along the axis `x`.
    pub const fn along(what: &'static str, x: Column, mean: Column) -> [Column; 10] {
        let what = WHAT.meaning_here(what);
        [OVERSIGHT_PROB, SERIES, RUN_LABEL, what, x, mean, LOW, HIGH, N, VARIANT]
    }

    /// Adds a value of `group` at `x` to a table with the columns of [`Numbers::along`].
    pub fn push_point(&mut self, group: &Group<'_>, what: &str, x: String, point: &Estimate) {
        let series = group.series;
        self.push(vec![
            group.oversight.0.to_string(),
            style::name(series),
            series.method.clone(),
            what.into(),
            x,
            point.mean.to_string(),
            Self::text(point.interval.map(|interval| interval.0)),
            Self::text(point.interval.map(|interval| interval.1)),
            point.n.to_string(),
            series.variant().into(),
        ]);
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
