//! A search as typed: a space file, what else is configured, and what each says of the other.

use std::path::Path;

use gr_runs::{
    AXES, Asked, ConfigError, ConfigSources, Given, Key, Seed, SeedSet, SweepFile, Varied, flatten,
    keys,
};
use toml::{Table, Value};

use super::domain::Domain;
use crate::plan::resolve;

/// A search: what is fixed, what is drawn, and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// Methods, levels and settings. Its seeds are those of the trials if they are listed; searched
    /// keys have values that no trial uses.
    pub base: SweepFile,
    /// Where trials take their seeds from.
    pub seeds: TrialSeeds,
    /// What is searched, by name of the key.
    pub searched: Vec<Searched>,
    /// Trials of each method at each oversight level.
    pub trials: u64,
    /// Seed of the draws; fits an integer of TOML.
    pub seed: Seed,
    /// The space file, as errors name it.
    pub origin: String,
    /// What was set, in the order in which it overrides.
    pub given: Vec<Given>,
    /// What should be known of its variants.
    pub notices: Vec<String>,
}

/// A searched key.
#[derive(Clone, Debug, PartialEq)]
pub struct Searched {
    /// Dotted key.
    pub key: String,
    /// What it may be.
    pub domain: Domain,
}

/// The seeds of a trial's runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrialSeeds {
    /// One, drawn for each trial.
    Random,
    /// The same ones for every trial.
    Listed(SeedSet),
}

/// How random seeds are asked for.
const RANDOM: &str = "random";

impl Search {
    /// Reads the space file at `path`. Its fixed keys override those of the configuration file of `asked`,
    /// whose seeds are not used, and are overridden by the flags; so does what it varies.
    ///
    /// # Errors
    /// Whatever cannot be read, is not known, is not accepted or is both fixed and searched.
    pub fn load(
        path: &Path,
        asked: ConfigSources,
        trials: u64,
        seed: Seed,
    ) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.into(), source })?;
        let origin = path.display().to_string();
        let refused = |message: &str| refused(&origin, message);
        let mut table: Table =
            toml::from_str(&text).map_err(|error| refused(error.to_string().trim_end()))?;
        let space = match table.remove("search") {
            Some(Value::Table(space)) if !space.is_empty() => space,
            _ => return Err(refused("[search] is missing; it names the keys to draw")),
        };
        let searched = searched(&space).map_err(|message| refused(&message))?;
        let mut vary = match table.remove("vary") {
            Some(Value::Table(varied)) => Varied::in_table(&origin, &varied)?,
            Some(_) => {
                return Err(refused("vary must be a table of keys, each with a list of values"));
            }
            None => Vec::new(),
        };

        let fixed = flatten(&table).into_iter();
        let mut overrides: Vec<(String, String, String)> =
            fixed.map(|(key, value)| (origin.clone(), key, value.to_string())).collect();
        overrides.extend(asked.overrides);
        for (fixed_by, key, _) in &overrides {
            if searched.iter().any(|searched| searched.key == *key) {
                let message = format!("{key} is fixed here and drawn in {origin}; leave out one");
                return Err(ConfigError::Parse { origin: fixed_by.clone(), message });
            }
        }
        let seeds = trial_seeds(&mut overrides)?;
        let sources = ConfigSources { overrides, ..asked };
        let Asked { file, mut given, vary: further } = sources.read()?;
        vary.retain(|own| further.iter().all(|varied| varied.key != own.key));
        vary.extend(further);
        let (base, notices) = resolve(&file, &vary)?;
        for variant in &base.variants {
            if let Some(key) = searched.iter().find(|it| variant.settings.contains_key(&it.key)) {
                let described = variant.described();
                return Err(refused(&format!(
                    "{} is drawn, and set by {described}; leave out one",
                    key.key
                )));
            }
        }
        given.iter_mut().for_each(|given| given.in_file |= given.origin == origin);
        for Searched { key, domain } in &searched {
            check_domain(&base, &origin, key, domain)?;
        }
        Ok(Self { base, seeds, searched, trials, seed, origin, given, notices })
    }

    /// Names of the searched keys.
    pub fn keys(&self) -> Vec<&str> {
        self.searched.iter().map(|searched| searched.key.as_str()).collect()
    }

    /// All that the results of a trial depend on: the space, and every fixed key.
    pub fn to_table(&self) -> Table {
        let mut fixed = self.base.to_table();
        for Searched { key, .. } in &self.searched {
            let (tables, name) = key.rsplit_once('.').unwrap_or(("", key));
            let inside = tables.split('.').filter(|part| !part.is_empty());
            let table = inside.fold(&mut fixed, |table, part| {
                table[part].as_table_mut().expect("known keys lie in tables")
            });
            table.remove(name);
        }
        let seeds = match &self.seeds {
            TrialSeeds::Random => RANDOM.into(),
            TrialSeeds::Listed(seeds) => seeds.to_string(),
        };
        fixed.insert("seeds".into(), seeds.into());
        let searched = self.searched.iter();
        let searched = searched.map(|searched| (searched.key.clone(), searched.domain.to_value()));
        Table::from_iter([
            ("seed".to_string(), Value::Integer(self.seed as i64)),
            ("configuration".into(), Value::Table(fixed)),
            ("search".into(), Value::Table(searched.collect())),
        ])
    }
}

