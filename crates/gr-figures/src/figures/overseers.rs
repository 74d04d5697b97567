//! Gradient routing against other methods under overseers that err or see only part of the grid: what each method
//! needs of its overseer.

use anyhow::Result;
use gr_runs::{Column, is_default, spoken};
use gr_stats::verdict;
use gr_terminal::count;
use toml::Value;

use super::{Drawing, Figure, Has, Picture};
use crate::data::{Oversight, Results, Series};
use crate::layout::{Block, Page, Rect, TICK_SIZE, TITLE_SIZE, View};
use crate::model::columns::{N, OVERSIGHT_PROB, SERIES};
use crate::model::{Caption, Estimate, Group, Numbers, difference, groups};
use crate::scene::{Align, Scene};
use crate::style::{self, Color, GRID, INK, MUTED, PAPER};

/// See [`super::FIGURES`].
pub const FIGURE: Figure = Figure {
    name: "overseers",
    summary: "gradient routing minus others, by label noise and cells",
    columns: COLUMNS,
    has: Has { updates: false, values: false, reference_lines: false },
    draw,
};

const COLUMNS: &[Column] = &[
    SERIES.meaning_here("Name of the series that is compared with the baseline."),
    Column::text("baseline", "Name of the series that it is subtracted from."),
    OVERSIGHT_PROB,
    Column::number("label_noise", "probability", "How often a label says the other goal."),
    Column::text("cells", "Cells on which flags may lie: `all`, or their numbers."),
    Column::number(
        "difference",
        "return",
        "Mean true return of the baseline minus that of the series.",
    ),
    Column::number("welch_low", "return", "Low end of its 95 % interval, unpaired (Welch).")
        .or_empty(),
    Column::number("welch_high", "return", "High end of the same.").or_empty(),
    Column::integer("n_baseline", "runs", "Runs of the baseline."),
    N.meaning_here("Runs of the series."),
    Column::text(
        "verdict",
        "What the rule of docs/experiment.md, section 12, says of the baseline against the series.",
    ),
];

/// A difference that has the whole colour.
const FULL: f64 = 0.5;
const BETTER: Color = Color(0x3b, 0x7d, 0xb8);
const WORSE: Color = Color(0xe0, 0x7b, 0x2c);
/// What an overseer may fall short in; everything else tells series apart.
const OVERSEER: [&str; 2] = ["overseer.label_noise", "overseer.cells"];
const ROW: f64 = 74.0;
const HEAD: f64 = 64.0;
const LEFT: f64 = 110.0;

/// An overseer, as far as it may fall short.
#[derive(Clone, Debug, PartialEq)]
struct Overseer {
    oversight: Oversight,
    noise: f64,
    cells: Value,
}

/// The runs of a series under one overseer.
struct Runs {
    /// Its name, without what the overseer is like.
    series: String,
    overseer: Overseer,
    returns: Vec<f64>,
}

/// A series against the baseline under one overseer.
struct Comparison<'a> {
    overseer: &'a Overseer,
    /// Returns of the baseline and of the series.
    returns: [&'a [f64]; 2],
    /// Baseline minus series.
    difference: Estimate,
}

impl Runs {
    /// `None` without a plan or a finished run.
    fn of(group: &Group<'_>) -> Option<Self> {
        let flat = &group.finished.first()?.planned.as_ref()?.flat;
        let all = || Value::String("all".into());
        let overseer = Overseer {
            oversight: group.oversight,
            noise: flat.get("overseer.label_noise").and_then(Value::as_float).unwrap_or(0.0),
            cells: flat.get("overseer.cells").cloned().unwrap_or_else(all),
        };
        let mut series = style::name(&Series { variant: None, ..group.series.clone() });
        let settings = group.series.variant().split(';').filter_map(|it| it.split_once('='));
        for (key, _) in settings.filter(|(key, _)| !OVERSEER.contains(key)) {
            if let Some(value) = flat.get(key).filter(|value| !is_default(key, value)) {
                series += &format!(", {}", spoken(key, value));
            }
        }
        let returns = group.finished.iter().filter_map(|run| Some(run.kept?.true_return)).collect();
        Some(Self { series, overseer, returns })
    }
}

