//! How many seeds would tell methods apart, from the runs so far.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use gr_runs::{POSITIVE, REPORT_VERSION, number_that};
use gr_stats::{FEWEST_SEEDS, Pilot, plan_seeds};
use gr_terminal::{DONE, columns, duration, print_if_read};
use serde::Serialize;

use super::comparison::reference_and_others;
use super::group::{CONFIDENCE, Group};
use super::summary::Summary;

/// What is asked.
#[derive(Debug, clap::Args)]
pub struct PowerArguments {
    /// Results folders
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,

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
    #[serde(rename = "oversight_prob")]
    oversight: f64,
    /// Wanted half-width.
    half_width: f64,
    /// What each method needs, the reference first.
    methods: Vec<Need>,
    /// Seconds of computing for the seeds that are missing, one run after the other; absent where they are
    /// not recorded.
    seconds: Option<f64>,
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
    /// Mean seconds of a run; absent where they are not recorded.
    seconds_per_run: Option<f64>,
    /// Seeds that it needs in all, those so far included.
    seeds: usize,
}

/// Says how many seeds each method of some folders needs.
///
/// # Errors
/// If one is no sweep, or there are too few runs to tell.
pub fn power(arguments: &PowerArguments) -> Result<u8> {
    let summary = Summary::of_folders(&arguments.folders)?;
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
            summary.folder
        );
    }
    let text = match arguments.json {
        true => {
            let report = serde_json::json!({ "schema_version": REPORT_VERSION, "levels": levels, "left_out": left_out });
            serde_json::to_string_pretty(&report)? + "\n"
        }
        false => text(&levels, &left_out, &summary.folder),
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
    let all_timed = groups.iter().all(|group| group.mean_seconds.is_some());
    let pilot = |group: &Group| {
        let values: Vec<f64> = group.scores.iter().map(|(_, value)| *value).collect();
        // Costs of nothing would ask for endless seeds; unknown ones are taken for equal.
        let seconds = group.mean_seconds.filter(|_| all_timed).unwrap_or(1.0);
        Pilot::of_runs(&values, seconds.max(1e-6))
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
            seconds_per_run: all_timed.then_some(pilot.cost),
            seeds,
        })
        .collect();
    let missing =
        |need: &Need| Some(need.seeds.saturating_sub(need.n) as f64 * need.seconds_per_run?);
    let seconds = methods.iter().map(missing).sum();
    Ok(Some(Level { oversight, half_width, methods, seconds }))
}

fn text(levels: &[Level], left_out: &[String], folder: &str) -> String {
    let time = |seconds: Option<f64>| {
        seconds.map_or("-".into(), |seconds| duration(Duration::from_secs_f64(seconds)))
    };
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
                time(need.seconds_per_run.map(|seconds| missing * seconds)),
            ]
        }));
    }
    let mut text = columns(&lines);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for Level { oversight, half_width, methods, seconds } in levels {
        text += &format!(
            "p = {oversight}: every difference from {} within ±{half_width} (95 %, Welch) ",
            methods[0].name
        );
        text += &match seconds {
            Some(seconds) => format!(
                "takes about {} on {cores} cores like those of the runs so far\n",
                time(Some(seconds / cores as f64))
            ),
            None => "if all runs take the same time, which these files do not say\n".into(),
        };
    }
    text += &format!(
        "from standard deviations of few runs, and so a guess itself: ask again when half of them are done; claims need \
         {FEWEST_SEEDS} seeds or more, and seeds that did not decide how many there are are the safer ones\n"
    );
    if !left_out.is_empty() {
        text += &format!("left out, fewer than two finished runs: {}\n", left_out.join("; "));
    }
    text + &format!("files: {folder}\n")
}
