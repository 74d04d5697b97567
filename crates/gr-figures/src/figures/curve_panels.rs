//! Panels of mean curves, one per oversight level: what learning curves and gaming gap share.

use std::collections::BTreeMap;

use anyhow::Result;

use super::Picture;
use crate::data::{Oversight, Results, Run, Series};
use crate::layout::{Axis, Block, Entry, LEVEL_DASH, Labels, Page, Panel};
use crate::model::{
    Caption, Curve, Estimate, Group, Numbers, Value, axis_scale, by_level, curve, groups, thousands,
};
use crate::scene::Scene;
use crate::style::{self, Color, Dash, MUTED, SeriesStyle};

/// What is drawn.
pub struct Spec {
    /// Name of the figure.
    pub name: &'static str,
    /// Title of the vertical axis.
    pub y: &'static str,
    /// First sentence of the caption.
    pub shows: &'static str,
    /// What of an evaluation.
    pub value: Value,
    /// Whether the optimal return and references are shown: returns only.
    pub returns: bool,
}

/// Room on the left of every panel.
const PANEL_GAP: f64 = 20.0;

/// Dash of reference curves, and their colour where their method has none.
const REFERENCE_DASH: Dash = &[5.0, 3.0];

/// The numbers of one panel.
#[derive(Debug)]
pub struct PanelModel<'a> {
    /// Its oversight level.
    pub oversight: Oversight,
    /// Its curves.
    pub curves: Vec<(Group<'a>, Curve)>,
    /// Published curves at the same level.
    pub references: Vec<&'a Run>,
}

/// The panels that `results` allow, by oversight level.
pub fn panels<'a>(results: &'a Results, spec: &Spec) -> Result<Vec<PanelModel<'a>>> {
    let mut panels: Vec<PanelModel<'a>> = Vec::new();
    for group in groups(results) {
        let Some(curve) = curve(&group, spec.value)? else { continue };
        let oversight = group.oversight;
        match panels.last_mut() {
            Some(panel) if panel.oversight == oversight => panel.curves.push((group, curve)),
            _ => {
                let references = results.references.iter();
                let references =
                    references.filter(|run| spec.returns && run.oversight == oversight);
                panels.push(PanelModel {
                    oversight,
                    curves: vec![(group, curve)],
                    references: references.filter(|run| !run.evaluations.is_empty()).collect(),
                });
            }
        }
    }
    Ok(panels)
}

