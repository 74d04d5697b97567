//! A picture as a list of shapes in its own units, drawn alike into SVG, PNG and GIF.
//!
//! The unit is a hundred-and-fiftieth of an inch or so: pictures are 800 units wide, which at the
//! width of a page of text makes 15 units about 8 points.

mod encode;
mod paint;
mod palette;
mod text;

pub(crate) use encode::compress;
pub use encode::{gif, png, svg};
pub use text::{text_width, wrap};

use crate::style::{Color, Dash, INK, Marker, PAPER, SeriesStyle};

/// Width of every picture.
pub const WIDTH: f64 = 800.0;

/// Largest height of a picture: pixels of taller ones would not fit into memory.
pub const MAX_HEIGHT: f64 = 5000.0;

/// A place, from the left and from the top.
pub type Point = (f64, f64);

/// Where a text lies relative to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// It begins there.
    Left,
    /// Its middle is there.
    Center,
    /// It ends there.
    Right,
}

/// Something to draw.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A line through points.
    Line {
        /// Its points.
        points: Vec<Point>,
        /// Its colour.
        color: Color,
        /// Its width.
        width: f64,
    },
    /// A filled polygon.
    Area {
        /// Its corners.
        points: Vec<Point>,
        /// Its colour.
        color: Color,
        /// From 0, invisible, to 1.
        opacity: f64,
    },
    /// A filled circle.
    Disc {
        /// Its centre.
        center: Point,
        /// Its radius.
        radius: f64,
        /// Its colour.
        color: Color,
        /// From 0, invisible, to 1.
        opacity: f64,
    },
    /// A line of text.
    Text {
        /// Left, middle or right end of its baseline.
        at: Point,
        /// What it says.
        text: String,
        /// Font size.
        size: f64,
        /// Which of them `at` is.
        align: Align,
        /// Its colour.
        color: Color,
        /// Whether it reads upwards.
        upwards: bool,
    },
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Its height; its width is [`WIDTH`].
    pub height: f64,
    /// Its shapes; later ones lie on top.
    pub shapes: Vec<Shape>,
}

impl Scene {
    /// An empty picture.
    pub fn new(height: f64) -> Self {
        Self { height, shapes: Vec::new() }
    }

    /// A solid line.
    pub fn line(&mut self, points: &[Point], color: Color, width: f64) {
        self.shapes.push(Shape::Line { points: points.to_vec(), color, width });
    }

    /// A line with strokes and gaps.
    pub fn dashed(&mut self, points: &[Point], color: Color, width: f64, dash: Dash) {
        if dash.is_empty() {
            return self.line(points, color, width);
        }
        for stroke in strokes(points, dash) {
            self.shapes.push(Shape::Line { points: stroke, color, width });
        }
    }

    /// A filled polygon.
    pub fn area(&mut self, points: Vec<Point>, color: Color, opacity: f64) {
        self.shapes.push(Shape::Area { points, color, opacity });
    }

    /// A filled rectangle by its left upper corner and size.
    pub fn rectangle(&mut self, (x, y): Point, (width, height): Point, color: Color) {
        let corners = vec![(x, y), (x + width, y), (x + width, y + height), (x, y + height)];
        self.area(corners, color, 1.0);
    }

    /// A filled circle.
    pub fn disc(&mut self, center: Point, radius: f64, color: Color, opacity: f64) {
        self.shapes.push(Shape::Disc { center, radius, color, opacity });
    }

    /// Text on the baseline at `at`.
    pub fn text(&mut self, at: Point, text: &str, size: f64, align: Align, color: Color) {
        let text = text.to_string();
        self.shapes.push(Shape::Text { at, text, size, align, color, upwards: false });
    }

    /// Text with the middle of its capitals at the height of `at`.
    pub fn text_beside(&mut self, (x, y): Point, text: &str, size: f64, align: Align) {
        self.text((x, y + 0.36 * size), text, size, align, INK);
    }

