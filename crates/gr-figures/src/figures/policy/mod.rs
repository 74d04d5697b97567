//! What policies do on the grid: an arrow per action and cell, the gate as background, and how both
//! came about over training.

mod grid;

use anyhow::Result;
use gr_grid::{Cell, Grid};
use gr_runs::Column;

use super::{Drawing, Figure, Has, Picture};
use crate::data::{CellPolicy, PolicyTable, Results, Run, TableKey};
use crate::layout::{Block, Page, TITLE_SIZE, View};
use crate::model::columns::RUN_ID;
use crate::model::{Caption, Group, Numbers, groups, thousands};
use crate::scene::Scene;
use crate::style;

/// See [`super::FIGURES`].
pub const FIGURE: Figure = Figure {
    name: "policy",
    summary: "what the lowest seed's policies do on the grid, as arrows",
    columns: COLUMNS,
    has: Has { updates: false, values: false, reference_lines: false },
    draw,
};

const COLUMNS: &[Column] = &[
    RUN_ID,
    Column::integer(
        "update_idx",
        "update",
        "The update after which the policy was, counted from 0.",
    ),
    Column::text("policy_type", "`training_policy`, `diamond` or `ghost`."),
    Column::integer("ghost_cell", "cell", "Cell of the ghost, row by row from 0."),
    Column::integer("diamond_cell", "cell", "Cell of the diamond."),
    Column::integer("ghost_flag", "0 or 1", "1 if the ghost tile shows a flag."),
    Column::integer("diamond_flag", "0 or 1", "1 if the diamond tile shows a flag."),
    Column::integer("agent_cell", "cell", "Cell of the agent."),
    Column::number("up", "probability", "Probability of moving up."),
    Column::number("right", "probability", "Probability of moving right."),
    Column::number("down", "probability", "Probability of moving down."),
    Column::number("left", "probability", "Probability of moving left."),
    Column::number(
        "gate",
        "share",
        "Gate g, the share of the diamond expert; routed networks only.",
    )
    .or_empty(),
];

/// Policies side by side, with their titles.
const POLICIES: [(&str, &str); 3] = [
    ("training_policy", "Training policy"),
    ("diamond", "Diamond expert alone"),
    ("ghost", "Ghost expert alone"),
];

/// Flags shown below each other, with their names: ghost tile, diamond tile.
const FLAGS: [((bool, bool), &str); 2] =
    [((false, false), "No flags"), ((true, true), "Both flagged")];

/// Frames of an animation at most; of more, some are left out evenly.
const FRAMES: usize = 60;

/// What is drawn of one run for one pair of goals.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyModel {
    /// The grid.
    pub grid: Grid,
    /// Cells of ghost and diamond.
    pub goals: (Cell, Cell),
    /// The policies that there are, as positions in [`POLICIES`].
    pub policies: Vec<usize>,
    /// The flags that there are, as positions in [`FLAGS`].
    pub flags: Vec<usize>,
    /// Updates at which every one of these tables was kept.
    pub updates: Vec<u64>,
    /// The update that the still picture shows: that of the kept policy, else the last.
    pub shown: u64,
}

/// What can be drawn of a run's tables, by goals.
pub fn models(run: &Run, table: &PolicyTable) -> Vec<PolicyModel> {
    let keys: Vec<&TableKey> = table.tables.keys().collect();
    let mut goals: Vec<(Cell, Cell)> = keys.iter().map(|key| key.goals).collect();
    goals.dedup();
    let model = |goals: (Cell, Cell)| {
        let of_goals = || keys.iter().filter(move |key| key.goals == goals);
        let with = |wanted: &dyn Fn(&TableKey) -> bool| of_goals().any(|key| wanted(key));
        let policies: Vec<usize> =
            (0..POLICIES.len()).filter(|i| with(&|key| key.policy == POLICIES[*i].0)).collect();
        let flags: Vec<usize> =
            (0..FLAGS.len()).filter(|i| with(&|key| key.flags == FLAGS[*i].0)).collect();
        let mut updates: Vec<u64> = of_goals().map(|key| key.update).collect();
        updates.sort_unstable();
        updates.dedup();
        updates.retain(|update| {
            policies.iter().all(|policy| {
                let key = |flag: &usize| key(goals, FLAGS[*flag].0, *policy, *update);
                flags.iter().all(|flag| table.tables.contains_key(&key(flag)))
            })
        });
        let kept = run.kept.map(|kept| kept.update).filter(|kept| updates.contains(kept));
        let shown = kept.or(updates.last().copied())?;
        let drawable = !policies.is_empty() && !flags.is_empty();
        drawable.then_some(PolicyModel { grid: table.grid, goals, policies, flags, updates, shown })
    };
    goals.into_iter().filter_map(model).collect()
}

fn key(goals: (Cell, Cell), flags: (bool, bool), policy: usize, update: u64) -> TableKey {
    TableKey { goals, flags, policy: POLICIES[policy].0.into(), update }
}

