//! The results folder of a search: `search.toml` says which search it is and how far it was asked
//! to go, `trials/` holds the runs, `trials.csv` a row of each, `selected/` the re-runs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use gr_runs::{Store, StoreError, SweepFile, flatten, plan_files};
use toml::{Table, Value};

use super::space::Search;
use super::trial::SearchGroup;
use crate::plan::{SweepPlan, results_folder};
use crate::results::folder::SEARCH;

/// Seeds of a re-run, where nobody says how many.
pub const RERUN_SEEDS: u64 = 8;

/// What a user asks of the re-run of a chosen setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rerun {
    /// None.
    No,
    /// On so many seeds; on as many as before, where nobody says.
    Seeds(Option<u64>),
}

/// A folder that belongs to one search.
#[derive(Debug)]
pub struct SearchFolder {
    path: PathBuf,
    /// The runs of its trials.
    pub trials: Store,
    /// Seeds on which a chosen setting is run again.
    pub rerun_seeds: u64,
}

/// How far a search was asked to go. Neither number may shrink: what counts would otherwise be
/// chosen after having been seen.
#[derive(Clone, Copy)]
struct Extent {
    trials: u64,
    /// `None` if nothing has been run again.
    rerun_seeds: Option<u64>,
}

impl SearchFolder {
    /// The folder that a search gets when none is named: another one for every search, the same one
    /// for more trials.
    pub fn default_path(search: &Search) -> PathBuf {
        let space = Path::new(&search.origin).file_stem().unwrap_or_default().to_string_lossy();
        results_folder(&format!("search_{space}_s{}", search.seed), &search.to_table())
    }