    /// Text that reads upwards, its middle at `at`.
    pub fn text_upwards(&mut self, (x, y): Point, text: &str, size: f64) {
        let (at, text) = ((x + 0.36 * size, y), text.to_string());
        let align = Align::Center;
        self.shapes.push(Shape::Text { at, text, size, align, color: INK, upwards: true });
    }

    /// A series' marker, with a thin rim of paper so that it stands out from lines.
    pub fn marker(&mut self, center: Point, size: f64, look: &SeriesStyle) {
        let rim = size + 2.4;
        self.marker_shape(center, rim, look.marker, PAPER, 1.0);
        self.marker_shape(center, size, look.marker, look.color, 1.0);
        if look.hollow {
            self.marker_shape(center, size - 4.0, look.marker, PAPER, 1.0);
        }
    }

    /// A marker without a rim.
    pub fn marker_shape(
        &mut self,
        (x, y): Point,
        size: f64,
        marker: Marker,
        color: Color,
        opacity: f64,
    ) {
        let r = size / 2.0;
        let mut polygon = |corners: &[Point]| {
            let points = corners.iter().map(|(dx, dy)| (x + dx * r, y + dy * r)).collect();
            self.shapes.push(Shape::Area { points, color, opacity });
        };
        // Arms of the crosses stay as thick when the marker grows by a rim.
        let arm = (0.16 * size + 0.5) / r;
        let plus: [Point; 12] = [
            (-arm, -1.1),
            (arm, -1.1),
            (arm, -arm),
            (1.1, -arm),
            (1.1, arm),
            (arm, arm),
            (arm, 1.1),
            (-arm, 1.1),
            (-arm, arm),
            (-1.1, arm),
            (-1.1, -arm),
            (-arm, -arm),
        ];
        match marker {
            Marker::Circle => self.disc((x, y), r, color, opacity),
            Marker::Square => polygon(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
            Marker::TriangleUp => polygon(&[(0.0, -1.15), (1.1, 0.8), (-1.1, 0.8)]),
            Marker::TriangleDown => polygon(&[(0.0, 1.15), (1.1, -0.8), (-1.1, -0.8)]),
            Marker::Diamond => polygon(&[(0.0, -1.25), (1.1, 0.0), (0.0, 1.25), (-1.1, 0.0)]),
            Marker::Plus => polygon(&plus),
            Marker::Cross => {
                let turn = std::f64::consts::FRAC_1_SQRT_2;
                polygon(&plus.map(|(dx, dy)| ((dx - dy) * turn, (dx + dy) * turn)));
            }
        }
    }
}

/// The strokes of a dashed line. Backends know solid lines only, and dashes must look alike in all.
fn strokes(points: &[Point], dash: Dash) -> Vec<Vec<Point>> {
    let mut strokes = Vec::new();
    let mut dashes = dash.iter().copied().cycle();
    let (mut left, mut drawing) = (dashes.next().unwrap_or(f64::INFINITY), true);
    let mut stroke: Vec<Point> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let length = dx.hypot(dy);
            if length < left {
                left -= length;
                if drawing {
                    stroke.push(to);
                }
                break;
            }
            from = (from.0 + dx / length * left, from.1 + dy / length * left);
            if drawing {
                stroke.push(from);
                strokes.push(std::mem::take(&mut stroke));
            } else {
                stroke = vec![from];
            }
            drawing = !drawing;
            left = dashes.next().expect("a cycle does not end");
        }
    }
    if drawing && stroke.len() > 1 {
        strokes.push(stroke);
    }
    strokes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_go_on_around_corners() {
        let found = strokes(&[(0.0, 0.0), (3.0, 0.0), (3.0, 4.0)], &[4.0, 2.0]);
        assert_eq!(found, [vec![(0.0, 0.0), (3.0, 0.0), (3.0, 1.0)], vec![(3.0, 3.0), (3.0, 4.0)]]);
    }
}
