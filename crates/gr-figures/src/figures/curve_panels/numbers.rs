//! The numbers in panels of curves.

use super::PanelModel;
use crate::model::Numbers;
use crate::style;

/// A row per point of every curve, whole even where a panel shows a part.
pub fn numbers(panels: &[PanelModel<'_>]) -> Numbers {
    let mut numbers = Numbers::new(&[
        "oversight_prob",
        "series",
        "run_label",
        "what",
        "x",
        "mean",
        "low",
        "high",
        "n",
        "variant",
    ]);
    for panel in panels {
        let level = panel.oversight.0.to_string();
        for (group, curve) in &panel.curves {
            let series = group.series;
            let who = [level.clone(), style::name(series), series.method.clone()];
            for (x, point) in &curve.points {
                let mut row = who.to_vec();
                row.extend(["mean".into(), x.to_string(), point.mean.to_string()]);
                row.push(Numbers::text(point.interval.map(|interval| interval.0)));
                row.push(Numbers::text(point.interval.map(|interval| interval.1)));
                row.extend([point.n.to_string(), series.variant().into()]);
                numbers.push(row);
            }
            for (x, value) in &curve.kept {
                let mut row = who.to_vec();
                row.extend(["kept checkpoint".into(), x.to_string(), value.to_string()]);
                row.extend(["", "", "1", series.variant()].map(String::from));
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
                    String::new(),
                ]);
            }
        }
    }
    numbers
}