fn refused(origin: &str, message: &str) -> ConfigError {
    ConfigError::Parse { origin: origin.into(), message: message.into() }
}

/// The searched keys of `[search]`, by name: written whole, or as tables within tables.
fn searched(space: &Table) -> Result<Vec<Searched>, String> {
    let mut found = Vec::new();
    collect(space, "", &mut found)?;
    found.sort_by(|a, b| a.key.cmp(&b.key));
    match found.windows(2).find(|pair| pair[0].key == pair[1].key) {
        Some(pair) => Err(format!("{} is searched twice", pair[0].key)),
        None => Ok(found),
    }
}

fn collect(table: &Table, prefix: &str, found: &mut Vec<Searched>) -> Result<(), String> {
    for (name, value) in table {
        let key = format!("{prefix}{name}");
        let is_inside = |known: &str| known.strip_prefix(&key).is_some_and(|k| k.starts_with('.'));
        if AXES.contains(&key.as_str()) {
            return Err(format!(
                "{key} cannot be drawn: there are trials for each method and oversight level; set \
                 it outside [search]"
            ));
        } else if Key::find(&key).is_some() {
            let domain = Domain::parse(value).map_err(|accepted| {
                format!("{key} = {value} is not accepted; it must be {accepted}")
            })?;
            found.push(Searched { key, domain });
        } else if let (Value::Table(inner), true) =
            (value, keys().any(|known| is_inside(known.path)))
        {
            collect(inner, &format!("{key}."), found)?;
        } else {
            return Err(ConfigError::unknown_key(&key).to_string());
        }
    }
    Ok(())
}

/// Takes the seeds out of `overrides`, where they may also be random.
fn trial_seeds(overrides: &mut Vec<(String, String, String)>) -> Result<TrialSeeds, ConfigError> {
    let typed = overrides.iter().rfind(|(_, key, _)| key == "seeds").cloned();
    let Some((origin, key, text)) = typed else {
        return Ok(TrialSeeds::Random);
    };
    overrides.retain(|(_, key, _)| key != "seeds");
    if text.trim_matches('"') == RANDOM {
        return Ok(TrialSeeds::Random);
    }
    let only_seeds = ConfigSources { overrides: vec![(origin, key, text)], ..Default::default() };
    Ok(TrialSeeds::Listed(gr_runs::load(&only_seeds)?.seeds))
}