impl Overseer {
    /// Whether both oversee the same cells as often, and so share a column.
    fn shares_column(&self, other: &Self) -> bool {
        self.cells == other.cells && self.oversight == other.oversight
    }

    /// What stands above its column: how many cells it oversees, and how often.
    fn heading(&self) -> [String; 2] {
        let cells = match &self.cells {
            Value::Array(cells) => count(cells.len(), "cell"),
            _ => "all cells".into(),
        };
        [format!("{cells},"), self.oversight.to_string()]
    }
}

/// All series against the first, each under every overseer that both have had.
fn compared(runs: &[Runs]) -> Vec<(&str, Vec<Comparison<'_>>)> {
    let Some(baseline) = runs.first().map(|first| &first.series) else { return Vec::new() };
    let mut found: Vec<(&str, Vec<Comparison<'_>>)> = Vec::new();
    for of_series in runs.iter().filter(|other| other.series != *baseline) {
        let against = runs
            .iter()
            .find(|other| other.series == *baseline && other.overseer == of_series.overseer);
        let Some(comparison) = against.and_then(|against| Comparison::new(against, of_series))
        else {
            continue;
        };
        match found.iter_mut().find(|(series, _)| *series == of_series.series) {
            Some((_, comparisons)) => comparisons.push(comparison),
            None => found.push((&of_series.series, vec![comparison])),
        }
    }
    found.retain(|(_, comparisons)| comparisons.len() > 1);
    found
}

impl<'a> Comparison<'a> {
    fn new(baseline: &'a Runs, other: &'a Runs) -> Option<Self> {
        let returns = [&baseline.returns[..], &other.returns[..]];
        let difference = difference(returns[0], returns[1])?;
        Some(Self { overseer: &other.overseer, returns, difference })
    }

    fn verdict(&self) -> &'static str {
        verdict(self.returns[0], self.returns[1]).name()
    }

    /// What stands in its square.
    fn lines(&self) -> [String; 3] {
        let half =
            self.difference.interval.map(|(low, high)| format!(" ± {:.3}", (high - low) / 2.0));
        let [n, n_other] = self.returns.map(<[f64]>::len);
        [
            format!("{:+.3}{}", self.difference.mean, half.unwrap_or_default()),
            self.verdict().into(),
            format!("n = {n} and {n_other}"),
        ]
    }
}

fn draw(results: &Results, _: &View) -> Result<Drawing> {
    let groups = groups(results);
    let mut ordered: Vec<&Group<'_>> = groups.iter().collect();
    ordered.sort_by_key(|group| style::order(group.series));
    let runs: Vec<Runs> = ordered.into_iter().filter_map(Runs::of).collect();
    let compared = compared(&runs);
    if compared.is_empty() {
        let why = "no two methods have runs under two overseers of other label noise or cells";
        return Ok(Drawing::NoData(why.into()));
    }
    let baseline = &runs[0].series;
    let mut caption = Caption::new(format!(
        "True return of {baseline} minus that of another method, ± half of Welch's 95 % interval: by how often labels \
         err, and by the cells that are overseen. Blue: {baseline} is better; orange: the other. Empty: no runs."
    ));
    caption.say_conditions(results, &groups);
    caption.note(format!("Verdicts are on {baseline}."));
    caption.note_verdicts();
    Ok(Drawing::Drawn(vec![Picture::still(
        FIGURE.name,
        scene(baseline, &compared, caption.text()),
        caption,
        numbers(baseline, &compared),
    )]))
}

