//! A CSV file in the making: its text, in memory for as long as the run trains. Whoever saves the
//! run saves the text with it, so that a saved state needs no other file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::schema::{columns_of, text_today};
use super::{ExtendedRow, RunId};

/// Rows below a header.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CsvLog {
    #[serde(with = "serde_bytes")]
    text: Vec<u8>,
}

impl CsvLog {
    /// The log, to go on with as one of rows of `Row`: its text is of this version of the program or an
    /// earlier one, which had other columns.
    ///
    /// # Errors
    /// If the text is not CSV.
    pub fn today<Row: Serialize + Default>(self) -> Result<Self, csv::Error> {
        Ok(Self { text: text_today::<Row>(self.text)? })
    }

    /// The log of the run `id` that says of it what this log says of another run, without the rows of
    /// updates that `keep` leaves out.
    ///
    /// # Errors
    /// If the text is not CSV with a name and an update in every row.
    pub fn renamed(&self, id: &RunId, keep: impl Fn(u64) -> bool) -> Result<Self, csv::Error> {
        let mut reader = csv::Reader::from_reader(self.text.as_slice());
        let header = reader.headers()?.clone();
        let column = |name: &str| header.iter().position(|column| column == name);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let (Some(run_id), Some(update_idx)) = (column("run_id"), column("update_idx")) else {
            return Ok(self.clone()); // no row yet, nor a header
        };
        writer.write_record(&header)?;
        for record in reader.records() {
            let record = record?;
            let update: u64 = record.get(update_idx).unwrap_or_default().parse().map_err(
                |error: std::num::ParseIntError| csv::Error::from(std::io::Error::other(error)),
            )?;
            if keep(update) {
                let values = record.iter().enumerate();
                writer.write_record(values.map(|(at, value)| match at {
                    at if at == run_id => id.as_str(),
                    _ => value,
                }))?;
            }
        }
        let text = writer.into_inner().expect("flushing to memory cannot fail");
        Ok(Self { text })
    }

    /// Appends rows, after the header if they are the first.
    pub fn append<Row: Serialize + Default>(&mut self, rows: impl IntoIterator<Item = Row>) {
        let further = BTreeMap::<String, f64>::new;
        self.append_extended(rows.into_iter().map(|row| ExtendedRow { row, further: further() }));
    }

    /// Appends rows that all have the same further columns, after the header if they are the first.
    pub fn append_extended<Row: Serialize + Default, Value: Serialize>(
        &mut self,
        rows: impl IntoIterator<Item = ExtendedRow<Row, Value>>,
    ) {
        let text = std::mem::take(&mut self.text);
        let mut needs_header = text.is_empty();
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(text);
        for ExtendedRow { row, further } in rows {
            if std::mem::take(&mut needs_header) {
                let mut header = columns_of::<Row>();
                header.extend(further.keys());
                writer.write_record(&header).expect("writing to memory cannot fail");
            }
            let values: Vec<&Value> = further.values().collect();
            let written = writer.serialize((row, values));
            written.expect("rows are flat, of one length, and writing to memory cannot fail");
        }
        self.text = writer.into_inner().expect("flushing to memory cannot fail");
    }

