//! What there is to choose from: methods, rewards, configuration keys.

use gr_grid::rewards::REWARDS;
use gr_runs::{default_config, keys};

/// The registry of methods.
pub fn methods() -> String {
    let mut text = String::new();
    for method in gr_learn::methods() {
        text += &format!(
            "{}\n    {}\n    reward: {}; judged by: {}\n    source: {}\n",
            method.label,
            method.summary,
            method.reward.name,
            method.headline().name(),
            method.source
        );
    }
    text
}

/// The registry of rewards.
pub fn rewards() -> String {
    let mut text = String::new();
    for reward in REWARDS {
        text +=
            &format!("{}\n    {}\n    source: {}\n", reward.name, reward.summary, reward.source);
    }
    text
}

/// Every configuration key with its meaning and default, as a TOML file that says the defaults.
pub fn default_configuration() -> String {
    let defaults = default_config();
    let mut text = String::from(
        "# Every key with its default. Defaults are overridden by a file (--config), the file by flags,\n\
         # flags by `--set key=value`, which takes the dotted path, and a --set by a later one.\n",
    );
    let mut table = "";
    for key in keys() {
        let (of, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        if of != table {
            text += &format!("\n[{of}]\n");
            table = of;
        }
        let flag = key.flag().map(|flag| format!(" (--{flag})")).unwrap_or_default();
        text += &format!(
            "# {}{flag}\n#   Accepted: {}.\n{name} = {}\n",
            key.meaning(),
            key.accepts,
            key.value(&defaults)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_configuration_is_toml_that_says_the_defaults() {
        let table: toml::Table = toml::from_str(&default_configuration()).unwrap();
        assert_eq!(table, default_config().to_table());
    }

    #[test]
    fn listings_name_every_entry_and_its_source() {
        for method in gr_learn::methods() {
            assert!(methods().contains(method.label) && methods().contains(method.source));
        }
        for reward in REWARDS {
            assert!(rewards().contains(reward.name) && rewards().contains(reward.source));
        }
    }
}