    /// Opens `path` for `search`, making it if it is not there, with the plans of its trials.
    ///
    /// # Errors
    /// If the folder cannot be written, holds something else, or holds more trials or re-runs.
    pub fn open<'a>(
        path: &Path,
        search: &Search,
        plans: impl Iterator<Item = &'a SweepFile>,
        rerun: Rerun,
    ) -> Result<Self> {
        let file = path.join(SEARCH);
        let extent = match fs::read_to_string(&file) {
            Ok(text) => {
                let there: Table = toml::from_str(&text)
                    .with_context(|| format!("{} is corrupt", file.display()))?;
                let extent = Extent::new(path, &there, search.trials, rerun)?;
                same_search(path, there, search.to_table())?;
                extent
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if !plan_files(path)?.is_empty() {
                    bail!(
                        "{} holds a sweep; give the search its own folder with --results",
                        path.display()
                    );
                }
                Extent::new(path, &Table::new(), search.trials, rerun)?
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", file.display()));
            }
        };
        let trials = Store::open_without_plan(&path.join("trials"))?;
        for file in plans {
            trials.add_plan(file)?;
        }
        let mut table = search.to_table();
        extent.write(&mut table);
        let text = toml::to_string(&table).expect("a search is plain data");
        gr_runs::write_if_changed(&file, text.as_bytes())?;
        let rerun_seeds = extent.rerun_seeds.unwrap_or(RERUN_SEEDS);
        Ok(Self { path: path.into(), trials, rerun_seeds })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `trials.csv`.
    pub fn trials_csv(&self) -> PathBuf {
        self.path.join("trials.csv")
    }

    /// Opens the results folder of the re-run `plan` of `group`, which is one of `num_groups`. More
    /// seeds of the same setting are added to those there; another setting's folder is moved aside,
    /// and what to tell of that is returned.
    ///
    /// # Errors
    /// If it cannot be read, moved or written.
    pub fn open_selected(
        &self,
        group: &SearchGroup,
        num_groups: usize,
        plan: &SweepPlan,
    ) -> Result<(Store, Option<String>)> {
        let mut folder = self.path.join("selected");
        if num_groups > 1 {
            let variant = match group.settings() {
                none if none.is_empty() => none,
                settings => format!("_{settings}"),
            };
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.=".contains(c);
            let variant = variant.replace(|c| !is_plain(c), "_");
            folder.push(format!("{}{variant}_p{}", group.method.label, group.oversight));
        }
        let mut notice = None;
        let there = match Store::open_existing(&folder) {
            Ok((_, plans)) => plans,
            Err(StoreError::NoPlan { .. }) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let is_same = |there: &SweepFile| {
            SweepFile { seeds: plan.file.seeds.clone(), ..there.clone() } == plan.file
        };
        if !there.iter().all(is_same) {
            let aside = free_name(&folder);
            fs::rename(&folder, &aside)
                .with_context(|| format!("cannot move {}", folder.display()))?;
            notice = Some(format!(
                "another setting is chosen than before; re-runs of that one are in {}",
                aside.display()
            ));
        }
        Ok((Store::open(&folder, &plan.file)?, notice))
    }
}

impl Extent {
    /// What is asked for, in the folder `path` whose `search.toml` is `there`.
    fn new(path: &Path, there: &Table, trials: u64, rerun: Rerun) -> Result<Self> {
        let number = |key: &str| there.get(key).and_then(Value::as_integer).map(|n| n as u64);
        let at_least = |asked: u64, before: Option<u64>, flag: &str| match before {
            Some(before) if asked < before => bail!(
                "{} holds a search with {flag} {before}; ask for {before} or more, since what \
                 counts may not be cut after it was seen",
                path.display()
            ),
            _ => Ok(asked),
        };
        let reruns_before = number("rerun_seeds");
        let rerun_seeds = match rerun {
            Rerun::No => reruns_before,
            Rerun::Seeds(None) => Some(reruns_before.unwrap_or(RERUN_SEEDS)),
            Rerun::Seeds(Some(asked)) => Some(at_least(asked, reruns_before, "--rerun-seeds")?),
        };
        Ok(Self { trials: at_least(trials, number("trials"), "--trials")?, rerun_seeds })
    }

    fn write(self, table: &mut Table) {
        table.insert("trials".into(), Value::Integer(self.trials as i64));
        if let Some(seeds) = self.rerun_seeds {
            table.insert("rerun_seeds".into(), Value::Integer(seeds as i64));
        }
    }
}

/// Refuses a folder whose `search.toml`, its extent aside, is not `here`.
fn same_search(path: &Path, mut there: Table, here: Table) -> Result<()> {
    there.remove("trials");
    there.remove("rerun_seeds");
    let (there, here) = (flatten(&there), flatten(&here));
    let find = |list: &[(String, Value)], key: &str| {
        list.iter().find(|(known, _)| known == key).map_or("absent".into(), |(_, v)| v.to_string())
    };
    let mut keys: Vec<&String> = there.iter().chain(&here).map(|(key, _)| key).collect();
    keys.sort();
    keys.dedup();
    let difference: Vec<String> = keys
        .into_iter()
        .map(|key| (key, find(&there, key), find(&here, key)))
        .filter(|(_, there, here)| there != here)
        .map(|(key, there, here)| format!("  {key}: {there} -> {here}"))
        .collect();
    if difference.is_empty() {
        return Ok(());
    }
    bail!(
        "{} holds another search; give this one its own folder with --results. Differences (there \
         -> here):\n{}",
        path.display(),
        difference.join("\n")
    )
}

/// `folder` with the first number behind it that is not taken.
fn free_name(folder: &Path) -> PathBuf {
    let numbered = |number: usize| PathBuf::from(format!("{}_before_{number}", folder.display()));
    (1..).map(numbered).find(|path| !path.exists()).expect("there are more numbers than folders")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::trial::SearchPlan;

    const SPACE: &str = "methods = [\"naive_early_stopping\"]\n[search]\n\
                         \"early_stopping.patience\" = { integer = [250, 600] }";

    fn plan(folder: &Path, trials: u64) -> SearchPlan {
        let path = folder.join("space.toml");
        fs::write(&path, SPACE).unwrap();
        SearchPlan::new(Search::load(&path, Default::default(), trials, 0).unwrap()).unwrap()
    }

    #[test]
    fn another_choice_moves_the_reruns_of_the_one_before_aside() {
        let temporary = tempfile::tempdir().unwrap();
        let plan = plan(temporary.path(), 3);
        let path = temporary.path().join("search");
        let plans = plan.files();
        let folder = SearchFolder::open(&path, &plan.search, plans, Rerun::Seeds(None)).unwrap();
        let group = &plan.groups[0];
        let open = |trial: usize, seeds: u64| {
            let rerun = plan.rerun(&group.trials[trial], seeds).unwrap();
            folder.open_selected(group, 1, &rerun).unwrap().1
        };
        assert_eq!(open(0, 2), None);
        fs::write(path.join("selected/run.csv"), "trained").unwrap();
        // More seeds of the same setting join those there.
        assert_eq!(open(0, 3), None);
        assert!(path.join("selected/run.csv").exists());
        assert!(open(2, 3).unwrap().contains("selected_before_1"));
        assert!(!path.join("selected/run.csv").exists());
        assert!(path.join("selected_before_1/run.csv").exists());
        assert!(open(1, 3).unwrap().contains("selected_before_2"));
    }

    #[test]
    fn a_folder_remembers_how_far_it_was_asked_to_go() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("search");
        let open = |trials: u64, rerun: Rerun| {
            let plan = plan(temporary.path(), trials);
            SearchFolder::open(&path, &plan.search, plan.files(), rerun).map(|f| f.rerun_seeds)
        };
        assert!(open(3, Rerun::No).is_ok());
        assert_eq!(open(3, Rerun::Seeds(Some(4))).unwrap(), 4);
        assert_eq!(open(5, Rerun::Seeds(None)).unwrap(), 4);
        assert_eq!(open(5, Rerun::Seeds(Some(9))).unwrap(), 9);
        assert!(open(5, Rerun::No).is_ok());
        let cut = open(5, Rerun::Seeds(Some(8))).unwrap_err().to_string();
        assert!(cut.contains("--rerun-seeds 9"), "{cut}");
        assert!(open(4, Rerun::No).unwrap_err().to_string().contains("--trials 5"));
    }

    #[test]
    fn the_default_folder_is_the_same_for_more_trials_and_another_for_another_search() {
        let temporary = tempfile::tempdir().unwrap();
        let of = |trials: u64| plan(temporary.path(), trials).search;
        let few = SearchFolder::default_path(&of(3));
        assert_eq!(few, SearchFolder::default_path(&of(64)));
        assert!(few.to_string_lossy().contains("search_space_s0_"), "{}", few.display());
        assert_ne!(few, SearchFolder::default_path(&Search { seed: 1, ..of(3) }));
    }
}
