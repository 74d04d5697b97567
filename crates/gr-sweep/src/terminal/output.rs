//! What goes to standard output: text, and tables for people.

use std::io::Write;

use super::errors::DONE;

/// Prints `text`; a reader that has seen enough is no error.
pub fn print(text: &str) -> u8 {
    let _ = std::io::stdout().write_all(text.as_bytes());
    DONE
}

/// Lines of cells, all lines alike in number, as columns two spaces apart.
pub fn columns(lines: &[Vec<String>]) -> String {
    let num_columns = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..num_columns)
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for line in lines {
        let padded: Vec<String> =
            line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text += padded.join("  ").trim_end();
        text.push('\n');
    }
    text
}
