//! Legends, above the panels so that they cover no curve.

use super::TITLE_SIZE;
use crate::scene::{Align, Point, Scene, WIDTH, text_width};
use crate::style::{Color, Dash, SeriesStyle};

const SAMPLE_WIDTH: f64 = 48.0;
const SAMPLE_GAP: f64 = 8.0;
const ENTRY_GAP: f64 = 24.0;
const ROW_HEIGHT: f64 = 22.0;
const MARGIN: f64 = 10.0;

/// A line of a legend.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it stands for.
    pub label: String,
    /// How it looks.
    pub sample: Sample,
}

/// The small drawing before a legend's text.
#[derive(Clone, Debug)]
pub enum Sample {
    /// A line with a marker.
    Series(SeriesStyle),
    /// A marker alone.
    Marker(SeriesStyle),
    /// A line without a marker.
    Line(Color, Dash, f64),
    /// Whatever a function draws around a place, and how wide it is.
    Icon(fn(&mut Scene, Point), f64),
}

impl Entry {
    /// A series with line and marker.
    pub fn series(label: impl Into<String>, look: SeriesStyle) -> Self {
        Self { label: label.into(), sample: Sample::Series(look) }
    }

    /// A marker.
    pub fn marker(label: impl Into<String>, look: SeriesStyle) -> Self {
        Self { label: label.into(), sample: Sample::Marker(look) }
    }

    /// A plain line.
    pub fn line(label: impl Into<String>, color: Color, dash: Dash, width: f64) -> Self {
        Self { label: label.into(), sample: Sample::Line(color, dash, width) }
    }

    /// A small drawing, `width` wide.
    pub fn icon(label: impl Into<String>, draw: fn(&mut Scene, Point), width: f64) -> Self {
        Self { label: label.into(), sample: Sample::Icon(draw, width) }
    }

    fn sample_width(&self) -> f64 {
        match self.sample {
            Sample::Series(_) | Sample::Line(..) => SAMPLE_WIDTH,
            Sample::Marker(_) => 14.0,
            Sample::Icon(_, width) => width,
        }
    }

    fn width(&self) -> f64 {
        self.sample_width() + SAMPLE_GAP + text_width(&self.label, TITLE_SIZE)
    }

    fn draw(&self, scene: &mut Scene, x: f64, y: f64) {
        let end = x + self.sample_width();
        let line = [(x, y), (end, y)];
        let middle = ((x + end) / 2.0, y);
        match &self.sample {
            Sample::Series(look) => {
                scene.dashed(&line, look.color, 2.0, look.dash);
                scene.marker(middle, 8.0, look);
            }
            Sample::Marker(look) => scene.marker(middle, 9.0, look),
            Sample::Icon(draw, _) => draw(scene, middle),
            Sample::Line(color, dash, width) => scene.dashed(&line, *color, *width, dash),
        }
        let label = (end + SAMPLE_GAP, y);
        scene.text_beside(label, &self.label, TITLE_SIZE, Align::Left);
    }
}

/// Entries in rows that fit the page.
fn rows(entries: &[Entry]) -> Vec<Vec<&Entry>> {
    let mut rows: Vec<Vec<&Entry>> = Vec::new();
    let mut used = 0.0;
    for entry in entries {
        let width = entry.width();
        match rows.last_mut() {
            Some(row) if used + ENTRY_GAP + width <= WIDTH - 2.0 * MARGIN => {
                used += ENTRY_GAP + width;
                row.push(entry);
            }
            _ => {
                used = width;
                rows.push(vec![entry]);
            }
        }
    }
    rows
}

/// Height that a legend of `entries` takes.
pub fn height(entries: &[Entry]) -> f64 {
    rows(entries).len() as f64 * ROW_HEIGHT
}

/// Draws the legend below `y`, its rows centred.
pub fn draw(scene: &mut Scene, entries: &[Entry], y: f64) {
    for (index, row) in rows(entries).iter().enumerate() {
        let gaps = ENTRY_GAP * (row.len() - 1) as f64;
        let width = row.iter().map(|entry| entry.width()).sum::<f64>() + gaps;
        let mut x = (WIDTH - width) / 2.0;
        for entry in row {
            entry.draw(scene, x, y + (index as f64 + 0.5) * ROW_HEIGHT);
            x += entry.width() + ENTRY_GAP;
        }
    }
}
