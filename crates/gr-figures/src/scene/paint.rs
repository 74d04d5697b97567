//! Draws a scene through a backend of plotters.

use std::error::Error;

use plotters::backend::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{RGBAColor, ShapeStyle, TextStyle};

use super::text::{HEIGHT_PER_EM, font};
use super::{Align, Point, Scene, Shape, WIDTH};
use crate::style::{Color, PAPER};

/// What backends do differently.
#[derive(Clone, Copy)]
pub struct Medium {
    /// Backend pixels per unit.
    pub scale: f64,
    /// Font size that is handed to the backend for a font of size 1.
    font_size: f64,
    /// From the place that is handed to the backend for a text hung at its top, down to the
    /// baseline, for a font of size 1.
    baseline: f64,
    /// Whether lines are drawn stroke by stroke with round joints. A backend that fills the outline of
    /// a whole noisy line leaves holes where it overlaps itself.
    piecewise: bool,
}

impl Medium {
    /// SVG text is given in ems (plotters divides sizes by 1.24 and hangs text at 0.76 em).
    pub fn vector(scale: f64) -> Self {
        Self { scale, font_size: 1.24, baseline: 0.76, piecewise: false }
    }

    /// Bitmap text is given by the height of its font and put at half of that.
    pub fn bitmap(scale: f64) -> Self {
        let baseline = HEIGHT_PER_EM / 2.0;
        Self { scale, font_size: HEIGHT_PER_EM, baseline, piecewise: true }
    }
}

/// A place in whole pixels of a backend.
type Pixel = (i32, i32);

/// Draws `scene` into `backend`, which is `medium.scale` times as large.
///
/// # Errors
/// Those of the backend.
pub fn paint<B: DrawingBackend>(
    scene: &Scene,
    backend: &mut B,
    medium: Medium,
) -> Result<(), Box<dyn Error>>
where
    B::ErrorType: 'static,
{
    let place = |(x, y): Point| -> Pixel {
        ((x * medium.scale).round() as i32, (y * medium.scale).round() as i32)
    };
    let corner = place((WIDTH, scene.height));
    backend.draw_rect((0, 0), corner, &fill(PAPER, 1.0), true)?;
    for shape in &scene.shapes {
        match shape {
            Shape::Line { points, color, width } => {
                let width = (width * medium.scale).round().max(1.0) as u32;
                let stroke = fill(*color, 1.0).stroke_width(width);
                let points: Vec<Pixel> = points.iter().copied().map(place).collect();
                if medium.piecewise {
                    piecewise(backend, &points, &stroke)?;
                } else {
                    backend.draw_path(points, &stroke)?;
                }
            }
            Shape::Area { points, color, opacity } => {
                let corners = points.iter().copied().map(place);
                backend.fill_polygon(corners, &fill(*color, *opacity))?;
            }
            Shape::Disc { center, radius, color, opacity } => {
                let radius = (radius * medium.scale).round().max(1.0) as u32;
                backend.draw_circle(place(*center), radius, &fill(*color, *opacity), true)?;
            }
            Shape::Text { at, text, size, align, color, upwards } => {
                let horizontal = match align {
                    Align::Left => HPos::Left,
                    Align::Center => HPos::Center,
                    Align::Right => HPos::Right,
                };
                let size = size * medium.scale;
                let color = rgba(*color, 1.0);
                let style = TextStyle::from(font(size * medium.font_size, *upwards))
                    .color(&color)
                    .pos(Pos::new(horizontal, VPos::Top));
                let drop = size * medium.baseline / medium.scale;
                let hung = if *upwards { (at.0 - drop, at.1) } else { (at.0, at.1 - drop) };
                backend.draw_text(text, &style, place(hung))?;
            }
        }
    }
    Ok(backend.present()?)
}

fn rgba(Color(red, green, blue): Color, opacity: f64) -> RGBAColor {
    RGBAColor(red, green, blue, opacity)
}

fn fill(color: Color, opacity: f64) -> ShapeStyle {
    ShapeStyle { color: rgba(color, opacity), filled: true, stroke_width: 1 }
}

fn piecewise<B: DrawingBackend>(
    backend: &mut B,
    points: &[Pixel],
    stroke: &ShapeStyle,
) -> Result<(), Box<dyn Error>>
where
    B::ErrorType: 'static,
{
    for pair in points.windows(2).filter(|pair| pair[0] != pair[1]) {
        backend.draw_line(pair[0], pair[1], stroke)?;
    }
    let joints = points.len().saturating_sub(2);
    for joint in points.iter().skip(1).take(joints).filter(|_| stroke.stroke_width > 2) {
        backend.draw_circle(*joint, stroke.stroke_width / 2, stroke, true)?;
    }
    Ok(())
}
