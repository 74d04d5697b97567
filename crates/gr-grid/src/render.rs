//! The grid as text: where everything is, and what a policy would do.

use crate::grid::{Grid, NUM_ACTIONS};
use crate::layout::{Layout, Observation};

/// Arrows in action order.
const ARROWS: [char; NUM_ACTIONS] = ['↑', '→', '↓', '←'];

/// Draws an observation, one line per row: `A` agent, `G` ghost, `D` diamond, `·` free cell, and
/// `!` behind every cell where oversight is shown.
pub fn observation(grid: Grid, observation: &Observation) -> String {
    let layout = &observation.layout;
    draw(grid, layout, |cell| if cell == observation.agent { "A".into() } else { "·".into() })
}

/// Draws a policy on one layout: an arrow for the likeliest action of every cell and its
/// probability in percent.
pub fn policy(
    grid: Grid,
    layout: &Layout,
    mut probabilities: impl FnMut(&Observation) -> [f32; NUM_ACTIONS],
) -> String {
    draw(grid, layout, |agent| {
        let row = probabilities(&Observation { agent, layout: *layout });
        let likeliest = (0..NUM_ACTIONS).fold(0, |a, b| if row[b] > row[a] { b } else { a });
        format!("{}{:>3.0}", ARROWS[likeliest], row[likeliest] * 100.0)
    })
}

/// Draws one number per cell, with two decimals, around the goals.
pub fn numbers(grid: Grid, layout: &Layout, mut number: impl FnMut(&Observation) -> f32) -> String {
    draw(grid, layout, |agent| format!("{:.2}", number(&Observation { agent, layout: *layout })))
}

fn draw(grid: Grid, layout: &Layout, mut free_cell: impl FnMut(u8) -> String) -> String {
    let cells: Vec<String> = grid
        .cells()
        .map(|cell| {
            let drawn = free_cell(cell);
            let symbol = match cell {
                // An agent that stands on a goal hides it, as a terminal observation shows it.
                _ if drawn == "A" => drawn,
                cell if cell == layout.ghost => "G".into(),
                cell if cell == layout.diamond => "D".into(),
                _ => drawn,
            };
            let flag = if layout.flags.contains(cell) { "!" } else { " " };
            format!("{symbol}{flag}")
        })
        .collect();
    let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for row in cells.chunks(grid.cols()) {
        let line: Vec<String> = row.iter().map(|cell| format!("{cell:<width$}")).collect();
        text.push_str(line.join(" ").trim_end());
        text.push('\n');
    }
    text
}
