//! The rules of the environment as a run's method has them.

use gr_grid::EnvironmentRules;
use gr_runs::RunSpec;

use super::method::Method;

/// The rules by which a run is evaluated: flags at the nominal oversight level, which the agent never
/// sees where its method picks the labels.
pub fn evaluation_rules(spec: &RunSpec) -> EnvironmentRules {
    let rules = spec.settings.rules(spec.oversight);
    if picks(spec) { EnvironmentRules { flag_visibility: 0.0, ..rules } } else { rules }
}

/// The rules by which a run trains: a paid holdout comes out of its oversight, and no flag is drawn
/// where its method picks the labels.
pub fn training_rules(spec: &RunSpec) -> EnvironmentRules {
    let oversight = if picks(spec) { 0.0 } else { spec.training_oversight() };
    EnvironmentRules { oversight, ..evaluation_rules(spec) }
}

fn picks(spec: &RunSpec) -> bool {
    Method::find(&spec.method).is_ok_and(|method| (method.picks_labels)(spec))
}