fn scene(baseline: &str, compared: &[(&str, Vec<Comparison<'_>>)], caption: String) -> Scene {
    let all = || compared.iter().flat_map(|(_, comparisons)| comparisons);
    let mut noises: Vec<f64> = all().map(|comparison| comparison.overseer.noise).collect();
    noises.sort_by(f64::total_cmp);
    noises.dedup();
    let mut columns: Vec<&Overseer> = Vec::new();
    for comparison in all() {
        if !columns.iter().any(|column| column.shares_column(comparison.overseer)) {
            columns.push(comparison.overseer);
        }
    }
    let block =
        Block { panels: 1, columns: 1, panel_height: HEAD + ROW * noises.len() as f64 + 10.0 };
    let page = Page {
        heading: String::new(),
        legend: Vec::new(),
        blocks: vec![block; compared.len()],
        left: 0.0,
        caption,
    };
    let mut sheet = page.sheet();
    for ((series, comparisons), cell) in compared.iter().zip(sheet.cells.clone()) {
        let scene = &mut sheet.scene;
        let heading = format!("{baseline} minus {series}");
        scene.text((cell.x + LEFT, cell.y + 18.0), &heading, TITLE_SIZE, Align::Left, INK);
        let width = (cell.width - LEFT) / columns.len() as f64;
        for (index, column) in columns.iter().enumerate() {
            let middle = cell.x + LEFT + (index as f64 + 0.5) * width;
            for (line, text) in column.heading().iter().enumerate() {
                let y = cell.y + 38.0 + 15.0 * line as f64;
                scene.text((middle, y), text, TICK_SIZE, Align::Center, MUTED);
            }
        }
        for (row, noise) in noises.iter().enumerate() {
            let y = cell.y + HEAD + row as f64 * ROW;
            let label = format!("{} % wrong", (1000.0 * noise).round() / 10.0);
            scene.text((cell.x, y + ROW / 2.0 + 4.0), &label, TICK_SIZE, Align::Left, MUTED);
            for (index, column) in columns.iter().enumerate() {
                let place = Rect {
                    x: cell.x + LEFT + index as f64 * width,
                    y,
                    width: width - 4.0,
                    height: ROW - 4.0,
                };
                let found = comparisons.iter().find(|comparison| {
                    let overseer = comparison.overseer;
                    overseer.noise == *noise && overseer.shares_column(column)
                });
                draw_square(scene, place, found);
            }
        }
    }
    sheet.scene
}

fn draw_square(scene: &mut Scene, place: Rect, comparison: Option<&Comparison<'_>>) {
    let Rect { x, y, width, height } = place;
    let Some(comparison) = comparison else {
        return scene.rectangle((x, y), (width, height), GRID.mixed(PAPER, 0.5));
    };
    let full = if comparison.difference.mean > 0.0 { BETTER } else { WORSE };
    let share = (comparison.difference.mean.abs() / FULL).min(1.0);
    scene.rectangle((x, y), (width, height), PAPER.mixed(full, 0.12 + 0.55 * share));
    for (line, text) in comparison.lines().iter().enumerate() {
        let at = (x + width / 2.0, y + 22.0 + 17.0 * line as f64);
        scene.text(at, text, TICK_SIZE, Align::Center, INK);
    }
}

fn numbers(baseline: &str, compared: &[(&str, Vec<Comparison<'_>>)]) -> Numbers {
    let mut numbers = Numbers::new(COLUMNS);
    for (series, comparisons) in compared {
        for comparison in comparisons {
            let Comparison { overseer, returns, difference } = comparison;
            let Estimate { mean, interval, .. } = difference;
            let cells = match &overseer.cells {
                Value::String(all) => all.clone(),
                cells => cells.to_string(),
            };
            numbers.push(vec![
                series.to_string(),
                baseline.into(),
                overseer.oversight.0.to_string(),
                overseer.noise.to_string(),
                cells,
                mean.to_string(),
                Numbers::text(interval.map(|interval| interval.0)),
                Numbers::text(interval.map(|interval| interval.1)),
                returns[0].len().to_string(),
                returns[1].len().to_string(),
                comparison.verdict().into(),
            ]);
        }
    }
    numbers
}
