//! How well a reward model knows the goals, over the labels that it learns from.

use anyhow::Result;
use rayon::prelude::*;

use super::label_panels::{COLUMNS, CUT_INTERVALS, LabelPage, LabelPanel, numbers};
use super::{Drawing, Figure, Has, Picture};
use crate::data::{LabelSteps, ModelAccuracies, Results};
use crate::layout::{Axis, View};
use crate::model::{ByLabels, Caption, Group, Named, by_labels, groups};

/// See [`super::FIGURES`].
pub const FIGURE: Figure = Figure {
    name: "reward-model",
    summary: "accuracy of reward models over labels, log axis",
    columns: COLUMNS,
    has: Has { updates: false, values: false, reference_lines: true },
    draw,
};

/// Accuracy of a model that knows nothing.
const CHANCE: f64 = 0.5;

/// What is recorded of a model.
struct Quantity {
    name: &'static str,
    of: fn(&ModelAccuracies) -> Option<&LabelSteps>,
}

const QUANTITIES: [Quantity; 2] = [
    Quantity {
        name: "new labels, before learning",
        of: |accuracies| accuracies.before_learning.as_ref(),
    },
    Quantity { name: "all endings, exact", of: |accuracies| accuracies.exact.as_ref() },
];

fn draw(results: &Results, view: &View) -> Result<Drawing> {
    let groups: Vec<Group<'_>> = groups(results);
    let read = |group: &Group<'_>| -> Vec<ModelAccuracies> {
        group.finished.par_iter().map(|run| results.model_accuracies(run)).collect()
    };
    let read = groups.into_iter().map(|group| (read(&group), group));
    let records = |(accuracies, _): &(Vec<ModelAccuracies>, Group<'_>)| {
        accuracies.iter().any(|one| one.before_learning.is_some() || one.exact.is_some())
    };
    let models: Vec<(Vec<ModelAccuracies>, Group<'_>)> = read.filter(records).collect();
    if models.is_empty() {
        return Ok(Drawing::NoData(
            "no finished run records a reward model: model_accuracy in train_results_<run>.csv or \
             model_exact_accuracy in eval_results_<run>.csv"
                .into(),
        ));
    }
    let (panels, lacking) = panels(&models);
    let groups: Vec<Group<'_>> = models.into_iter().map(|(_, group)| group).collect();
    let values: Vec<f64> =
        panels.iter().flat_map(LabelPanel::values).chain([CHANCE, 1.0]).collect();
    // Intervals of a share may reach beyond what it can be.
    let (low, high) = (values.iter().copied().fold(1.0, f64::min).max(0.0), 1.0);
    let axis = Axis::between(low - 0.03, high + 0.03, 6);
    let mut caption = Caption::new(
        "Accuracy of reward models over their labels: on new ones before they are learnt, and over all endings. \
         Means with 95 % intervals over runs.",
    );
    caption.say_of(results, &groups);
    caption
        .say_who("Not recorded by all runs, or at no number of labels that they share", &lacking);
    caption.note(CUT_INTERVALS);
    caption.note(
        "On new labels: those of one update, against the label as given, as they are recorded in \
         train_results files; few labels a row make it jump. Exact: over all states in which an episode can end \
         on a goal, without flags, only where the model sees these.",
    );
    caption.note(
        "Each is a step function of labels; a mean spans the labels at which every run has a value, and only a \
         run that was stopped early keeps its last value beyond its own labels.",
    );
    let page = LabelPage {
        panels: &panels,
        columns: QUANTITIES.len(),
        x: "Labels of training (log)",
        y: "Accuracy",
        y_axes: vec![axis; panels.len()],
        level: view.reference(Some(CHANCE)).map(|chance| (chance, "chance")),
        nothing: "not recorded",
    };
    let scene = page.draw(caption.text());
    Ok(Drawing::Drawn(vec![Picture::still(FIGURE.name, scene, caption, numbers(&panels))]))
}

/// A row of panels per oversight level, one for each quantity; and which groups lack one of them.
fn panels<'a>(models: &[(Vec<ModelAccuracies>, Group<'a>)]) -> (Vec<LabelPanel<'a>>, Vec<Named>) {
    let mut panels = Vec::new();
    let mut lacking: Vec<Named> = Vec::new();
    for same in models.chunk_by(|(_, a), (_, b)| a.oversight == b.oversight) {
        for Quantity { name, of } in &QUANTITIES {
            let mut curves = Vec::new();
            for (accuracies, group) in same {
                let runs: Vec<LabelSteps> = accuracies.iter().filter_map(of).cloned().collect();
                let mean = by_labels(&runs);
                if runs.len() < accuracies.len() || mean == Some(ByLabels::Apart) {
                    lacking.push((format!("{name} of {}", group.named().0), group.oversight));
                }
                curves.extend(mean.map(|mean| (group.clone(), mean)));
            }
            let title = format!("{}: {name}", same[0].1.oversight);
            panels.push(LabelPanel { title, what: name, curves });
        }
    }
    (panels, lacking)
}
