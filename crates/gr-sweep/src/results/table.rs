//! The summary's tables in the form of somebody's paper or page.

use std::path::PathBuf;

use anyhow::Result;
use gr_terminal::{DONE, columns, print_if_read};

use super::summary::Summary;

/// What is asked.
#[derive(Debug, clap::Args)]
pub struct TableArguments {
    /// Results folders
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,

    /// The form
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// A form of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Columns, as after a sweep
    Text,
    /// Markdown
    Markdown,
    /// LaTeX, for the package booktabs
    Latex,
}

/// Prints the tables of some folders together: the runs, then the differences.
///
/// # Errors
/// If one is no sweep or cannot be read.
pub fn table(arguments: &TableArguments) -> Result<u8> {
    let summary = Summary::of_folders(&arguments.folders)?;
    let mut text = formatted(&summary.lines(), arguments.format);
    if !summary.differences.is_empty() {
        text += "\n";
        text += &formatted(&summary.difference_lines(), arguments.format);
    }
    print_if_read(&text)?;
    Ok(DONE)
}

/// `lines`, the first one the header, as a table.
fn formatted(lines: &[Vec<String>], format: Format) -> String {
    let [header, rows @ ..] = lines else { return String::new() };
    match format {
        Format::Text => columns(lines),
        Format::Markdown => {
            let line = |cells: &Vec<String>| {
                let cells: Vec<String> =
                    cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
                format!("| {} |\n", cells.join(" | "))
            };
            let rule = format!("|{}\n", " --- |".repeat(header.len()));
            line(header) + &rule + &rows.iter().map(line).collect::<String>()
        }
        Format::Latex => {
            let line = |cells: &Vec<String>| {
                let cells: Vec<String> = cells.iter().map(|cell| latex(cell)).collect();
                format!("{} \\\\\n", cells.join(" & "))
            };
            format!(
                "\\begin{{tabular}}{{{}}}\n\\toprule\n{}\\midrule\n{}\\bottomrule\n\\end{{tabular}}\n",
                "l".repeat(header.len()),
                line(header),
                rows.iter().map(line).collect::<String>()
            )
        }
    }
}

/// `text` as LaTeX shows it: signs that mean something to it escaped, numbers below zero with a minus.
fn latex(text: &str) -> String {
    let mut escaped = String::new();
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => escaped.extend(['\\', sign]),
            '~' => escaped += "\\textasciitilde{}",
            '^' => escaped += "\\textasciicircum{}",
            '\\' => escaped += "\\textbackslash{}",
            '±' => escaped += "$\\pm$",
            '-' if signs.peek().is_some_and(char::is_ascii_digit) => escaped += "$-$",
            sign => escaped.push(sign),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<Vec<String>> {
        let line = |cells: [&str; 2]| cells.map(String::from).to_vec();
        vec![line(["method", "true return"]), line(["no_gate a|b", "-0.100 ± 0.050"])]
    }

    #[test]
    fn tables_are_well_formed_whatever_stands_in_them() {
        let markdown = formatted(&lines(), Format::Markdown);
        assert_eq!(
            markdown,
            "| method | true return |\n| --- | --- |\n| no_gate a\\|b | -0.100 ± 0.050 |\n"
        );
        let latex = formatted(&lines(), Format::Latex);
        assert!(latex.contains("no\\_gate a|b & $-$0.100 $\\pm$ 0.050 \\\\\n"), "{latex}");
        assert!(
            latex.starts_with("\\begin{tabular}{ll}\n\\toprule\nmethod & true return"),
            "{latex}"
        );
    }
}
