//! The parts of lines that lie within a plot, so that none runs along its edge as if values stayed there.

use super::Rect;
use crate::scene::Point;

/// The pieces of a line that lie within `plot`, each unbroken.
pub fn within(line: &[Point], plot: &Rect) -> Vec<Vec<Point>> {
    let mut pieces: Vec<Vec<Point>> = Vec::new();
    for pair in line.windows(2) {
        let Some((from, to)) = segment(pair[0], pair[1], plot) else { continue };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&from) && from == pair[0] => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
    }
    pieces
}

/// A line up to the place `right`, to which it is interpolated.
pub fn up_to(line: &[Point], right: f64) -> Vec<Point> {
    let inside = line.partition_point(|point| point.0 <= right);
    let mut kept = line[..inside].to_vec();
    if let (Some(last), Some(next)) = (kept.last().copied(), line.get(inside)) {
        kept.push(between(last, *next, (right - last.0) / (next.0 - last.0)));
    }
    kept
}

/// The part of a segment within `plot`, after Liang and Barsky (1984).
fn segment(from: Point, to: Point, plot: &Rect) -> Option<(Point, Point)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let sides = [
        (-dx, from.0 - plot.x),
        (dx, plot.x + plot.width - from.0),
        (-dy, from.1 - plot.y),
        (dy, plot.y + plot.height - from.1),
    ];
    let (mut enters, mut leaves) = (0.0f64, 1.0f64);
    // Places are rounded: what lies on an edge lies within.
    let slack = 1e-9;
    for (towards, room) in sides {
        if towards == 0.0 && room < -slack {
            return None;
        } else if towards < 0.0 {
            enters = enters.max((room + slack) / towards);
        } else if towards > 0.0 {
            leaves = leaves.min((room + slack) / towards);
        }
    }
    let start = if enters <= 0.0 { from } else { between(from, to, enters) };
    let end = if leaves >= 1.0 { to } else { between(from, to, leaves) };
    (enters <= leaves).then_some((start, end))
}

fn between(from: Point, to: Point, share: f64) -> Point {
    (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLOT: Rect = Rect { x: 0.0, y: 0.0, width: 10.0, height: 10.0 };

    fn close(found: &[Point], expected: &[Point]) -> bool {
        let near = |(a, b): (&Point, &Point)| (a.0 - b.0).abs() < 1e-6 && (a.1 - b.1).abs() < 1e-6;
        found.len() == expected.len() && found.iter().zip(expected).all(near)
    }

    #[test]
    fn a_line_that_leaves_and_comes_back_is_in_two_pieces() {
        let line = [(0.0, 5.0), (2.0, 15.0), (4.0, 5.0), (6.0, 5.0)];
        let pieces = within(&line, &PLOT);
        assert_eq!(pieces.len(), 2, "{pieces:?}");
        assert!(close(&pieces[0], &[(0.0, 5.0), (1.0, 10.0)]), "{pieces:?}");
        assert!(close(&pieces[1], &[(3.0, 10.0), (4.0, 5.0), (6.0, 5.0)]), "{pieces:?}");
    }

    #[test]
    fn a_line_within_is_left_as_it_is_and_one_outside_vanishes() {
        let line = [(0.0, 0.0), (5.0, 10.0), (10.0, 3.0), (10.0, 3.0)];
        assert_eq!(within(&line, &PLOT), [line.to_vec()]);
        assert!(within(&[(0.0, 11.0), (10.0, 12.0)], &PLOT).is_empty());
        assert!(within(&[(-4.0, 5.0), (0.0, 15.0)], &PLOT).is_empty());
    }

    #[test]
    fn a_line_ends_at_the_place_to_which_it_is_cut() {
        let line = [(0.0, 0.0), (4.0, 4.0), (8.0, 0.0)];
        assert_eq!(up_to(&line, 6.0), [(0.0, 0.0), (4.0, 4.0), (6.0, 2.0)]);
        assert_eq!(up_to(&line, 8.0), line);
    }
}
