//! A CSV file that grows while a run trains and can be cut back to where a saved state left it.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::StoreError;

/// An append-only CSV file with a header row.
#[derive(Debug)]
pub struct CsvLog {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl CsvLog {
    /// Opens the file at `path`, keeping its first `keep_bytes` bytes; 0 starts it anew.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it is shorter than that, [`StoreError::Io`] if the system refuses.
    pub fn open(path: &Path, keep_bytes: u64) -> Result<Self, StoreError> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(StoreError::io("write", path))?;
        let found = file.metadata().map_err(StoreError::io("read", path))?.len();
        if found < keep_bytes {
            return Err(StoreError::Corrupt {
                path: path.into(),
                reason: format!("{found} bytes long, but {keep_bytes} had been written"),
                fix: "the run starts anew".into(),
            });
        }
        file.set_len(keep_bytes).map_err(StoreError::io("write", path))?;
        file.seek(SeekFrom::End(0)).map_err(StoreError::io("write", path))?;
        Ok(Self { path: path.into(), file, bytes: keep_bytes })
    }

    /// Appends rows in one write.
    pub fn append<Row: Serialize>(
        &mut self,
        rows: impl IntoIterator<Item = Row>,
    ) -> Result<(), StoreError> {
        let mut writer =
            csv::WriterBuilder::new().has_headers(self.bytes == 0).from_writer(Vec::new());
        for row in rows {
            writer.serialize(row).expect("rows are flat and writing to memory cannot fail");
        }
        let text = writer.into_inner().expect("flushing to memory cannot fail");
        self.file.write_all(&text).map_err(StoreError::io("write", &self.path))?;
        self.bytes += text.len() as u64;
        Ok(())
    }

    /// Forces everything appended so far to disk and returns the length in bytes.
    pub fn sync(&self) -> Result<u64, StoreError> {
        self.file.sync_data().map_err(StoreError::io("write", &self.path))?;
        Ok(self.bytes)
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
    fn a_log_cut_back_to_a_saved_length_continues_as_if_nothing_had_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.csv");
        let row = |update_idx| Row { update_idx, value: (update_idx > 0).then_some(0.5) };

        let mut log = CsvLog::open(&path, 0).unwrap();
        log.append([row(0), row(1)]).unwrap();
        let saved = log.sync().unwrap();
        log.append([row(2)]).unwrap();
        drop(log);

        let mut log = CsvLog::open(&path, saved).unwrap();
        log.append([row(3)]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "update_idx,value\n0,\n1,0.5\n3,0.5\n");

        assert!(matches!(CsvLog::open(&path, 1000), Err(StoreError::Corrupt { .. })));
    }
}