    /// Everything so far.
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

/// From what [`CsvLog::text`] was, or nothing.
impl From<Vec<u8>> for CsvLog {
    fn from(text: Vec<u8>) -> Self {
        Self { text }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::run::{HoldoutRow, MethodColumns, read_rows};

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Row {
        update_idx: u64,
        value: Option<f64>,
        schema_version: u32,
    }

    fn row(update_idx: u64) -> Row {
        Row { update_idx, value: (update_idx > 0).then_some(0.5), schema_version: 2 }
    }

    fn continued(text: &[u8]) -> CsvLog {
        CsvLog::from(text.to_vec()).today::<Row>().unwrap()
    }

    #[test]
    fn a_continued_log_is_what_it_is_uninterrupted() {
        let mut log = CsvLog::default();
        log.append([row(0), row(1)]);
        let mut log = continued(log.text());
        log.append([row(3)]);
        assert_eq!(log.text(), b"update_idx,value,schema_version\n0,,2\n1,0.5,2\n3,0.5,2\n");
    }

    #[test]
    fn columns_of_a_method_follow_the_known_ones_and_read_back() {
        let columns = |loss: Option<f64>| {
            MethodColumns::from([("model_loss".into(), loss), ("labels_held".into(), Some(7.0))])
        };
        let rows = [
            ExtendedRow { row: row(0), further: columns(None) },
            ExtendedRow { row: row(1), further: columns(Some(-0.25)) },
        ];
        let mut log = CsvLog::default();
        log.append_extended([rows[0].clone()]);
        let mut log = continued(log.text());
        log.append_extended([rows[1].clone()]);
        assert_eq!(
            String::from_utf8_lossy(log.text()),
            "update_idx,value,schema_version,labels_held,model_loss\n0,,2,7.0,\n1,0.5,2,7.0,-0.25\n"
        );
        assert_eq!(read_rows(log.text()).unwrap(), rows);
        // Who knows nothing of the method reads the rest.
        let mut reader = csv::Reader::from_reader(log.text());
        let known: Vec<Row> = reader.deserialize().collect::<Result<_, _>>().unwrap();
        assert_eq!(known, [row(0), row(1)]);
    }

    #[test]
    fn a_log_of_an_earlier_schema_goes_on_under_the_present_header() {
        let mut log = continued(b"value,update_idx,model_loss\nNaN,4,0.5\n");
        log.append_extended([ExtendedRow {
            row: row(5),
            further: MethodColumns::from([("model_loss".into(), Some(0.25))]),
        }]);
        assert_eq!(
            String::from_utf8_lossy(log.text()),
            "update_idx,value,schema_version,model_loss\n4,,1,0.5\n5,0.5,2,0.25\n"
        );
        assert!(CsvLog::from(b"update_idx\n1,2\n".to_vec()).today::<Row>().is_err());
        assert_eq!(continued(b"").text(), b"");
    }

    #[test]
    fn a_log_of_another_run_keeps_the_updates_that_both_would_record() {
        let log =
            CsvLog::from(b"update_idx,run_id,loss\n0,a_p1_s0_x,NaN\n7,a_p1_s0_x,0.10\n".to_vec());
        let id: RunId = "a_p1_s0_y".parse().unwrap();
        let renamed = log.renamed(&id, |update| update < 7).unwrap();
        assert_eq!(renamed.text(), b"update_idx,run_id,loss\n0,a_p1_s0_y,NaN\n");
        assert_eq!(CsvLog::default().renamed(&id, |_| true).unwrap().text(), b"");
        assert!(CsvLog::from(b"update_idx,run_id\nx,a\n".to_vec()).renamed(&id, |_| true).is_err());
    }

    #[test]
    fn labels_that_were_unlimited_read_as_none_and_unlimited() {
        let header = "update_idx,run_label,oversight_prob,policy_type,holdout_return,run_id,seed,\
            first_observation,holdout_source,episodes,labels_holdout,account,labels_training,\
            training_episodes,best_return,kept_update,stopped";
        let text = format!(
            "{header}\n\
             0,naive,0.5,training_policy,0.25,a,1,fresh,privileged,,unlimited,,3,9,,0,0\n\
             0,naive,0.5,training_policy,0.25,a,1,fresh,hidden,20,40,1.5,3,9,,0,0\n"
        );
        let rows = read_rows::<HoldoutRow, String>(text.as_bytes()).unwrap();
        let labels: Vec<_> = rows
            .iter()
            .map(|ExtendedRow { row, .. }| {
                (row.labels_holdout, row.labels_holdout_unlimited, row.kept_avg_return)
            })
            .collect();
        assert_eq!(labels, [(None, true, None), (Some(40), false, None)]);
        assert!(rows.iter().all(|row| row.row.schema_version == 1 && row.further.is_empty()));
    }
}
