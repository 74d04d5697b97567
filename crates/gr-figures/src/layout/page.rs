//! A page: legend above, panels in a grid, caption below.

use super::legend::{self, Entry};
use super::{CAPTION_SIZE, Rect, TITLE_SIZE};
use crate::scene::{Align, Scene, WIDTH, text_width, wrap};
use crate::style::{INK, MUTED};

const MARGIN: f64 = 12.0;
const CAPTION_LINE: f64 = 15.5;
/// Lines that a caption may have; whoever wants to know more reads the text beside the picture.
const CAPTION_LINES: usize = 3;
/// How a caption ends that has more to say.
const MORE: &str = "… (more beside)";

/// What a page is made of, apart from what its panels show.
#[derive(Clone, Debug)]
pub struct Page {
    /// What stands above everything; empty takes no room.
    pub heading: String,
    /// The legend.
    pub legend: Vec<Entry>,
    /// Panels of one size each, below each other.
    pub blocks: Vec<Block>,
    /// Room beside all panels, for labels that they share.
    pub left: f64,
    /// The sentences below, in [`CAPTION_LINES`] lines at most.
    pub caption: String,
}

/// Panels of one size.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// Number of panels.
    pub panels: usize,
    /// Panels side by side.
    pub columns: usize,
    /// Height of a panel with its title and axis.
    pub panel_height: f64,
}

/// A page with legend and caption, and the places for its panels.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The picture.
    pub scene: Scene,
    /// Where panels go, row by row.
    pub cells: Vec<Rect>,
}

impl Page {
    /// Columns that suit a number of panels.
    pub fn columns_for(panels: usize) -> usize {
        match panels {
            0 | 1 => 1,
            2 | 4 => 2,
            _ => 3,
        }
    }

    /// Lays the page out.
    pub fn sheet(&self) -> Sheet {
        let top = MARGIN + if self.heading.is_empty() { 0.0 } else { TITLE_SIZE + 9.0 };
        let legend_height = legend::height(&self.legend);
        let caption = caption_lines(&self.caption, WIDTH - 4.0 * MARGIN);
        let mut bottom = top + legend_height + if self.legend.is_empty() { 0.0 } else { 6.0 };
        let mut cells = Vec::new();
        for block in &self.blocks {
            let width = (WIDTH - 2.0 * MARGIN - self.left) / block.columns as f64;
            cells.extend((0..block.panels).map(|index| Rect {
                x: MARGIN + self.left + (index % block.columns) as f64 * width,
                y: bottom + (index / block.columns) as f64 * block.panel_height,
                width,
                height: block.panel_height,
            }));
            bottom += block.panels.div_ceil(block.columns) as f64 * block.panel_height;
        }
        bottom += 10.0;
        let mut scene = Scene::new(bottom + caption.len() as f64 * CAPTION_LINE + MARGIN);
        if !self.heading.is_empty() {
            let at = (WIDTH / 2.0, MARGIN + TITLE_SIZE);
            scene.text(at, &self.heading, TITLE_SIZE, Align::Center, INK);
        }
        legend::draw(&mut scene, &self.legend, top);
        for (index, line) in caption.iter().enumerate() {
            let baseline = bottom + (index as f64 + 0.8) * CAPTION_LINE;
            scene.text((2.0 * MARGIN, baseline), line, CAPTION_SIZE, Align::Left, MUTED);
        }
        Sheet { scene, cells }
    }
}

/// A caption in as many lines as it may have. What does not fit is left out, and that is said.
fn caption_lines(text: &str, width: f64) -> Vec<String> {
    let mut lines = wrap(text, CAPTION_SIZE, width);
    if lines.len() > CAPTION_LINES {
        lines.truncate(CAPTION_LINES);
        let last = lines.last_mut().expect("a caption may have a line");
        while !last.is_empty() && text_width(&format!("{last} {MORE}"), CAPTION_SIZE) > width {
            let words = last.trim_end().rfind(' ').unwrap_or(0);
            last.truncate(words);
        }
        *last += &format!(" {MORE}");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_of_any_length_has_three_lines_and_says_that_there_is_more() {
        let long = "Some words that say a lot of what is drawn here. ".repeat(40);
        let lines = caption_lines(&long, 400.0);
        assert_eq!(lines.len(), CAPTION_LINES);
        assert!(lines.iter().all(|line| text_width(line, CAPTION_SIZE) <= 400.0), "{lines:?}");
        assert!(lines[2].ends_with(MORE), "{lines:?}");
        assert_eq!(caption_lines("Few words.", 400.0), ["Few words."]);
    }
}
