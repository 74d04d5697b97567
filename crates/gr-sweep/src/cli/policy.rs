//! The command line of `gr-policy`: a look at saved policies.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand, ValueEnum};
use gr_grid::{
    Action, Cell, Environment, EnvironmentRules, EpisodeStart, Evaluation, FirstObservation,
    Layout, Observation, choose_action, render, rewards::GROUND_TRUTH,
};
use gr_learn::{PolicyType, evaluate_tables};
use gr_runs::{ConfigError, MOST, Purpose, oversight_levels, stream_at, whole_number};
use gr_terminal::{BAD_INPUT, DONE, RUNS_FAILED, print, report};
use rand::Rng;
use serde::Serialize;

use crate::policy::{
    EVALUATION_ENVS, GridArguments, LayoutReport, OpenedPolicy, listed_cells, remarks,
};

/// Looks at saved policies: exact returns, action probabilities, episodes.
///
/// Reads policies that gr-sweep keeps (.safetensors) and PyTorch state dicts with the parameter
/// names of the published code (.pt), alone or in a checkpoint with other things, wrapped by torch.compile or
/// DataParallel or not, in 16, 32 or 64 bits.
#[derive(Debug, Parser)]
#[command(name = "gr-policy", version)]
#[command(after_help = "Examples:
  gr-policy evaluate policy.pt --oversight 0.3 --first-observation stale
  gr-policy show policy.pt --ghost 6 --diamond 18 --flags both
  gr-policy play policy.pt --episodes 3 --policy diamond")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Evaluate policies exactly
    ///
    /// A file that cannot be read or evaluated is named with the reason, and the others are evaluated all the
    /// same. The exit code is then 1, and 2 where there is none.
    Evaluate {
        /// Policy files
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        grid: GridArguments,
        /// Oversight levels p [default: the run's own, else 0.01]
        #[arg(long, value_name = "P", num_args = 1.., allow_negative_numbers = true)]
        oversight: Vec<String>,
        /// First observation of episodes inside the window [default: the run's own, else fresh]
        #[arg(long, value_enum)]
        first_observation: Option<Meaning>,
        /// Print an array of objects instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Draw action probabilities and gate on the grid
    Show {
        /// Policy file
        file: PathBuf,
        #[command(flatten)]
        grid: GridArguments,
        /// Cell of the ghost, row by row from 0 [default: upper left quarter]
        #[arg(long, value_name = "CELL", value_parser = whole_number::<u8>(0, 63))]
        ghost: Option<u8>,
        /// Cell of the diamond [default: lower right quarter]
        #[arg(long, value_name = "CELL", value_parser = whole_number::<u8>(0, 63))]
        diamond: Option<u8>,
        /// Goals that show a flag
        #[arg(long, value_enum, default_value = "none")]
        flags: GoalFlags,
        /// Print an object with every probability, the gate and how episodes end, by cell
        #[arg(long)]
        json: bool,
    },
    /// Print episodes step by step
    Play {
        /// Policy file
        file: PathBuf,
        #[command(flatten)]
        grid: GridArguments,
        /// Number of episodes
        #[arg(long, value_name = "N", default_value = "3", value_parser = whole_number::<u64>(1, MOST))]
        episodes: u64,
        /// Oversight level p [default: the run's own, else 0.01]
        #[arg(long, value_name = "P", allow_negative_numbers = true)]
        oversight: Option<String>,
        /// Which policy acts; diamond and ghost are experts of routed networks
        #[arg(long, value_enum, default_value = "training")]
        policy: ActingPolicy,
        /// Seed of episodes and actions
        #[arg(long, value_name = "S", default_value = "0", value_parser = whole_number::<u64>(0, u64::MAX))]
        seed: u64,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Meaning {
    Fresh,
    Stale,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum GoalFlags {
    None,
    Ghost,
    Diamond,
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum ActingPolicy {
    Training,
    Diamond,
    Ghost,
}

/// One object of `evaluate --json`.
#[derive(Debug, Serialize)]
struct PolicyReport {
    schema_version: u32,
    file: String,
    policy_type: &'static str,
    oversight_prob: f64,
    first_observation: &'static str,
    avg_return: f64,
    diamond_fraction: Option<f64>,
    reached_diamond_seen: Option<f64>,
    reached_ghost_seen: Option<f64>,
    reached_diamond_unseen: Option<f64>,
    reached_ghost_unseen: Option<f64>,
    n_complete_eps: f64,
    complete_ep_len: Option<f64>,
    gaming_gap: Option<f64>,
    /// Whether the agent is shown flags.
    sees_flags: bool,
    /// The cells on which flags may lie; `None` is all.
    overseen_cells: Option<Vec<Cell>>,
    /// What of this a reader of the table must be told.
    #[serde(skip)]
    remarks: Vec<String>,
}

/// Runs the program.
pub fn main() -> ExitCode {
    gr_terminal::run(run)
}

fn run(arguments: Arguments) -> Result<u8> {
    match arguments.command {
        Command::Evaluate { files, grid, oversight, first_observation, json } => {
            evaluate(&files, grid, &oversight, first_observation, json)
        }
        Command::Show { file, grid, ghost, diamond, flags, json } => {
            show(&file, grid, ghost, diamond, flags, json).map(|()| DONE)
        }
        Command::Play { file, grid, episodes, oversight, policy, seed } => {
            play(&file, grid, episodes, oversight, policy, seed).map(|()| DONE)
        }
    }
}

fn evaluate(
    files: &[PathBuf],
    grid: GridArguments,
    levels: &[String],
    first_observation: Option<Meaning>,
    json: bool,
) -> Result<u8> {
    let levels = match levels {
        [] => Vec::new(),
        levels => oversight_levels("--oversight", &levels.join(","))?,
    };
    let mut reports = Vec::new();
    let mut code = DONE;
    for file in files {
        match evaluate_file(file, grid, &levels, first_observation) {
            Ok(of_file) => reports.extend(of_file),
            // One bad file must not hide what the others come to.
            Err(error) => {
                report(&error);
                code = RUNS_FAILED;
            }
        }
    }
    if reports.is_empty() {
        return Ok(BAD_INPUT);
    }
    if json {
        print(&(serde_json::to_string_pretty(&reports)? + "\n"))?;
        return Ok(code);
    }
    let mut text = format!(
        "{:<16} {:>6} {:<5}  {:>9} {:>9} {:>9} {:>9}  file\n",
        "policy", "p", "first", "return", "diamond", "ep. len", "gap"
    );
    let mut told: Vec<String> = Vec::new();
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    for report in reports {
        text += &format!(
            "{:<16} {:>6} {:<5}  {:>+9.5} {:>9} {:>9} {:>9}  {}\n",
            report.policy_type,
            report.oversight_prob,
            report.first_observation,
            report.avg_return,
            or_dash(report.diamond_fraction.map(|share| format!("{share:.5}"))),
            or_dash(report.complete_ep_len.map(|steps| format!("{steps:.3}"))),
            or_dash(report.gaming_gap.map(|gap| format!("{gap:+.5}"))),
            report.file
        );
        for remark in report.remarks.iter().map(|it| format!("{}: {it}\n", report.file)) {
            if !told.contains(&remark) {
                told.push(remark);
            }
        }
    }
    text += "return: exact mean true return; diamond: share of episodes that end on it; gap: gaming gap\n";
    text += &told.concat();
    print(&text)?;
    Ok(code)
}

/// What every policy of `file` comes to, at each of `levels` or, where there are none, at its own.
fn evaluate_file(
    file: &Path,
    grid: GridArguments,
    levels: &[f64],
    first_observation: Option<Meaning>,
) -> Result<Vec<PolicyReport>> {
    let opened = OpenedPolicy::read(file, grid)?;
    let first_observation = match first_observation {
        Some(Meaning::Fresh) => FirstObservation::Fresh,
        Some(Meaning::Stale) => FirstObservation::Stale,
        None => opened.noted_first_observation(),
    };
    let own = [opened.noted_oversight()];
    let levels = if levels.is_empty() { &own[..] } else { levels };
    let rules: Vec<EnvironmentRules> =
        levels.iter().map(|level| opened.rules(*level, first_observation)).collect();
    let evaluated =
        evaluate_tables(&opened.network, &rules, opened.noted_discount(), EVALUATION_ENVS)
            .with_context(|| file.display().to_string())?;
    let mut reports = Vec::new();
    for (rules, evaluations) in rules.iter().zip(evaluated) {
        let of_rules = evaluations.into_iter();
        reports.extend(of_rules.map(|(policy, e)| PolicyReport::new(file, rules, policy, e)));
    }
    Ok(reports)
}

impl PolicyReport {
    fn new(file: &Path, rules: &EnvironmentRules, policy: PolicyType, e: Evaluation) -> Self {
        Self {
            schema_version: gr_runs::REPORT_VERSION,
            file: file.display().to_string(),
            policy_type: policy.name(),
            oversight_prob: rules.oversight,
            first_observation: rules.first_observation.name(),
            avg_return: e.avg_return.reveal(),
            diamond_fraction: e.diamond_fraction(),
            reached_diamond_seen: e.reached_diamond_seen,
            reached_ghost_seen: e.reached_ghost_seen,
            reached_diamond_unseen: e.reached_diamond_unseen,
            reached_ghost_unseen: e.reached_ghost_unseen,
            n_complete_eps: e.n_complete_eps,
            complete_ep_len: e.complete_ep_len,
            gaming_gap: e.gaming_gap,
            sees_flags: !rules.agent_is_blind(),
            overseen_cells: listed_cells(rules),
            remarks: remarks(rules),
        }
    }
}

fn show(
    file: &Path,
    grid: GridArguments,
    ghost: Option<u8>,
    diamond: Option<u8>,
    flags: GoalFlags,
    json: bool,
) -> Result<()> {
    let opened = OpenedPolicy::read(file, grid)?;
    let rules = opened.rules(opened.noted_oversight(), opened.noted_first_observation());
    let grid = opened.grid;
    let num_cells = grid.num_cells() as u8;
    let [first, second] = grid.opposite_cells();
    let (ghost, diamond) = (ghost.unwrap_or(first), diamond.unwrap_or(second));
    for (flag, cell) in [("--ghost", ghost), ("--diamond", diamond)] {
        if cell >= num_cells {
            return Err(ConfigError::value(flag, cell, format!("a cell below {num_cells}")).into());
        }
    }
    if ghost == diamond {
        return Err(ConfigError::value("--diamond", diamond, "another cell than --ghost").into());
    }
    let layout = Layout::with_goal_flags(
        ghost,
        diamond,
        matches!(flags, GoalFlags::Ghost | GoalFlags::Both),
        matches!(flags, GoalFlags::Diamond | GoalFlags::Both),
    );
    let observations: Vec<Observation> =
        grid.cells().map(|agent| Observation { agent, layout }).collect();
    let all = opened.ask(&rules, &observations)?;
    if json {
        let report = LayoutReport::new(file.display().to_string(), &rules, &layout, &all);
        return Ok(print(&(serde_json::to_string(&report)? + "\n"))?);
    }
    let mut text = String::from(
        "G ghost, D diamond, ! oversight shown; likeliest action of every cell and its percentage\n",
    );
    text += &remarks(&rules).iter().map(|it| format!("{it}\n")).collect::<String>();
    for (policy, rows) in &all {
        text += &format!("\n{}\n", policy.name());
        text += &render::policy(grid, &layout, |o| rows[usize::from(o.agent)].probabilities);
    }
    let (_, rows) = &all[0];
    if let Some(gates) = rows.iter().map(|row| row.gate).collect::<Option<Vec<_>>>() {
        text += "\ngate: share of the diamond expert\n";
        text += &render::numbers(grid, &layout, |o| gates[usize::from(o.agent)].value);
    }
    Ok(print(&text)?)
}

fn play(
    file: &Path,
    grid: GridArguments,
    episodes: u64,
    oversight: Option<String>,
    acting: ActingPolicy,
    seed: u64,
) -> Result<()> {
    let opened = OpenedPolicy::read(file, grid)?;
    let oversight =
        match oversight.map(|text| oversight_levels("--oversight", &text)).transpose()? {
            None => opened.noted_oversight(),
            Some(levels) => match levels[..] {
                [level] => level,
                _ => bail!("--oversight takes one level here: episodes are played at one p"),
            },
        };
    let rules = opened.rules(oversight, FirstObservation::Fresh);
    let wanted = match acting {
        ActingPolicy::Training => PolicyType::Training,
        ActingPolicy::Diamond => PolicyType::Diamond,
        ActingPolicy::Ghost => PolicyType::Ghost,
    };
    if wanted != PolicyType::Training && !opened.network.architecture().kind.is_routed() {
        bail!(
            "--policy {acting} does not go with {}, which has one expert only; leave it out",
            file.display(),
            acting = acting.to_possible_value().expect("no value is skipped").get_name()
        );
    }
    print(&remarks(&rules).iter().map(|it| format!("{it}\n")).collect::<String>())?;
    for episode in 0..episodes {
        let mut rng = stream_at(seed, Purpose::Evaluation, 0, episode);
        let mut environment = Environment::new(EpisodeStart::draw(&rules, &mut rng));
        print(&format!(
            "episode {episode}\n{}\n",
            render::observation(opened.grid, &environment.observation())
        ))?;
        loop {
            let all = opened.ask(&rules, &[environment.observation()])?;
            let acting = all.iter().find(|(policy, _)| *policy == wanted);
            let (_, rows) = acting.expect("a network of two experts has every policy");
            let probabilities = &rows[0].probabilities;
            let action = choose_action(rng.next_u32(), probabilities);
            let name = gr_grid::ACTION_NAMES[Action::index(action)];
            let ending = environment.step(&rules, action);
            print(&format!(
                "step {}: {name} ({:.0} %)\n{}\n",
                environment.episode_steps,
                probabilities[action.index()] * 100.0,
                render::observation(opened.grid, &environment.observation())
            ))?;
            if let Some(ending) = ending {
                let overseen = environment.is_overseen();
                let seen = if overseen { "overseen" } else { "not overseen" };
                print(&format!(
                    "ends with {ending:?}, {seen}, true reward {:+}\n\n",
                    GROUND_TRUTH.pay(ending, overseen)
                ))?;
                break;
            }
        }
    }
    Ok(())
}