/// Refuses a domain of which the key does not take everything.
fn check_domain(
    base: &SweepFile,
    origin: &str,
    key: &str,
    domain: &Domain,
) -> Result<(), ConfigError> {
    let takes = |value: Value| base.with_values(origin, &[(key.to_string(), value)]);
    for value in domain.probes() {
        let Err(error) = takes(value.clone()) else { continue };
        let is_whole = value.as_float().is_some_and(|number| takes((number as i64).into()).is_ok());
        if is_whole && !matches!(domain, Domain::Choice(_)) {
            let written = domain.to_value();
            return Err(refused(
                origin,
                &format!(
                    "{key} = {written} is not accepted; the key takes whole numbers: \
                     {{ integer = [low, high] }}"
                ),
            ));
        }
        return Err(error);
    }
    let Domain::Choice(values) = domain else { return Ok(()) };
    let accepts = Key::find(key).map(|known| known.accepts);
    let read = values.iter().filter_map(|value| accepts?.read(value).ok());
    let read: Vec<Value> = read.collect();
    match (1..read.len()).find(|index| read[..*index].contains(&read[*index])) {
        None => Ok(()),
        Some(index) => {
            let (written, twice) = (domain.to_value(), &values[index]);
            let message = format!(
                "{key} = {written} is not accepted; it must be different values, each as likely as the \
                 others, and {twice} is there twice"
            );
            Err(refused(origin, &message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(space: &str, flags: &[(&str, &str)]) -> Result<Search, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("space.toml");
        std::fs::write(&path, space).unwrap();
        let flags = flags
            .iter()
            .map(|(key, value)| (format!("--set {key}"), key.to_string(), value.to_string()))
            .collect();
        let asked = ConfigSources { overrides: flags, ..Default::default() };
        Search::load(&path, asked, 3, 0)
    }

    const PATIENCE: &str = "[search]\n\"early_stopping.patience\" = { integer = [250, 600] }";

    #[test]
    fn fixed_keys_are_those_of_the_file_under_those_of_flags() {
        let space = "methods = [\"routing\"]\nupdates = 7\n[training]\ndiscount = 0.5\n";
        let search = load(&format!("{space}{PATIENCE}"), &[("updates", "9")]).unwrap();
        assert_eq!(search.base.methods, ["routing"]);
        assert_eq!(search.base.settings.updates.0, 9);
        assert_eq!(search.base.settings.training.discount, 0.5);
        assert_eq!(search.keys(), ["early_stopping.patience"]);
    }

    #[test]
    fn keys_may_be_written_whole_or_in_tables() {
        let whole = load(PATIENCE, &[]).unwrap();
        let tables = "[search.early_stopping]\npatience = { integer = [250, 600] }";
        assert_eq!(load(tables, &[]).unwrap().searched, whole.searched);
    }

    #[test]
    fn seeds_are_random_unless_listed() {
        assert_eq!(load(PATIENCE, &[]).unwrap().seeds, TrialSeeds::Random);
        let listed = TrialSeeds::Listed("0..4".parse().unwrap());
        assert_eq!(load(&format!("seeds = \"0..4\"\n{PATIENCE}"), &[]).unwrap().seeds, listed);
        assert_eq!(load(PATIENCE, &[("seeds", "0..4")]).unwrap().seeds, listed);
        let random = load(&format!("seeds = \"0..4\"\n{PATIENCE}"), &[("seeds", "random")]);
        assert_eq!(random.unwrap().seeds, TrialSeeds::Random);
    }

    #[test]
    fn searched_keys_are_not_written_among_the_fixed_ones() {
        let table = load(PATIENCE, &[]).unwrap().to_table();
        let fixed = table["configuration"]["early_stopping"].as_table().unwrap();
        assert!(!fixed.contains_key("patience") && fixed.contains_key("tolerance"));
        assert!(table["search"].as_table().unwrap().contains_key("early_stopping.patience"));
    }

    #[test]
    fn wrong_spaces_name_file_key_value_and_remedy() {
        for (space, mentions) in [
            ("updates = 3", &["[search] is missing"][..]),
            ("search = 3", &["[search] is missing"]),
            ("[search]", &["[search] is missing"]),
            ("this is = = no toml", &["line 1"]),
            ("updats = 3\n[search]\nupdates = { integer = [1, 2] }", &["did you mean \"updates\""]),
            (
                "[search]\n\"early_stopping.patienc\" = { integer = [1, 2] }",
                &["early_stopping.patienc", "did you mean \"early_stopping.patience\"?"],
            ),
            (
                "[search.early_stopping]\npatienc = { integer = [1, 2] }",
                &["did you mean \"early_stopping.patience\"?"],
            ),
            ("[search]\nearly_stopping = 3", &["unknown key \"early_stopping\""]),
            ("[search]\noversight = { choice = [0.1] }", &["oversight cannot be drawn"]),
            ("[search]\nseeds = { choice = [1] }", &["seeds cannot be drawn"]),
            (
                "[search]\nupdates = { integer = [5, 2] }",
                &["updates = { integer = [5, 2] }", "low below high"],
            ),
            (
                "[search]\n\"early_stopping.holdout_fraction\" = { uniform = [0.5, 1.5] }",
                &["early_stopping.holdout_fraction = 1.5", "between 0 and 1"],
            ),
            (
                "[search]\n\"early_stopping.patience\" = { uniform = [250, 600] }",
                &["uniform = [250.0, 600.0]", "{ integer = [low, high] }"],
            ),
            (
                "[search]\n\"early_stopping.patience\" = { choice = [3, \"endless\"] }",
                &["early_stopping.patience", "endless", "unlimited"],
            ),
            (
                "[search]\n\"early_stopping.patience\" = { choice = [2.5] }",
                &["early_stopping.patience", "2.5"],
            ),
            (
                "[search]\n\"training.discount\" = { choice = [0.9, \"high\"] }",
                &["training.discount", "high", "a number from 0 to 1"],
            ),
            (
                "[search]\n\"training.learning_rate\" = { choice = [1e-4, 1e-3, 0.0001] }",
                &["training.learning_rate = { choice", "0.0001 is there twice"],
            ),
            (
                "[search]\n\"training.discount\" = { choice = [1, 1.0] }",
                &["training.discount", "1.0 is there twice"],
            ),
            (
                "[search]\n\"early_stopping.patience\" = { choice = [1000, \"1e3\"] }",
                &["early_stopping.patience", "there twice"],
            ),
            (
                "[search]\nupdates = { integer = [1, 2] }\n\"updates\" = { integer = [1, 2] }",
                &["duplicate"],
            ),
            (
                "[search]\n\"network.hidden\" = { integer = [1, 2] }\nnetwork.hidden = { integer = [1, 2] }",
                &["network.hidden is searched twice"],
            ),
            ("updates = 7\n[search]\nupdates = { integer = [1, 2] }", &["updates is fixed here"]),
            ("seeds = \"4..1\"\n[search]\nupdates = { integer = [1, 2] }", &["reversed"]),
        ] {
            let error = load(space, &[]).unwrap_err().to_string();
            for mention in [&["space.toml"], mentions].concat() {
                assert!(error.contains(mention), "{space}: no {mention:?} in: {error}");
            }
        }
        let error = load(PATIENCE, &[("early_stopping.patience", "3")]).unwrap_err().to_string();
        assert!(error.starts_with("--set early_stopping.patience: "), "{error}");
    }
}
