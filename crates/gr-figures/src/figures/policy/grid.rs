//! One grid with a policy on it: cells, arrows, goals, flags.

use gr_grid::{Cell, Grid};

use crate::data::CellPolicy;
use crate::layout::{Entry, Rect, TITLE_SIZE};
use crate::scene::{Align, Point, Scene};
use crate::style::{Color, DIAMOND, GHOST, INK, MUTED, Marker, PAPER};

/// Colours of gate 0 and gate 1: one hue from light to dark, which every eye orders alike, and light
/// enough for black arrows.
const GATE: [Color; 2] = [Color(0xf7, 0xfb, 0xff), Color(0x5b, 0xa3, 0xcf)];
const FLAG: Color = Color(0xf0, 0xe4, 0x42);
/// Length of an arrow of probability 1, in cells.
const REACH: f64 = 0.48;
/// Directions of up, right, down, left.
const DIRECTIONS: [Point; 4] = [(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)];

/// What is drawn into a grid, apart from the policy.
pub struct Square {
    /// The grid.
    pub grid: Grid,
    /// Cells of ghost and diamond.
    pub goals: (Cell, Cell),
    /// Whether the tiles of ghost and diamond show flags.
    pub flags: (bool, bool),
    /// Whether the gate is shown.
    pub gated: bool,
}

impl Square {
    /// Draws the grid with `policy`, a row per cell, into the middle of `cell`. Returns its place.
    pub fn draw(&self, scene: &mut Scene, cell: Rect, title: &str, policy: &[CellPolicy]) -> Rect {
        let top = TITLE_SIZE + 14.0;
        let (rows, cols) = (self.grid.rows(), self.grid.cols());
        let side =
            ((cell.width - 16.0) / cols as f64).min((cell.height - top - 10.0) / rows as f64);
        let (width, height) = (side * cols as f64, side * rows as f64);
        let plot = Rect { x: cell.x + (cell.width - width) / 2.0, y: cell.y + top, width, height };
        let middle = plot.x + width / 2.0;
        scene.text((middle, plot.y - 9.0), title, TITLE_SIZE, Align::Center, INK);
        for (index, cell_policy) in policy.iter().enumerate() {
            let (row, col) = (index / cols, index % cols);
            let corner = (plot.x + col as f64 * side, plot.y + row as f64 * side);
            self.draw_cell(scene, corner, side, index, cell_policy);
        }
        for line in 0..=rows {
            let y = plot.y + line as f64 * side;
            scene.line(&[(plot.x, y), (plot.x + width, y)], MUTED, 0.8);
        }
        for line in 0..=cols {
            let x = plot.x + line as f64 * side;
            scene.line(&[(x, plot.y), (x, plot.y + height)], MUTED, 0.8);
        }
        plot
    }

    fn draw_cell(
        &self,
        scene: &mut Scene,
        (x, y): Point,
        side: f64,
        index: usize,
        policy: &CellPolicy,
    ) {
        let center = (x + side / 2.0, y + side / 2.0);
        let is = |goal: Cell| usize::from(goal) == index;
        let (ghost, diamond) = self.goals;
        if is(ghost) || is(diamond) {
            if is(ghost) {
                draw_ghost(scene, center, side * 0.5);
            } else {
                draw_diamond(scene, center, side * 0.5);
            }
            if (is(ghost) && self.flags.0) || (is(diamond) && self.flags.1) {
                draw_flag(scene, (x + side * 0.8, y + side * 0.24), side * 0.3);
            }
            return;
        }
        if let Some(gate) = policy.gate.filter(|_| self.gated) {
            scene.rectangle((x, y), (side, side), shade(gate));
        }
        for (probability, direction) in policy.actions.iter().zip(DIRECTIONS) {
            draw_arrow(scene, center, direction, probability * REACH * side);
        }
    }
}

/// Colour of a gate value.
fn shade(gate: f64) -> Color {
    let mix = |low: u8, high: u8| {
        (f64::from(low) + gate.clamp(0.0, 1.0) * (f64::from(high) - f64::from(low))).round() as u8
    };
    let [low, high] = GATE;
    Color(mix(low.0, high.0), mix(low.1, high.1), mix(low.2, high.2))
}

/// An arrow `length` long; its head shrinks with it, so that its tip tells the length.
fn draw_arrow(scene: &mut Scene, (x, y): Point, (dx, dy): Point, length: f64) {
    if length < 0.5 {
        return;
    }
    let head = (0.6 * length).min(9.0);
    let at = |along: f64, aside: f64| (x + dx * along - dy * aside, y + dy * along + dx * aside);
    scene.line(&[(x, y), at(length - 0.8 * head, 0.0)], INK, 1.8);
    let half = 0.45 * head;
    let corners = vec![at(length, 0.0), at(length - head, half), at(length - head, -half)];
    scene.area(corners, INK, 1.0);
}

