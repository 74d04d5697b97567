//! Pictures as a page takes them: the numbers beside them, and which kind of chart they are drawn into anew.

use serde::Serialize;

use super::packed::packed;
use crate::figures::Picture;
use crate::scene;

/// How a page draws the numbers of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Chart {
    /// Means and intervals over updates, a panel per oversight level.
    Curves,
    /// Step functions of labels, a panel per oversight level and quantity.
    Steps,
    /// Means, intervals and runs along a horizontal axis, a row per series.
    Rows,
    /// Means and intervals against the oversight level.
    Levels,
    /// Several curves of one run, a panel per run.
    Runs,
    /// The picture as it is.
    Picture,
}

/// How figures that a page draws anew are drawn, and what they are headed by.
const CHARTS: &[(&str, Chart, &str)] = &[
    ("learning-curves", Chart::Curves, "True return over training"),
    ("final-returns", Chart::Rows, "True return of the kept policies"),
    ("differences", Chart::Rows, "Difference to the first method"),
    ("early-stopping", Chart::Runs, "Early stopping, run by run"),
    ("oversight-levels", Chart::Levels, "True return against the oversight level"),
    ("overseers", Chart::Picture, "Under overseers that err or see less"),
    ("gaming-gap", Chart::Curves, "Gaming gap over training"),
    ("label-efficiency", Chart::Steps, "True return over labels"),
    ("reward-model", Chart::Steps, "Accuracy of reward models"),
    ("policy", Chart::Picture, "Policies on the grid"),
];

/// A picture in a page.
#[derive(Clone, Debug, Serialize)]
pub struct FigureData {
    /// The figure that it is of.
    pub figure: String,
    /// Name of its files.
    pub name: String,
    /// What it is headed by.
    pub title: String,
    /// How it is drawn.
    pub chart: Chart,
    /// What stands below it.
    pub caption: String,
    /// All that is said of it, a sentence a line.
    pub description: String,
    /// The CSV beside the picture, packed.
    #[serde(skip)]
    pub csv: String,
    /// The picture itself, packed, where it is not drawn anew.
    #[serde(skip)]
    pub svg: Option<String>,
}

impl FigureData {
    /// A picture of the figure called `figure`. One that no chart is known for is taken as it is.
    pub fn new(figure: &str, picture: &Picture) -> Self {
        let known = CHARTS.iter().find(|(name, ..)| *name == figure);
        let (_, chart, title) = *known.unwrap_or(&("", Chart::Picture, ""));
        // What sets several pictures of one figure apart stands in their names.
        let apart =
            picture.name.strip_prefix(figure).unwrap_or(&picture.name).trim_start_matches('-');
        let title = [if title.is_empty() { figure } else { title }, apart];
        let title: Vec<&str> = title.into_iter().filter(|part| !part.is_empty()).collect();
        let description = picture.caption.description();
        let svg = || packed(&scene::svg(&picture.scene, &description));
        Self {
            figure: figure.into(),
            name: picture.name.clone(),
            title: title.join(": "),
            chart,
            caption: picture.caption.text(),
            csv: packed(&picture.numbers.to_csv()),
            svg: (chart == Chart::Picture).then(svg),
            description,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::FIGURES;

    #[test]
    fn every_figure_has_a_chart() {
        let named: Vec<&str> = CHARTS.iter().map(|(name, ..)| *name).collect();
        assert_eq!(named, FIGURES.iter().map(|figure| figure.name).collect::<Vec<_>>());
    }
}
