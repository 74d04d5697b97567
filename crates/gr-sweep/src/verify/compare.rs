//! Whether two results of one run are the same: bit for bit, or in their numbers.

use std::path::Path;

use gr_runs::FileRecord;

/// Updates of which numbers are compared. Elsewhere they differ in their last digits; sooner or later one
/// of the actions that are drawn comes out another way for it, and from there on the two are
/// different runs of the same experiment.
pub const UPDATES_COMPARED: u64 = 50;

/// Compares the files of a run: those recorded in `there` with those recorded in `here`. Returns the
/// first difference.
pub fn bit_for_bit(there: &[FileRecord], here: &[FileRecord]) -> Result<(), String> {
    for record in there {
        match here.iter().find(|other| other.name == record.name) {
            None => return Err(format!("{} does not come about", record.name)),
            Some(other) if other.sha256 != record.sha256 => {
                return Err(format!("{} differs", record.name));
            }
            Some(_) => {}
        }
    }
    match here.iter().find(|record| there.iter().all(|other| other.name != record.name)) {
        Some(record) => Err(format!("{} comes about besides", record.name)),
        None => Ok(()),
    }
}

/// Compares the numbers of the first [`UPDATES_COMPARED`] updates in two CSV files. Each may differ by `tolerance` of the largest magnitude in
/// its column: smaller entries are differences of larger numbers, and as uncertain as those. Returns
/// the largest difference on that scale.
///
/// # Errors
/// The first difference that is too large, or that is none of numbers.
pub fn within(there: &[u8], here: &[u8], tolerance: f64) -> Result<f64, String> {
    let (there, here) = (rows(there)?, rows(here)?);
    if there.len() != here.len() {
        return Err(format!("{} lines instead of {}", here.len(), there.len()));
    }
    let num_columns = there.first().map_or(0, Vec::len);
    let number = |rows: &[Vec<String>], row: usize, column: usize| -> Option<f64> {
        rows[row].get(column)?.parse().ok()
    };
    let mut largest: f64 = 0.0;
    for column in 0..num_columns {
        let magnitudes =
            (0..there.len()).filter_map(|row| Some(number(&there, row, column)?.abs()));
        let scale = magnitudes.fold(f64::MIN_POSITIVE, f64::max);
        for row in 0..there.len() {
            let difference = match (number(&there, row, column), number(&here, row, column)) {
                _ if there[row].get(column) == here[row].get(column) => 0.0,
                (Some(there), Some(here)) => (there - here).abs() / scale,
                _ => f64::INFINITY,
            };
            if difference.is_nan() || difference > tolerance {
                let text =
                    |rows: &[Vec<String>]| rows[row].get(column).cloned().unwrap_or_default();
                return Err(format!(
                    "line {}, {}: {} instead of {}",
                    row + 1,
                    there[0][column],
                    text(&here),
                    text(&there)
                ));
            }
            largest = largest.max(difference);
        }
    }
    Ok(largest)
}

/// The header and the rows of the updates that are compared.
fn rows(text: &[u8]) -> Result<Vec<Vec<String>>, String> {
    let mut rows: Vec<Vec<String>> = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text)
        .records()
        .map(|record| record.map(|r| r.iter().map(String::from).collect()))
        .collect::<Result<_, _>>()
        .map_err(|error| format!("not CSV: {error}"))?;
    let column = rows.first().and_then(|header| header.iter().position(|n| n == "update_idx"));
    if let Some(column) = column {
        rows.retain(|row| {
            let update = row.get(column).and_then(|text| text.parse::<u64>().ok());
            update.is_none_or(|update| update < UPDATES_COMPARED)
        });
    }
    Ok(rows)
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
        assert_eq!(within(there, there, 0.0), Ok(0.0));
        let largest = within(there, b"run,loss\na,100.05\na,0.002\n", 1e-3).unwrap();
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
        assert_eq!(within(there, b"update_idx,loss\n0,1\n49,2\n50,7\n", 0.0), Ok(0.0));
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
        assert_eq!(bit_for_bit(&there, &there), Ok(()));
        for (here, name) in [
            (vec![record("a", "1"), record("b", "3")], "b differs"),
            (vec![record("a", "1")], "b does not"),
            (vec![record("a", "1"), record("b", "2"), record("c", "2")], "c comes"),
        ] {
            assert!(bit_for_bit(&there, &here).unwrap_err().contains(name));
        }
    }
}