fn draw_diamond(scene: &mut Scene, center: Point, size: f64) {
    scene.marker_shape(center, size, Marker::Diamond, DIAMOND, 1.0);
}

/// A dome on a skirt with three waves, and eyes.
fn draw_ghost(scene: &mut Scene, (x, y): Point, size: f64) {
    let r = size / 2.0;
    let mut outline: Vec<Point> = (0..=24)
        .map(|step| std::f64::consts::PI * (1.0 + f64::from(step) / 24.0))
        .map(|angle| (x + r * angle.cos(), y - 0.15 * r + r * angle.sin()))
        .collect();
    let skirt = [(1.0, 1.1), (0.67, 0.75), (0.33, 1.1), (0.0, 0.75), (-0.33, 1.1), (-0.67, 0.75)];
    outline.extend(skirt.iter().map(|(dx, dy)| (x + dx * r, y + dy * r)));
    outline.push((x - r, y + 1.1 * r));
    scene.area(outline, GHOST, 1.0);
    for side in [-0.38, 0.38] {
        scene.disc((x + side * r, y - 0.15 * r), 0.2 * r, PAPER, 1.0);
    }
}

fn draw_flag(scene: &mut Scene, (x, y): Point, size: f64) {
    let (left, top) = (x - 0.3 * size, y - 0.55 * size);
    let cloth = [(left, top), (left + size * 0.85, top + 0.3 * size), (left, top + 0.6 * size)];
    scene.area(cloth.to_vec(), FLAG, 1.0);
    scene.line(&[cloth[0], cloth[1], cloth[2]], INK, 0.9);
    scene.line(&[(left, top - 1.0), (left, y + 0.65 * size)], INK, 1.5);
}

/// For legends.
pub fn diamond_entry() -> Entry {
    Entry::icon("diamond", |scene, center| draw_diamond(scene, center, 14.0), 16.0)
}

/// For legends.
pub fn ghost_entry() -> Entry {
    Entry::icon("ghost", |scene, center| draw_ghost(scene, center, 14.0), 16.0)
}

/// For legends.
pub fn flag_entry() -> Entry {
    Entry::icon("flag", |scene, center| draw_flag(scene, center, 14.0), 16.0)
}

/// For legends: the gate's colours from 0 to 1.
pub fn gate_entry() -> Entry {
    Entry::icon("gate from 0 (ghost expert) to 1 (diamond expert)", draw_gates, 44.0)
}

fn draw_gates(scene: &mut Scene, (x, y): Point) {
    let (width, height, steps) = (44.0, 12.0, 22);
    let left = x - width / 2.0;
    for step in 0..steps {
        let gate = f64::from(step) / f64::from(steps - 1);
        let at = (left + f64::from(step) * width / f64::from(steps), y - height / 2.0);
        scene.rectangle(at, (width / f64::from(steps) + 0.3, height), shade(gate));
    }
    let (top, bottom, right) = (y - height / 2.0, y + height / 2.0, left + width);
    let frame = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    scene.line(&frame, MUTED, 0.8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::Shape;

    #[test]
    fn arrows_are_as_long_as_actions_are_probable_and_goals_have_none() {
        let grid = Grid::new(2, 2).unwrap();
        let actions = [0.5, 0.25, 0.25, 0.0];
        let policy = vec![CellPolicy { actions, gate: None }; 4];
        let square = Square { grid, goals: (0, 3), flags: (false, false), gated: false };
        let cell = Rect { x: 0.0, y: 0.0, width: 216.0, height: 400.0 };
        let mut scene = Scene::new(400.0);
        let plot = square.draw(&mut scene, cell, "", &policy);
        let side = plot.width / 2.0;
        // Heads of arrows are the triangles in ink; their first corner is the tip.
        let tips: Vec<Point> = scene
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Area { points, color: INK, .. } if points.len() == 3 => Some(points[0]),
                _ => None,
            })
            .collect();
        assert_eq!(tips.len(), 6, "three actions on each of the two cells that are no goal");
        let center = (plot.x + 1.5 * side, plot.y + 0.5 * side);
        assert!((center.1 - tips[0].1 - 0.5 * REACH * side).abs() < 1e-9, "up");
        assert!((tips[1].0 - center.0 - 0.25 * REACH * side).abs() < 1e-9, "right");
    }
}
