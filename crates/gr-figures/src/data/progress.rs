//! How far runs have come that are not over, and what trained those that are.

use std::collections::BTreeMap;
use std::fs;

use gr_runs::{EvaluationRow, Provenance, Store};
use serde::Deserialize;

use super::Warnings;
use super::run::{Run, UpdateValue};
use super::table::{Columns, read_rows};

const PREVIEW: Columns = Columns { needed: "update_idx policy_type avg_return", optional: "" };

/// What of a manifest says who trained a run.
#[derive(Deserialize)]
struct Trained {
    provenance: Provenance,
    #[serde(default)]
    earlier_provenances: Vec<Provenance>,
}

/// The last evaluation that a run under way shows of the policy that its method is judged by; `None` before the
/// first one.
pub fn last_evaluation(run: &Run, warnings: &Warnings) -> Option<UpdateValue> {
    let file = run.file("eval_results", "csv");
    let places = [Store::at(&run.folder).preview_of(&file), file];
    let path = places.into_iter().find(|path| path.exists())?;
    let mut last: BTreeMap<bool, UpdateValue> = BTreeMap::new();
    let read = read_rows(&path, &PREVIEW, warnings, |_, row: EvaluationRow| {
        // Routed methods are judged by the diamond policy, and have others.
        if row.policy_type != "ghost" {
            let value = UpdateValue { update: row.update_idx, value: row.avg_return };
            last.insert(row.policy_type == "diamond", value);
        }
        Ok(())
    });
    if let Err(error) = read {
        warnings.leave_out(&error);
    }
    last.pop_last().map(|(_, value)| value)
}

/// What trained a run: version, commit and backend, by what its manifest says; empty where there is none.
pub fn trained_by(run: &Run) -> Vec<[String; 3]> {
    let text = fs::read_to_string(run.file("run", "toml")).unwrap_or_default();
    let Ok(trained) = toml::from_str::<Trained>(&text) else { return Vec::new() };
    let all = trained.earlier_provenances.into_iter().chain([trained.provenance]);
    all.map(|made| [made.version, made.commit, made.backend]).collect()
}
