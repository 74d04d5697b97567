//! "Did you mean": the name that a word most likely stands for.

/// What other programs and people call things here, by the last part of a name.
const SYNONYMS: &[(&str, &str)] = &[
    ("alpha", "learning_rate"),
    ("batch_size", "envs"),
    ("cuda", "wgpu"),
    ("ent_coef", "entropy_coefficient"),
    ("eps", "adam_epsilon"),
    ("epsilon", "adam_epsilon"),
    ("eval_every", "every"),
    ("gamma", "discount"),
    ("gpu", "wgpu"),
    ("height", "rows"),
    ("hidden_dim", "hidden"),
    ("hidden_size", "hidden"),
    ("iterations", "updates"),
    ("metal", "wgpu"),
    ("n_envs", "envs"),
    ("num_envs", "envs"),
    ("num_steps", "rollout_steps"),
    ("num_updates", "updates"),
    ("oversight_prob", "oversight"),
    ("p", "oversight"),
    ("seed", "seeds"),
    ("step_size", "learning_rate"),
    ("torch", "cpu"),
    ("vf_coef", "value_coefficient"),
    ("vulkan", "wgpu"),
    ("width", "hidden"),
];

/// How badly a candidate stands for a word; the least is best.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// The same but for letter case, dashes, and the table that it stands in.
    Same,
    /// Another word for it, an abbreviation, or a part of it.
    Short,
    /// So many letters are wrong.
    Typo(usize),
}

/// The candidate that `word` most likely stands for; none where that would be a guess.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.trim().to_lowercase().replace('-', "_");
    let fits = candidates.into_iter().filter_map(|candidate| {
        let same_table = table_and_name(&word).0 == table_and_name(candidate).0;
        Some((fit(&word, candidate)?, !same_table, candidate))
    });
    fits.min_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1))).map(|(_, _, candidate)| candidate)
}

fn fit(word: &str, candidate: &str) -> Option<Fit> {
    let ((_, word_name), (_, name)) = (table_and_name(word), table_and_name(candidate));
    if word_name.is_empty() {
        return None;
    }
    if word_name == name {
        return Some(Fit::Same);
    }
    let is_synonym = SYNONYMS.iter().any(|(other, ours)| (*other, *ours) == (word_name, name));
    if is_synonym || abbreviates(word_name, name) {
        return Some(Fit::Short);
    }
    let distance = strsim::damerau_levenshtein(word, candidate);
    let distance = distance.min(strsim::damerau_levenshtein(word_name, name) + 1);
    let most = word_name.len().max(name.len()).div_ceil(3);
    (distance <= most).then_some(Fit::Typo(distance))
}

/// Whether `short` is the initials of `name`, or one or more of its parts: `lr`, `beta1`, `routing_control`.
fn abbreviates(short: &str, name: &str) -> bool {
    let initials: String = name.split('_').filter_map(|part| part.chars().next()).collect();
    let is_part = short.len() > 2 && format!("_{name}_").contains(&format!("_{short}_"));
    (short.len() > 1 && initials == short) || is_part
}

fn table_and_name(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::keys;

    #[test]
    fn keys_are_found_by_typo_abbreviation_synonym_and_place() {
        for (word, key) in [
            ("training.lr", "training.learning_rate"),
            ("lr", "training.learning_rate"),
            ("training.learning_rat", "training.learning_rate"),
            ("learning-rate", "training.learning_rate"),
            ("environment.updates", "updates"),
            ("environment.num_envs", "environment.envs"),
            ("evaluation.num_envs", "evaluation.envs"),
            ("rows", "environment.rows"),
            ("training.gamma", "training.discount"),
            ("training.beta1", "training.adam_beta1"),
            ("training.entropy", "training.entropy_coefficient"),
            ("early_stopping.patienc", "early_stopping.patience"),
            ("early-stopping.patience", "early_stopping.patience"),
            ("oversigt", "oversight"),
            ("updats", "updates"),
            ("masks.diamond.gat", "masks.diamond.gate"),
            ("network.width", "network.hidden"),
        ] {
            assert_eq!(nearest(word, keys().map(|key| key.path)), Some(key), "{word}");
        }
        for word in ["", "x", "frobnicate", "training.zzz", "."] {
            assert_eq!(nearest(word, keys().map(|key| key.path)), None, "{word}");
        }
    }

    #[test]
    fn names_are_found_by_what_others_call_them() {
        let devices = ["auto", "cpu", "ndarray", "wgpu", "wgpu:N"];
        for (word, device) in [("gpu", "wgpu"), ("cuda", "wgpu"), ("wgp", "wgpu"), ("CPU", "cpu")] {
            assert_eq!(nearest(word, devices), Some(device), "{word}");
        }
        let methods = ["routing", "no_routing_control", "no_gate", "naive_outcomes", "filtering"];
        for (word, method) in
            [("routng", "routing"), ("naive", "naive_outcomes"), ("gate", "no_gate")]
        {
            assert_eq!(nearest(word, methods), Some(method), "{word}");
        }
    }
}
