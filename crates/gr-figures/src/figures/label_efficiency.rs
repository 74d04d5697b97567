//! True return against the true labels that it took, a panel per oversight level: updates are cheap and
//! labels are dear, so this is the fair axis.

use anyhow::Result;
use rayon::prelude::*;

use super::label_panels::{COLUMNS, CUT_INTERVALS, LabelPage, LabelPanel, numbers};
use super::{Drawing, Figure, Has, Picture};
use crate::data::{KeptByLabels, LabelSteps, Results};
use crate::layout::{Page, View};
use crate::model::{ByLabels, Caption, Group, INTERVALS, Named, by_labels, by_level, groups};

/// See [`super::FIGURES`].
pub const FIGURE: Figure = Figure {
    name: "label-efficiency",
    summary: "true return against labels used, log axis, a panel per p",
    columns: COLUMNS,
    has: Has { updates: false, values: true, reference_lines: true },
    draw,
};

/// What is said of groups beside their curves.
#[derive(Default)]
struct Remarks {
    /// Those that watch the true return itself.
    privileged: Vec<Named>,
    /// Those whose checkpoints are valued by the evaluation before.
    from_evaluations: Vec<Named>,
    /// Those that use no labels.
    free: Vec<Named>,
    /// Those whose runs have no number of labels in common.
    apart: Vec<Named>,
    /// Those of which some or all runs do not record their labels.
    unrecorded: Vec<Named>,
}

fn draw(results: &Results, view: &View) -> Result<Drawing> {
    let mut remarks = Remarks::default();
    let all = groups(results);
    let is_privileged = |group: &Group<'_>| {
        group.series.holdout.as_ref().is_some_and(|holdout| holdout.source == "privileged")
    };
    let (privileged, paid): (Vec<Group<'_>>, Vec<Group<'_>>) =
        all.into_iter().partition(is_privileged);
    remarks.privileged = privileged.iter().map(Group::named).collect();
    let mut panels: Vec<LabelPanel<'_>> = Vec::new();
    for group in &paid {
        let Some(mean) = mean(results, group, &mut remarks) else { continue };
        let title = group.oversight.to_string();
        let curve = (group.clone(), mean);
        match panels.last_mut() {
            Some(panel) if panel.title == title => panel.curves.push(curve),
            _ => panels.push(LabelPanel { title, what: "true return", curves: vec![curve] }),
        }
    }
    if panels.is_empty() {
        return Ok(Drawing::NoData(
            "no finished run records the labels that it used: labels_training in \
             eval_results_<run>.csv or, with a holdout that is not privileged, in \
             holdout_results_<run>.csv beside labels_holdout"
                .into(),
        ));
    }
    let optimal = view.reference(results.optimal_return());
    let values: Vec<Vec<f64>> = panels.iter().map(LabelPanel::values).collect();
    let caption = caption(results, &paid, &remarks);
    let page = LabelPage {
        panels: &panels,
        columns: Page::columns_for(panels.len()),
        x: "True labels used (log)",
        y: "True return",
        y_axes: view.vertical(&values, optimal, 6),
        level: optimal.map(|optimal| (optimal, "optimal policy")),
        nothing: "",
    };
    let scene = page.draw(caption.text());
    Ok(Drawing::Drawn(vec![Picture::still(FIGURE.name, scene, caption, numbers(&panels))]))
}

/// The mean of a group's runs over their labels; `None` if none of them records labels.
fn mean(results: &Results, group: &Group<'_>, remarks: &mut Remarks) -> Option<ByLabels> {
    let read = group.finished.par_iter().map(|run| results.kept_by_labels(run));
    let kept: Vec<KeptByLabels> = read.collect::<Vec<_>>().into_iter().flatten().collect();
    if kept.len() < group.finished.len() {
        remarks.unrecorded.push(group.named());
    }
    if kept.iter().any(|kept| kept.from_evaluations_before) {
        remarks.from_evaluations.push(group.named());
    }
    let runs: Vec<LabelSteps> = kept.into_iter().map(|kept| kept.returns).collect();
    let mean = by_labels(&runs)?;
    match mean {
        ByLabels::Free(_) => remarks.free.push(group.named()),
        ByLabels::Apart => remarks.apart.push(group.named()),
        ByLabels::Curve(_) => {}
    }
    Some(mean)
}

/// Says who something holds for, and no names where there is no room for them. Nothing of nobody.
fn say_in_short(caption: &mut Caption, full: &str, short: &str, who: &[Named]) {
    if !who.is_empty() {
        caption.say_or_short(format!("{full}: {}.", by_level(who).join("; ")), short.into());
    }
}

fn caption(results: &Results, groups: &[Group<'_>], remarks: &Remarks) -> Caption {
    let mut caption = Caption::new(
        "True return of kept policies against true labels used: means with 95 % intervals over runs.",
    );
    caption.say_numbers_of_runs(groups);
    say_in_short(
        &mut caption,
        "Privileged holdouts are left out, for they watch the true return itself",
        "Privileged holdouts are left out.",
        &remarks.privileged,
    );
    say_in_short(
        &mut caption,
        "Without kept_avg_return a kept checkpoint has the return of the evaluation before it",
        "Older runs: kept return of the evaluation before.",
        &remarks.from_evaluations,
    );
    caption.say_who("Runs without label counts left out", &remarks.unrecorded);
    caption.say_who("Not drawn, for runs share no number of labels", &remarks.apart);
    caption.say_who("No labels used, so a line at the last value", &remarks.free);
    caption.say_absent(groups);
    caption.say_conditions(results, groups);
    caption.note(INTERVALS);
    caption.note(CUT_INTERVALS);
    caption.note(
        "Labels are those of training and of checks on a holdout together. A run is a step function of \
         them, and a mean spans the labels at which every run has a value: from the first evaluation, or the \
         first check on a holdout, to the end of the run with the fewest labels. Only a run that was stopped \
         early keeps its last value beyond its own labels.",
    );
    caption.note(
        "With a holdout a run would keep the checkpoint that is best there so far, else its present policy. \
         Where labels are used up while training goes on, the value at the last of them is that of the end.",
    );
    if !results.trials.is_empty() {
        caption.note("Trials of random settings are not drawn.");
    }
    caption
}
