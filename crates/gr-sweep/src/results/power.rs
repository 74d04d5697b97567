//! How many seeds would tell methods apart, from the runs so far.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use gr_runs::{POSITIVE, SCHEMA_VERSION, number_that};
use gr_stats::{FEWEST_SEEDS, Pilot, plan_seeds};
use gr_terminal::{DONE, columns, duration, print_if_read};
use serde::Serialize;

use super::comparison::reference_and_others;
use super::folder::open_to_look_at;
use super::group::{CONFIDENCE, Group};
use super::summary::Summary;

/// What is asked.
#[derive(Debug, clap::Args)]
pub struct PowerArguments {
    /// Its results folder
    folder: std::path::PathBuf,

    /// Wanted half-width of the 95 % interval of every difference from the reference, in true return
    #[arg(long, value_name = "X", default_value = "0.05", value_parser = number_that(POSITIVE))]
    half_width: f64,

    /// As JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// The plan for one level.
#[derive(Debug, Serialize)]
struct Level {
    /// Oversight level p.
    oversight: f64,
    /// Wanted half-width.
    half_width: f64,
    /// What each method needs, the reference first.
    methods: Vec<Need>,
    /// Seconds of computing for the seeds that are missing, one run after the other.
    seconds: f64,
}

/// What one method needs.
#[derive(Debug, Serialize)]
struct Need {
    /// Method and variant.
    name: String,
    /// Runs so far.
    n: usize,
    /// Standard deviation of their true returns.
    standard_deviation: f64,
    /// Mean seconds of a run.
    seconds_per_run: f64,
    /// Seeds that it needs in all, those so far included.
    seeds: usize,
}

/// Says how many seeds each method of the sweep in `folder` needs.
///
/// # Errors
/// If there is no sweep, or too few runs to tell.
pub fn power(arguments: &PowerArguments) -> Result<u8> {
    let (store, plan) = open_to_look_at(&arguments.folder)?;
    let summary = Summary::read(&plan, &plan.runs, &store)?;
    let mut oversight: Vec<f64> = summary.groups.iter().map(|group| group.oversight).collect();
    oversight.sort_by(f64::total_cmp);
    oversight.dedup();
    let mut levels = Vec::new();
    let mut left_out = Vec::new();
    for p in oversight {
        let (usable, others): (Vec<&Group>, Vec<&Group>) =
            summary.groups.iter().filter(|group| group.oversight == p).partition(|it| it.n >= 2);
        left_out.extend(others.iter().map(|group| format!("{} at p = {p}", group.name())));
        levels.extend(level(p, &usable, arguments.half_width)?);
    }
    if levels.is_empty() {
        bail!(
            "{}: no level has two methods with two finished runs each, and fewer tell nothing of how runs spread",
            arguments.folder.display()
        );
    }
    let text = match arguments.json {
        true => {
            let report = serde_json::json!({ "schema_version": SCHEMA_VERSION, "levels": levels, "left_out": left_out });
            serde_json::to_string_pretty(&report)? + "\n"
        }
        false => text(&levels, &left_out, &arguments.folder),
    };
    print_if_read(&text)?;
    Ok(DONE)
}

/// The plan for the groups of one level; none of fewer than two.
fn level(oversight: f64, groups: &[&Group], half_width: f64) -> Result<Option<Level>> {
    let Some((reference, others)) = reference_and_others(groups.iter().copied()) else {
        return Ok(None);
    };
    if others.is_empty() {
        return Ok(None);
    }
    let pilot = |group: &Group| {
        let values: Vec<f64> = group.scores.iter().map(|(_, value)| *value).collect();
        // Costs of nothing would ask for endless seeds.
        Pilot::of_runs(&values, group.mean_seconds.unwrap_or(0.0).max(1e-6))
    };
    let all: Option<Vec<Pilot>> =
        [reference].into_iter().chain(others.iter().copied()).map(pilot).collect();
    let Some(pilots) = all else { return Ok(None) };
    let Some(plan) = plan_seeds(pilots[0], &pilots[1..], half_width, CONFIDENCE) else {
        bail!("--half-width {half_width} is more than a million seeds away; ask for a larger one");
    };
    let seeds = [plan.reference].into_iter().chain(plan.others);
    let groups = [reference].into_iter().chain(others);
    let methods: Vec<Need> = groups
        .zip(&pilots)
        .zip(seeds)
        .map(|((group, pilot), seeds)| Need {
            name: group.name(),
            n: group.n,
            standard_deviation: pilot.standard_deviation,
            seconds_per_run: pilot.cost,
            seeds,
        })
        .collect();
    let missing = |need: &Need| need.seeds.saturating_sub(need.n) as f64 * need.seconds_per_run;
    let seconds = methods.iter().map(missing).sum();
    Ok(Some(Level { oversight, half_width, methods, seconds }))
}

fn text(levels: &[Level], left_out: &[String], folder: &Path) -> String {
    let time = |seconds: f64| duration(Duration::from_secs_f64(seconds));
    let header = [
        "p",
        "method",
        "runs so far",
        "standard deviation",
        "seeds in all",
        "time per run",
        "time to come",
    ];
    let mut lines = vec![header.map(String::from).to_vec()];
    for Level { oversight, methods, .. } in levels {
        lines.extend(methods.iter().map(|need| {
            let missing = need.seeds.saturating_sub(need.n) as f64;
            vec![
                oversight.to_string(),
                need.name.clone(),
                need.n.to_string(),
                format!("{:.3}", need.standard_deviation),
                need.seeds.to_string(),
                time(need.seconds_per_run),
                time(missing * need.seconds_per_run),
            ]
        }));
    }
    let mut text = columns(&lines);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for Level { oversight, half_width, methods, seconds } in levels {
        text += &format!(
            "p = {oversight}: every difference from {} within ±{half_width} (95 %, Welch) takes about {} on {cores} \
             cores like those of the runs so far\n",
            methods[0].name,
            time(seconds / cores as f64)
        );
    }
    text += &format!(
        "from standard deviations of few runs, and so a guess itself: ask again when half of them are done; claims need \
         {FEWEST_SEEDS} seeds or more, and seeds that did not decide how many there are are the safer ones\n"
    );
    if !left_out.is_empty() {
        text += &format!("left out, fewer than two finished runs: {}\n", left_out.join("; "));
    }
    text + &format!("files: {}\n", folder.display())
}
