//! Every configuration key with its meaning: one list, for `gr-sweep config --defaults`, for
//! "did you mean", and for a test that holds it to the defaults.

/// A configuration key.
#[derive(Debug)]
pub struct Key {
    /// Dotted path, as `--set` takes it.
    pub path: &'static str,
    /// What it means, with the section of the experiment's specification or paper it is from.
    pub meaning: &'static str,
}

const fn key(path: &'static str, meaning: &'static str) -> Key {
    Key { path, meaning }
}

/// All keys, in the order in which they are printed.
pub static KEYS: &[Key] = &[
    key("methods", "methods to train; `gr-sweep methods` lists them"),
    key(
        "oversight",
        "oversight levels p: the probability that a goal tile is watched; a number or a list",
    ),
    key("seeds", "seeds: \"0..8\" is 0 to 7, \"0..=7\" the same, \"1,3,5..9\" a list"),
    key("updates", "updates of a run; one is a rollout and an Adam step (oracle: p times as many)"),
    key("environment.rows", "rows of the grid, 2 to 8"),
    key("environment.cols", "columns of the grid, 2 to 8"),
    key("environment.envs", "environments that step in lock-step"),
    key(
        "environment.max_step",
        "an episode times out with the step after this many; also the evaluation's window",
    ),
    key(
        "environment.spurious_oversight",
        "probability that a tile without a goal shows a flag; above 0 only sampled evaluation exists",
    ),
    key(
        "environment.first_observation",
        "\"fresh\": an episode begins with its own observation; \"stale\": with the terminal observation of the one before, as in the published code",
    ),
    key("training.rollout_steps", "steps of every environment in one update"),
    key("training.discount", "discount of rewards per step"),
    key("training.learning_rate", "Adam's step size"),
    key("training.adam_beta1", "decay of Adam's mean of gradients"),
    key("training.adam_beta2", "decay of Adam's mean of squared gradients"),
    key("training.adam_epsilon", "added to the root of the latter"),
    key("training.entropy_coefficient", "weight of the policy's entropy in the objective"),
    key("training.value_coefficient", "weight of the squared error of the value baseline"),
    key(
        "training.gate_loss_coefficient",
        "weight of the gate's cross-entropy on overseen samples (routed networks)",
    ),
    key(
        "training.gate_loss_no_oversight",
        "within the gate loss, weight of mean min(g, 1 - g) over the other samples",
    ),
    key("network.hidden", "width of both hidden layers of an expert and of the gate"),
    key("network.value_channels", "channels of the value network's 1x1 convolution"),
    key("network.value_hidden", "widths of the value network's two inner layers"),
    key(
        "masks.diamond.diamond_expert",
        "samples that ended overseen on the diamond: what their gradient into the diamond expert is multiplied by",
    ),
    key("masks.diamond.ghost_expert", "the same into the ghost expert"),
    key("masks.diamond.gate", "the same into the gate, through the policy"),
    key("masks.diamond.output", "the same into the output layer's own weights"),
    key(
        "masks.ghost.diamond_expert",
        "samples that ended overseen on the ghost: into the diamond expert",
    ),
    key("masks.ghost.ghost_expert", "the same into the ghost expert"),
    key("masks.ghost.gate", "the same into the gate, through the policy"),
    key("masks.ghost.output", "the same into the output layer's own weights"),
    key("masks.both.diamond_expert", "all other samples: into the diamond expert"),
    key("masks.both.ghost_expert", "the same into the ghost expert"),
    key("masks.both.gate", "the same into the gate, through the policy"),
    key("masks.both.output", "the same into the output layer's own weights"),
    key(
        "early_stopping.enabled",
        "stops every method's runs early on a holdout; naive_early_stopping always does",
    ),
    key(
        "early_stopping.holdout_source",
        "\"hidden\": labelled episodes on which no flag is seen; \"visible\": the same, both goals flagged; \"privileged\": the true return itself, as in the published code",
    ),
    key(
        "early_stopping.holdout_fraction",
        "share of the overseen episodes that is set aside: training is overseen at p (1 - this), and the holdout earns p times this per episode; privileged ignores it",
    ),
    key(
        "early_stopping.holdout_episodes",
        "episodes that one check plays and pays for, each from its own fixed initial state",
    ),
    key(
        "early_stopping.check_every",
        "least updates between checks, or \"reference\": max(1, ceil(100 p)); a check that cannot be paid for waits",
    ),
    key(
        "early_stopping.patience",
        "stops when the best has not changed for this many intervals of max(1, ceil(100 p)) updates; \"unlimited\" trains to the end and keeps the best checkpoint",
    ),
    key(
        "early_stopping.tolerance",
        "a check is better than the best only if it is by more than this",
    ),
    key("early_stopping.min_steps", "update_idx from which on the stopping rule looks at checks"),
    key(
        "evaluation.every",
        "updates between evaluations, or \"reference\": max(1, ceil(100 p)) as in the published code",
    ),
    key(
        "evaluation.mode",
        "\"exact\": the expectation, by dynamic programming; \"sampled\": the published code's estimate of it",
    ),
    key("evaluation.envs", "environments of the evaluation; exact returns do not depend on it"),
    key("recording.record_every", "updates between rows of train_results_*.csv"),
    key(
        "recording.checkpoint_every",
        "updates between kept policies (weights and policy table); 0 keeps the last one only",
    ),
    key(
        "recording.policy_goals",
        "pairs [ghost cell, diamond cell] of the policy tables, cells counted row by row from 0; [] is one pair on opposite sides",
    ),
];

/// Dotted paths of all values of `table`, in order, with the values. A mask or setting that is a
/// table is entered, everything else is a value.
pub fn flatten(table: &toml::Table) -> Vec<(String, toml::Value)> {
    let mut flat = Vec::new();
    for (name, value) in table {
        match value {
            toml::Value::Table(inner) => flat.extend(
                flatten(inner).into_iter().map(|(path, value)| (format!("{name}.{path}"), value)),
            ),
            value => flat.push((name.clone(), value.clone())),
        }
    }
    flat
}
