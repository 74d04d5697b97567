//! Legend and caption of panels of curves.

use std::collections::BTreeMap;

use super::axes::Axes;
use super::{PanelModel, REFERENCE_DASH, Spec, kept_look, reference_color};
use crate::data::{Results, Run, Series};
use crate::layout::{Entry, LEVEL_DASH, View};
use crate::model::{Caption, Curve, Group, Named, by_level, groups, thousands};
use crate::style::{self, MUTED, SeriesStyle};

/// What is to be seen in the panels, and nothing else.
pub fn legend(
    series: &[&Series],
    looks: &[SeriesStyle],
    panels: &[PanelModel<'_>],
    axes: &Axes,
    optimal: Option<f64>,
) -> Vec<Entry> {
    let pairs = series.iter().zip(looks);
    let mut legend: Vec<Entry> =
        pairs.map(|(series, look)| Entry::series(style::name(series), *look)).collect();
    if let Some(look) = looks.first().filter(|_| axes.has_kept(panels)) {
        let look = SeriesStyle { color: MUTED, ..*look };
        legend.push(Entry::marker("checkpoint kept by a run", kept_look(look)));
    }
    let mut methods = axes.references(panels);
    methods.sort_by(|a, b| a.series.method.cmp(&b.series.method));
    methods.dedup_by(|a, b| a.series.method == b.series.method);
    for run in methods {
        let label = format!("{}, reference", style::method_name(&run.series.method));
        legend.push(Entry::line(label, reference_color(run), REFERENCE_DASH, 2.0));
    }
    if optimal.is_some_and(|optimal| axes.y.iter().any(|axis| axis.holds(optimal))) {
        legend.push(Entry::line("optimal policy", MUTED, LEVEL_DASH, 1.0));
    }
    legend
}

/// What is said of the panels.
pub fn caption(
    results: &Results,
    spec: &Spec,
    panels: &[PanelModel<'_>],
    axes: &Axes,
    view: &View,
) -> Caption {
    let mut caption = Caption::new(spec.shows);
    caption.note(spec.means);
    let curves: Vec<&(Group<'_>, Curve)> = panels.iter().flat_map(|panel| &panel.curves).collect();
    let named = |wanted: &dyn Fn(&(Group<'_>, Curve)) -> bool| -> Vec<Named> {
        let matching = curves.iter().filter(|curve| wanted(curve));
        matching.map(|(group, _)| group.named()).collect()
    };
    caption.say_of(results, &groups(results));
    view.say_scale(&mut caption);
    say_cuts(&mut caption, panels, axes, view);
    caption.note_who(
        "Updates are multiplied so that a method that trains fewer, to use as many labels, is drawn over \
         as many as the others",
        &named(&|(group, _)| group.axis_scale() != 1.0),
    );
    let mut stops: BTreeMap<u64, Vec<Named>> = BTreeMap::new();
    for (group, curve) in &curves {
        if let Some(stop) = curve.first_stop {
            stops.entry(stop).or_default().push(group.named());
        }
    }
    if !stops.is_empty() {
        let stops = stops
            .iter()
            .map(|(stop, who)| format!("{} for {}", thousands(*stop), by_level(who).join(", ")));
        caption.note(format!(
            "Means over early-stopped runs end where the first of them stopped: {}.",
            stops.collect::<Vec<_>>().join("; ")
        ));
    }
    caption.note_who(
        "Runs of different length are averaged to the shortest",
        &named(&|(_, curve)| curve.cut_short),
    );
    caption.note_who(
        "Runs were evaluated at different updates; common ones",
        &named(&|(_, curve)| curve.skipped > 0),
    );
    if !results.references.is_empty() && spec.returns {
        let drawn: usize = panels.iter().map(|panel| panel.references.len()).sum();
        caption.note(format!(
            "Reference: single runs, {drawn} of {} at levels drawn here; first observation {}.",
            results.references.len(),
            meaning_of(&results.references),
        ));
    }
    caption
}

/// Says which curves go on beyond their panel, and that intervals do: below the picture only what nobody
/// asked for.
fn say_cuts(caption: &mut Caption, panels: &[PanelModel<'_>], axes: &Axes, view: &View) {
    let mut beyond: Vec<Named> = Vec::new();
    let mut outside: Vec<Named> = Vec::new();
    let mut intervals_are_cut = false;
    for ((panel, x), y) in panels.iter().zip(&axes.x).zip(&axes.y) {
        for (group, curve) in &panel.curves {
            let seen = || curve.points.iter().filter(|(update, _)| x.holds(*update));
            if curve.points.last().is_some_and(|(update, _)| *update > x.high()) {
                beyond.push(group.named());
            }
            if seen().any(|(_, point)| !y.holds(point.mean)) {
                outside.push(group.named());
            }
            let is_cut = |(low, high): (f64, f64)| !y.holds(low) || !y.holds(high);
            intervals_are_cut |= seen().any(|(_, point)| point.interval.is_some_and(is_cut));
        }
    }
    match view.x_max {
        None => caption.say_who("Cut where the others end, though it goes on", &beyond),
        Some(_) => caption.note_who("Cut at the last update drawn", &beyond),
    }
    caption.note_who("Cut at the range of values drawn", &outside);
    if intervals_are_cut {
        caption.note("Intervals that leave the plot are cut at its edge.");
    }
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