fn draw(results: &Results, _view: &View) -> Result<Drawing> {
    let mut pictures = Vec::new();
    for group in groups(results) {
        for run in &group.finished {
            let Some(table) = results.policy_table(run) else { continue };
            let models = models(run, &table);
            for model in &models {
                let mut name = format!("{}-{}", FIGURE.name, group.file_part());
                if models.len() > 1 {
                    name += &format!("-ghost{}-diamond{}", model.goals.0, model.goals.1);
                }
                pictures.push(picture(results, &group, run, &table, model, name));
            }
            // The lowest seed stands for all.
            if !models.is_empty() {
                break;
            }
        }
    }
    if pictures.is_empty() {
        return Ok(Drawing::NoData("no finished run has policy_tables_<run>.csv".into()));
    }
    Ok(Drawing::Drawn(pictures))
}

fn picture(
    results: &Results,
    group: &Group<'_>,
    run: &Run,
    table: &PolicyTable,
    model: &PolicyModel,
    name: String,
) -> Picture {
    let mut caption = Caption::new(format!(
        "One run of {}. An arrow is as long as its action is probable; goals end the episode.",
        group.finished.len()
    ));
    if has_gate(table) {
        caption.note(
            "The background is the gate g, the training policy's share of the diamond expert.",
        );
    }
    caption.say_conditions(results, std::slice::from_ref(group));
    let frame = |update: u64| frame(group, run, table, model, update, &caption);
    let frames = if model.updates.len() > 1 {
        thin(&model.updates).into_iter().map(frame).collect()
    } else {
        Vec::new()
    };
    let scene = frame(model.shown);
    Picture { name, scene, caption, numbers: numbers(run, table, model), frames }
}

fn has_gate(table: &PolicyTable) -> bool {
    table.tables.values().flatten().any(|cell| cell.gate.is_some())
}

/// At most [`FRAMES`] of `updates`, evenly, the first and the last among them.
fn thin(updates: &[u64]) -> Vec<u64> {
    let last = updates.len() - 1;
    if last < FRAMES {
        return updates.to_vec();
    }
    (0..FRAMES).map(|index| updates[index * last / (FRAMES - 1)]).collect()
}

fn frame(
    group: &Group<'_>,
    run: &Run,
    table: &PolicyTable,
    model: &PolicyModel,
    update: u64,
    caption: &Caption,
) -> Scene {
    let mut legend = vec![grid::diamond_entry(), grid::ghost_entry()];
    if model.flags.iter().any(|flag| FLAGS[*flag].0 != (false, false)) {
        legend.push(grid::flag_entry());
    }
    if has_gate(table) {
        legend.push(grid::gate_entry());
    }
    // Several policies stand side by side, flags below each other; one alone has its flags beside.
    let single = model.policies.len() == 1;
    let columns = if single { model.flags.len() } else { model.policies.len() };
    let rows = if single { 1 } else { model.flags.len() };
    let left = if single { 0.0 } else { 26.0 };
    let page = Page {
        heading: format!(
            "{}, {}, {}, after update {}",
            style::name(group.series),
            group.oversight,
            run.seed_name(),
            thousands(update)
        ),
        legend,
        blocks: vec![Block {
            panels: rows * columns,
            columns,
            panel_height: if single { 300.0 } else { 275.0 },
        }],
        left,
        caption: caption.text(),
    };
    let mut sheet = page.sheet();
    for (index, cell) in sheet.cells.iter().enumerate() {
        let (row, column) = (index / columns, index % columns);
        let (flag, policy) = if single { (column, 0) } else { (row, column) };
        let (flags, flag_name) = FLAGS[model.flags[flag]];
        let (label, title) = POLICIES[model.policies[policy]];
        let title = match (single, row) {
            (true, _) => flag_name,
            (false, 0) => title,
            (false, _) => "",
        };
        let policy = &table.tables[&key(model.goals, flags, model.policies[policy], update)];
        // The experts alone do not use the gate.
        let gated = label == "training_policy";
        let square = grid::Square { grid: model.grid, goals: model.goals, flags, gated };
        let plot = square.draw(&mut sheet.scene, *cell, title, policy);
        if !single && column == 0 {
            let at = (plot.x - 16.0, plot.y + plot.height / 2.0);
            sheet.scene.text_upwards(at, flag_name, TITLE_SIZE);
        }
    }
    sheet.scene
}

fn numbers(run: &Run, table: &PolicyTable, model: &PolicyModel) -> Numbers {
    let mut numbers = Numbers::new(COLUMNS);
    let (ghost, diamond) = model.goals;
    for policy in &model.policies {
        for flag in &model.flags {
            let flags = FLAGS[*flag].0;
            let cells = &table.tables[&key(model.goals, flags, *policy, model.shown)];
            for (agent, CellPolicy { actions, gate }) in cells.iter().enumerate() {
                let mut row = vec![run.id.clone(), model.shown.to_string()];
                row.push(POLICIES[*policy].0.into());
                row.extend([ghost.to_string(), diamond.to_string()]);
                row.extend([flags.0, flags.1].map(|flag| u8::from(flag).to_string()));
                row.push(agent.to_string());
                row.extend(actions.iter().map(f64::to_string));
                row.push(Numbers::text(*gate));
                numbers.push(row);
            }
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_thinned_evenly_and_keep_both_ends() {
        let updates: Vec<u64> = (0..1000).collect();
        let kept = thin(&updates);
        assert_eq!((kept.len(), kept[0], kept[FRAMES - 1]), (FRAMES, 0, 999));
        assert!(kept.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(thin(&[3, 9]), [3, 9]);
    }
}
