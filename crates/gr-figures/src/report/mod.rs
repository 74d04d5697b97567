//! A page to look at: one HTML file with the method table, the figures and the policies of some results.
//!
//! The page computes nothing of its own about results: what it draws are the numbers of the CSV files beside the
//! pictures. Policies it evaluates itself, from weights that it carries. Its scripts and its style lie in `page/`.

mod choice;
mod document;
mod figures;
mod half;
mod packed;
mod page;
mod policy_file;
mod scripts;

pub use choice::Selection;
pub use figures::FigureData;

use anyhow::Result;

use crate::data::Results;
use document::Document;

/// What a page is made of beside the results.
#[derive(Debug, Default)]
pub struct Contents {
    /// The figures.
    pub figures: Vec<FigureData>,
    /// Which policies are taken along.
    pub policies: Selection,
    /// What was left out of the figures, as sentences.
    pub left_out: Vec<String>,
    /// Seconds after which the page loads itself again, where it is to.
    pub reload_seconds: Option<u64>,
}

/// The page, and all that was left out of it. The same results and contents give the same bytes.
///
/// # Errors
/// If policies are asked for that are not there.
pub fn report(results: &Results, contents: Contents) -> Result<(String, Vec<String>)> {
    let choice = choice::choose(results, &contents.policies)?;
    let document = Document::new(results, contents, choice);
    Ok((page::page(&document), document.left_out))
}
