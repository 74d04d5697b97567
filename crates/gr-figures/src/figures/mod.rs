//! The figures. One file each, and a line in [`FIGURES`].

mod curve_panels;
mod differences;
mod early_stopping;
mod final_returns;
mod gaming_gap;
mod label_efficiency;
mod label_panels;
mod learning_curves;
mod overseers;
mod oversight_levels;
mod policy;
mod reward_model;
mod series_rows;

use anyhow::Result;
use gr_runs::Column;

use crate::data::Results;
use crate::layout::View;
use crate::model::{Caption, Numbers};
use crate::scene::Scene;

/// A figure: what is drawn of results.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Name on the command line and of its files.
    pub name: &'static str,
    /// What it shows, in a line.
    pub summary: &'static str,
    /// The columns of the numbers beside its pictures, `NAME.csv`.
    pub columns: &'static [Column],
    /// What of a view it has.
    pub has: Has,
    /// Draws it.
    pub draw: fn(&Results, &View) -> Result<Drawing>,
}

/// What of a [`View`] a figure has, so that a flag that changes nothing can be refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct Has {
    /// A horizontal axis of updates.
    pub updates: bool,
    /// A vertical axis of returns or gaps.
    pub values: bool,
    /// A line at the optimal return or at no difference.
    pub reference_lines: bool,
}

/// What came of drawing a figure.
#[derive(Clone, Debug)]
pub enum Drawing {
    /// Its pictures.
    Drawn(Vec<Picture>),
    /// Why there is none.
    NoData(String),
}

/// A picture with the numbers in it.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Name of its files.
    pub name: String,
    /// The picture.
    pub scene: Scene,
    /// What is said of it.
    pub caption: Caption,
    /// The numbers drawn.
    pub numbers: Numbers,
    /// Frames of its animation, if it has one.
    pub frames: Vec<Scene>,
}

impl Picture {
    /// A picture without animation.
    pub fn still(
        name: impl Into<String>,
        scene: Scene,
        caption: Caption,
        numbers: Numbers,
    ) -> Self {
        Self { name: name.into(), scene, caption, numbers, frames: Vec::new() }
    }
}

/// Every figure, in the order in which they are drawn.
pub const FIGURES: &[Figure] = &[
    learning_curves::FIGURE,
    final_returns::FIGURE,
    differences::FIGURE,
    early_stopping::FIGURE,
    oversight_levels::FIGURE,
    overseers::FIGURE,
    gaming_gap::FIGURE,
    label_efficiency::FIGURE,
    reward_model::FIGURE,
    policy::FIGURE,
];
