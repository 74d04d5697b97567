//! A CSV file in the making: its text, in memory for as long as the run trains. Whoever saves the
//! run saves the text with it, so that a saved state needs no other file.

use serde::Serialize;

/// Rows below a header.
#[derive(Clone, Debug, Default)]
pub struct CsvLog {
    text: Vec<u8>,
}

impl CsvLog {
    /// A log that goes on from `text`, which is empty or comes from [`CsvLog::text`].
    pub fn continued(text: Vec<u8>) -> Self {
        Self { text }
    }

    /// Appends rows, after the header if they are the first.
    pub fn append<Row: Serialize>(&mut self, rows: impl IntoIterator<Item = Row>) {
        let has_headers = self.text.is_empty();
        let text = std::mem::take(&mut self.text);
        let mut writer = csv::WriterBuilder::new().has_headers(has_headers).from_writer(text);
        for row in rows {
            writer.serialize(row).expect("rows are flat and writing to memory cannot fail");
        }
        self.text = writer.into_inner().expect("flushing to memory cannot fail");
    }

    /// Everything so far.
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Row {
        update_idx: u64,
        value: Option<f64>,
    }

    #[test]
    fn a_continued_log_is_what_it_is_uninterrupted() {
        let row = |update_idx| Row { update_idx, value: (update_idx > 0).then_some(0.5) };
        let mut log = CsvLog::default();
        log.append([row(0), row(1)]);
        let mut log = CsvLog::continued(log.text().to_vec());
        log.append([row(3)]);
        assert_eq!(log.text(), b"update_idx,value\n0,\n1,0.5\n3,0.5\n");
    }
}