/// Draws the panels.
pub fn picture(results: &Results, spec: &Spec, panels: &[PanelModel<'_>]) -> Result<Picture> {
    let mut series: Vec<&Series> = panels
        .iter()
        .flat_map(|panel| panel.curves.iter().map(|(group, _)| group.series))
        .collect();
    series.sort_by_key(|series| style::order(series));
    series.dedup();
    let looks = style::looks(&series);
    let look = |wanted: &Series| {
        let place = series.iter().position(|series| *series == wanted);
        looks[place.expect("every series was listed")]
    };
    let optimal = results.optimal_return().filter(|_| spec.returns);
    let (x_axis, y_axis) = axes(panels, optimal);
    let columns = Page::columns_for(panels.len());
    let page = Page {
        heading: String::new(),
        legend: legend(&series, &looks, panels, optimal),
        blocks: vec![Block {
            panels: panels.len(),
            columns,
            panel_height: if panels.len() == 1 { 420.0 } else { 310.0 },
        }],
        left: Panel::left_room(&y_axis, true) - PANEL_GAP,
        caption: caption(results, spec, panels, &y_axis)?.text(),
    };
    let mut sheet = page.sheet();
    for (index, panel) in panels.iter().enumerate() {
        let first = index % columns == 0;
        let labels = Labels {
            title: &panel.oversight.to_string(),
            x: "Update",
            y: if first { spec.y } else { "" },
            y_ticks: first,
        };
        let axes = (x_axis.clone(), y_axis.clone());
        let frame = Panel::draw(&mut sheet.scene, sheet.cells[index], PANEL_GAP, axes, &labels);
        if let Some(optimal) = optimal {
            frame.level(&mut sheet.scene, optimal);
        }
        draw_curves(&mut sheet.scene, &frame, panel, &look);
    }
    Ok(Picture::still(spec.name, sheet.scene, numbers(panels)))
}

fn draw_curves(
    scene: &mut Scene,
    frame: &Panel,
    panel: &PanelModel<'_>,
    look: &impl Fn(&Series) -> SeriesStyle,
) {
    for (group, curve) in &panel.curves {
        let band = curve.points.iter().filter_map(|(x, point)| {
            let (low, high) = point.interval?;
            Some((*x, low, high))
        });
        let band: Vec<(f64, f64, f64)> = band.collect();
        if band.len() > 1 {
            frame.band(scene, &band, look(group.series).color);
        }
    }
    for run in &panel.references {
        let points = run.evaluations.iter().map(|point| (point.update as f64, point.true_return));
        frame.curve(scene, &points.collect::<Vec<_>>(), reference_color(run), REFERENCE_DASH);
    }
    for (group, curve) in &panel.curves {
        let look = look(group.series);
        let points: Vec<(f64, f64)> = curve.points.iter().map(|(x, p)| (*x, p.mean)).collect();
        frame.curve(scene, &points, look.color, look.dash);
    }
    let number = panel.curves.len() as f64;
    let ends = panel.curves.iter().filter_map(|(_, curve)| Some(curve.points.last()?.0));
    let longest = ends.fold(0.0, f64::max);
    for (index, (group, curve)) in panel.curves.iter().enumerate() {
        for (x, mean) in marked(&curve.points, index as f64 / number, longest) {
            scene.marker(frame.place_inside(x, mean), 8.0, &look(group.series));
        }
        for (x, value) in &curve.kept {
            scene.marker(frame.place_inside(*x, *value), 7.0, &kept_look(look(group.series)));
        }
    }
}

/// The points of a curve that get markers: one in every sixth of the axis up to `longest`, `shift` of
/// it further on, so that curves do not cover each other's. At least one.
fn marked(points: &[(f64, Estimate)], shift: f64, longest: f64) -> Vec<(f64, f64)> {
    let end = points.last().map_or(0.0, |(x, _)| *x);
    let mut wanted: Vec<f64> =
        (0..6).map(|sixth| longest * (f64::from(sixth) + 0.2 + 0.8 * shift) / 6.0).collect();
    wanted.retain(|x| *x <= end);
    if wanted.is_empty() {
        wanted.push(end);
    }
    let nearest = |wanted: f64| points.get(points.partition_point(|(x, _)| *x < wanted));
    let found = wanted.into_iter().filter_map(nearest);
    found.map(|(x, point)| (*x, point.mean)).collect()
}

/// Look of the checkpoints that runs of a series kept.
fn kept_look(look: SeriesStyle) -> SeriesStyle {
    SeriesStyle { marker: style::Marker::Diamond, hollow: true, ..look }
}

fn reference_color(run: &Run) -> Color {
    let method = style::METHODS.iter().find(|method| method.label == run.series.method);
    method.map_or(MUTED, |method| method.look.color.darker())
}

fn axes(panels: &[PanelModel<'_>], optimal: Option<f64>) -> (Axis, Axis) {
    let curves = || panels.iter().flat_map(|panel| panel.curves.iter().map(|(_, curve)| curve));
    let references = || {
        let runs = panels.iter().flat_map(|panel| panel.references.iter());
        runs.flat_map(|run| &run.evaluations)
    };
    let columns = Page::columns_for(panels.len());
    let x_values = curves().flat_map(|curve| curve.points.iter().map(|(x, _)| *x));
    let x_values = x_values.chain(curves().flat_map(|curve| curve.kept.iter().map(|(x, _)| *x)));
    let x_axis = Axis::from_zero(
        x_values.chain(references().map(|point| point.update as f64)),
        if columns == 3 { 3 } else { 4 },
    );
    // No return is beyond 1 in size; intervals of a few runs can be, and would squeeze the rest.
    let inside = |value: f64| value.clamp(-1.0, 1.0);
    let ends = |curve: &Curve| {
        let points = curve.points.iter().flat_map(|(_, point)| {
            let (low, high) = point.interval.unwrap_or((point.mean, point.mean));
            [point.mean, inside(low), inside(high)]
        });
        points.chain(curve.kept.iter().map(|(_, value)| *value)).collect::<Vec<f64>>()
    };
    let y_values = curves().flat_map(ends).chain(references().map(|point| point.true_return));
    (x_axis, Axis::around(y_values.chain(optimal).chain([0.0]), 6))
}

fn legend(
    series: &[&Series],
    looks: &[SeriesStyle],
    panels: &[PanelModel<'_>],
    optimal: Option<f64>,
) -> Vec<Entry> {
    let pairs = series.iter().zip(looks);
    let mut legend: Vec<Entry> =
        pairs.map(|(series, look)| Entry::series(style::name(series), *look)).collect();
    let mut curves = panels.iter().flat_map(|panel| &panel.curves);
    if curves.any(|(_, curve)| !curve.kept.is_empty()) {
        let look = SeriesStyle { color: MUTED, ..looks[0] };
        legend.push(Entry::marker("checkpoint kept by a run", kept_look(look)));
    }
    let mut methods: Vec<&Run> =
        panels.iter().flat_map(|panel| panel.references.iter().copied()).collect();
    methods.sort_by(|a, b| a.series.method.cmp(&b.series.method));
    methods.dedup_by(|a, b| a.series.method == b.series.method);
    for run in methods {
        let label = format!("{}, reference", style::method_name(&run.series.method));
        legend.push(Entry::line(label, reference_color(run), REFERENCE_DASH, 2.0));
    }
    if optimal.is_some() {
        legend.push(Entry::line("optimal policy", MUTED, LEVEL_DASH, 1.0));
    }
    legend
}

fn caption(
    results: &Results,
    spec: &Spec,
    panels: &[PanelModel<'_>],
    y_axis: &Axis,
) -> Result<Caption> {
    let mut caption = Caption::new(spec.shows);
    let curves: Vec<&(Group<'_>, Curve)> = panels.iter().flat_map(|panel| &panel.curves).collect();
    if curves.iter().any(|(_, curve)| curve.n > 1) {
        caption.say("Lines are means, shades 95 % Student-t intervals over runs.");
    }
    if curves.iter().any(|(group, _)| axis_scale(group) != 1.0) {
        caption.say("Oracle's updates are divided by p, so that it has used as many labels.");
    }
    let mut stops: BTreeMap<u64, Vec<(String, Oversight)>> = BTreeMap::new();
    for (group, curve) in &curves {
        if let Some(stop) = curve.first_stop {
            stops.entry(stop).or_default().push((style::name(group.series), group.oversight));
        }
    }
    if !stops.is_empty() {
        let stops = stops
            .iter()
            .map(|(stop, who)| format!("{} for {}", thousands(*stop), by_level(who).join(", ")));
        caption.say(format!(
            "Means over early-stopped runs end where the first of them stopped: {}.",
            stops.collect::<Vec<_>>().join("; ")
        ));
    }
    let named = |wanted: fn(&Curve) -> bool| {
        let matching = curves.iter().filter(|(_, curve)| wanted(curve));
        let pairs: Vec<_> =
            matching.map(|(group, _)| (style::name(group.series), group.oversight)).collect();
        by_level(&pairs).join("; ")
    };
    let cut_short = named(|curve| curve.cut_short);
    if !cut_short.is_empty() {
        caption.say(format!("Runs of different length are averaged to the shortest: {cut_short}."));
    }
    let skipped = named(|curve| curve.skipped > 0);
    if !skipped.is_empty() {
        caption.say(format!("Runs were evaluated at different updates; common ones: {skipped}."));
    }
    let beyond = |(low, high): (f64, f64)| low < y_axis.low() || high > y_axis.high();
    let cut = |(_, curve): &&(Group<'_>, Curve)| {
        curve.points.iter().any(|(_, point)| point.interval.is_some_and(beyond))
    };
    if curves.iter().any(cut) {
        caption.say("Intervals that leave the plot are cut at its edge.");
    }
    let groups: Vec<Group<'_>> = groups(results);
    caption.say_of(results, &groups)?;
    if !results.references.is_empty() && spec.returns {
        let drawn: usize = panels.iter().map(|panel| panel.references.len()).sum();
        caption.say(format!(
            "Reference: single runs, {drawn} of {} at levels drawn here; first observation {}.",
            results.references.len(),
            meaning_of(&results.references),
        ));
    }
    Ok(caption)
}

fn meaning_of(runs: &[Run]) -> String {
    let mut meanings: Vec<&str> = runs
        .iter()
        .map(|run| run.first_observation.as_deref().unwrap_or("not recorded in its files"))
        .collect();
    meanings.sort_unstable();
    meanings.dedup();
    meanings.join(" and ")
}

fn numbers(panels: &[PanelModel<'_>]) -> Numbers {
    let header = ["oversight_prob", "series", "run_label", "what", "x", "mean", "low", "high", "n"];
    let mut numbers = Numbers::new(&header);
    for panel in panels {
        let level = panel.oversight.0.to_string();
        for (group, curve) in &panel.curves {
            let who = [level.clone(), style::name(group.series), group.series.method.clone()];
            for (x, point) in &curve.points {
                let mut row = who.to_vec();
                row.extend(["mean".into(), x.to_string(), point.mean.to_string()]);
                row.push(Numbers::text(point.interval.map(|interval| interval.0)));
                row.push(Numbers::text(point.interval.map(|interval| interval.1)));
                row.push(point.n.to_string());
                numbers.push(row);
            }
            for (x, value) in &curve.kept {
                let mut row = who.to_vec();
                row.extend(["kept checkpoint".into(), x.to_string(), value.to_string()]);
                row.extend([String::new(), String::new(), "1".into()]);
                numbers.push(row);
            }
        }
        for run in &panel.references {
            for point in &run.evaluations {
                numbers.push(vec![
                    level.clone(),
                    format!("reference run {}", run.id),
                    run.series.method.clone(),
                    "reference".into(),
                    point.update.to_string(),
                    point.true_return.to_string(),
                    String::new(),
                    String::new(),
                    "1".into(),
                ]);
            }
        }
    }
    numbers
}
