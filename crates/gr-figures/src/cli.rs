//! The command line of `gr-figures`.

mod watch;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Mutex;

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Parser;
use gr_terminal::{
    DONE, Heartbeat, RUNS_FAILED, bars_can_be_drawn, count, print, print_if_read, say, warn,
};
use indicatif::{ProgressBar, ProgressStyle};

use crate::data::{Results, RunState, Warnings};
use crate::figures::{Drawing, FIGURES, Figure, Picture};
use crate::layout::View;
use crate::model::groups;
use crate::report::{Contents, FigureData, Selection, report};
use crate::scene::{self, MAX_HEIGHT};

/// Largest size of a number in a range of values: no return or gap comes near it.
const WIDEST_RANGE: f64 = 1e6;
/// Least distance between the ends of a range of values: below it ticks have no digits left.
const NARROWEST_RANGE: f64 = 1e-6;

/// Draws figures from the CSV files of sweeps and searches.
///
/// Every figure that the data allows is drawn, as SVG and PNG, with its numbers in a CSV file and all that
/// is said of it in a text file. What is missing is said below the picture and here. Unfinished runs are
/// counted, never averaged. A damaged file hides its own run only: the run is counted, and the file is named
/// with what is wrong.
///
/// Panels share their axes unless some would be crushed. The optimal return has a line where it is within
/// reach of the curves, else its value stands at the edge. The CSV has all numbers, also those of curves
/// that are cut.
#[derive(Debug, Parser)]
#[command(name = "gr-figures", version, after_help = after_help())]
struct Arguments {
    /// Results folders: of sweeps, of searches, or with eval_results_*.csv files alone
    #[arg(value_name = "DIR", required_unless_present = "list")]
    folders: Vec<PathBuf>,

    /// Where pictures go; made if it is not there
    #[arg(long, value_name = "DIR", required_unless_present_any = ["list", "html"])]
    out: Option<PathBuf>,

    /// Write a page with the method table, the figures and policies to try, as one file that opens anywhere
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Policies that the page takes along: median (of each series and level), all, none, or names of runs
    #[arg(long, value_name = "RUN,...", requires = "html", default_value = "median", value_parser = Selection::from_str)]
    policies: Selection,

    /// Write anew whenever runs have progressed, until all are over; the page then loads itself again
    #[arg(long, requires = "html")]
    watch: bool,

    /// Draw these figures only, separated by commas
    #[arg(long, value_name = "FIGURE,...", value_delimiter = ',')]
    only: Vec<String>,

    /// Draw these methods only, by the labels in the files, such as routing,naive_outcomes
    #[arg(long, value_name = "METHOD,...", value_delimiter = ',')]
    methods: Vec<String>,

    /// Last update of the axes of updates; curves beyond it are cut
    #[arg(long, value_name = "N", value_parser = last_update, allow_negative_numbers = true)]
    x_max: Option<f64>,

    /// Draw axes of updates on a logarithmic scale, from the first update above 0 on
    #[arg(long)]
    log_updates: bool,

    /// Range of the vertical axes of returns and gaps, such as -0.1,0.5; what lies beyond is cut
    #[arg(long, value_name = "LOW,HIGH", value_parser = range, allow_hyphen_values = true)]
    y_range: Option<(f64, f64)>,

    /// Draw no line at the optimal return, and none at no difference
    #[arg(long)]
    no_reference_lines: bool,

    /// A folder with published eval_results_*.csv, dashed in the panels of the same p
    #[arg(long, value_name = "DIR")]
    reference: Option<PathBuf>,

    /// List the figures and stop
    #[arg(long)]
    list: bool,
}

fn after_help() -> String {
    format!(
        "Figures:\n{}\n\nExamples:\n  gr-figures results/main --out figures\n  \
         gr-figures results/routing results/naive --out figures --only learning-curves,differences\n  \
         gr-figures results/main --out early --methods routing,oracle --x-max 2000 --y-range -0.1,0.4\n  \
         gr-figures results/stale --out figures --reference published/curves\n  \
         gr-figures results/naive results/model --out figures --only label-efficiency,reward-model\n  \
         gr-figures results/search --out figures --only oversight-levels\n  \
         gr-figures results/main --html main.html --policies routing_p0.1,naive_outcomes_p0.1\n\n\
         Exit codes:\n  0  drawn\n  1  drawn, but files that are not what they should be were left out\n  \
         2  bad input: nothing, or not everything, was drawn",
        list()
    )
}

fn list() -> String {
    let lines: Vec<String> =
        FIGURES.iter().map(|figure| format!("  {:17} {}", figure.name, figure.summary)).collect();
    lines.join("\n")
}

/// Runs the program.
pub fn main() -> ExitCode {
    gr_terminal::run(run)
}

fn run(arguments: Arguments) -> Result<u8> {
    if arguments.list {
        print(&(list() + "\n"))?;
        return Ok(DONE);
    }
    let figures = chosen(&arguments.only)?;
    let view = view(&arguments, &figures)?;
    if !arguments.watch {
        return Ok(draw(&arguments, &figures, &view)?.0);
    }
    loop {
        let seen = watch::state_of(&arguments.folders);
        let (code, is_over) = draw(&arguments, &figures, &view)?;
        if is_over {
            return Ok(code);
        }
        watch::wait_for_change(&arguments.folders, seen);
    }
}

/// Reads the folders and writes pictures and page. Returns the exit code, and whether all runs are over.
fn draw(arguments: &Arguments, figures: &[&Figure], view: &View) -> Result<(u8, bool)> {
    let mut results = read(&arguments.folders, arguments.reference.as_deref())?;
    keep_methods(&mut results, &names(&arguments.methods))?;
    let mut left_out = say_what_is_odd(&results.warnings);
    report_missing(&results);
    if let Some(out) = &arguments.out {
        fs::create_dir_all(out)
            .with_context(|| format!("--out {} cannot be made", out.display()))?;
    }
    // Every picture is written, whatever becomes of the list of them.
    let mut listed = Ok(());
    let mut list = |path: &Path| {
        let line = format!("{}\n", path.display());
        listed = std::mem::replace(&mut listed, Ok(())).and_then(|()| print_if_read(&line));
    };
    let mut on_page = Vec::new();
    for figure in figures {
        match (figure.draw)(&results, view).with_context(|| format!("figure {}", figure.name))? {
            Drawing::Drawn(pictures) => {
                for picture in &pictures {
                    if let Some(out) = &arguments.out {
                        write(out, picture)?.iter().for_each(|path| list(path));
                    }
                    on_page.extend(
                        arguments.html.is_some().then(|| FigureData::new(figure.name, picture)),
                    );
                }
            }
            Drawing::NoData(reason) => {
                say(format!("{}: not drawn, {reason}", figure.name));
            }
        }
        left_out.extend(say_what_is_odd(&results.warnings));
    }
    let is_over = watch::is_over(&results);
    if let Some(path) = &arguments.html {
        let reload_seconds = (arguments.watch && !is_over).then_some(watch::RELOAD_SECONDS);
        let policies = arguments.policies.clone();
        let contents = Contents { figures: on_page, policies, left_out, reload_seconds };
        let (page, all_left_out) = report(&results, contents)?;
        left_out = all_left_out;
        left_out.extend(say_what_is_odd(&results.warnings));
        gr_runs::atomic_write(path, page.as_bytes())?;
        list(path);
    }
    listed?;
    Ok((if left_out.is_empty() { DONE } else { RUNS_FAILED }, is_over))
}

/// Says what was odd and what is left out. Returns the latter.
fn say_what_is_odd(warnings: &Warnings) -> Vec<String> {
    warnings.take().iter().for_each(warn);
    let left_out = warnings.take_left_out();
    for reason in &left_out {
        say(format!("left out: {reason}"));
    }
    left_out
}

/// Names as they were given, each once, without the blanks around commas.
fn names(given: &[String]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in given.iter().map(|name| name.trim()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn chosen(given: &[String]) -> Result<Vec<&'static Figure>> {
    if given.is_empty() {
        return Ok(FIGURES.iter().collect());
    }
    let find = |name: &str| {
        let known = FIGURES.iter().find(|figure| figure.name == name);
        let all = || FIGURES.iter().map(|figure| figure.name);
        known.ok_or_else(|| anyhow!("unknown figure \"{name}\"; {}", or_nearest(name, all())))
    };
    names(given).into_iter().map(find).collect()
}

/// Points to what may have been meant.
fn or_nearest<'a>(name: &str, all: impl Iterator<Item = &'a str> + Clone) -> String {
    match gr_runs::nearest(name, all.clone()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("there are {}", all.collect::<Vec<_>>().join(", ")),
    }
}

/// What is to be seen of the figures. A flag that none of them knows is refused.
fn view(arguments: &Arguments, figures: &[&Figure]) -> Result<View> {
    let &Arguments { x_max, y_range, no_reference_lines, log_updates, .. } = arguments;
    let must_change = |given: bool, flag: &str, has: fn(&Figure) -> bool| {
        let names = |figures: &[&Figure]| {
            figures.iter().map(|figure| figure.name).collect::<Vec<_>>().join(", ")
        };
        let changed: Vec<&Figure> = FIGURES.iter().filter(|figure| has(figure)).collect();
        ensure!(
            !given || figures.iter().any(|figure| has(figure)),
            "{flag} changes nothing in {}; it is for {}",
            names(figures),
            names(&changed)
        );
        Ok(())
    };
    must_change(x_max.is_some(), "--x-max", |figure| figure.has.updates)?;
    must_change(log_updates, "--log-updates", |figure| figure.has.updates)?;
    must_change(y_range.is_some(), "--y-range", |figure| figure.has.values)?;
    must_change(no_reference_lines, "--no-reference-lines", |figure| figure.has.reference_lines)?;
    Ok(View { x_max, y_range, no_reference_lines, log_updates })
}

/// Leaves the methods with these labels, or all if there are none.
fn keep_methods(results: &mut Results, labels: &[&str]) -> Result<()> {
    if labels.is_empty() {
        return Ok(());
    }
    let of_runs = results.runs.iter().map(|run| run.series.method.as_str());
    let of_trials = results.trials.iter().map(|trial| trial.method.as_str());
    let known: BTreeSet<&str> = of_runs.chain(of_trials).collect();
    if let Some(label) = labels.iter().find(|label| !known.contains(*label)) {
        let near = or_nearest(label, known.iter().copied());
        bail!("--methods {label}: no run in these folders has it; {near}");
    }
    let kept = |method: &String| labels.contains(&method.as_str());
    results.runs.retain(|run| kept(&run.series.method));
    results.references.retain(|run| kept(&run.series.method));
    results.trials.retain(|trial| kept(&trial.method));
    Ok(())
}

fn last_update(text: &str) -> Result<f64, String> {
    let accepted = || format!("\"{text}\" is no number of updates above 0, such as 2000");
    text.trim()
        .parse::<u64>()
        .ok()
        .filter(|end| *end > 0)
        .map(|end| end as f64)
        .ok_or_else(accepted)
}

fn range(text: &str) -> Result<(f64, f64), String> {
    let accepted = || format!("\"{text}\" is no range of two numbers, such as -0.1,0.5");
    let (low, high) = text.split_once(',').ok_or_else(accepted)?;
    let number = |text: &str| {
        let number = text.trim().parse::<f64>().ok();
        number.filter(|number| number.abs() <= WIDEST_RANGE).ok_or_else(accepted)
    };
    let (low, high) = (number(low)?, number(high)?);
    if high - low < NARROWEST_RANGE {
        return Err(format!(
            "\"{text}\" must go from a lower to a higher number, such as -0.1,0.5"
        ));
    }
    Ok((low, high))
}

fn read(folders: &[PathBuf], reference: Option<&Path>) -> Result<Results> {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("reading  {msg}  {wide_bar}  {elapsed}");
    bar.set_style(style.expect("the template is valid"));
    let draws_bar = bars_can_be_drawn();
    let state = Mutex::new((0, Heartbeat::start()));
    let results = Results::open(folders, reference, &|total| {
        let mut state = state.lock().expect("nothing panics while it reports progress");
        let (done, heartbeat) = &mut *state;
        *done += 1;
        let share = format!("{done} of {}", count(total, "run"));
        if !draws_bar && heartbeat.is_due() {
            say(format!("reading {share}"));
        }
        bar.set_length(total as u64);
        bar.set_position(*done);
        bar.set_message(share);
    });
    bar.finish_and_clear();
    results
}

/// Says which runs are in no mean. The captions say it too, but are read later.
fn report_missing(results: &Results) {
    for group in groups(results) {
        let left_out = group.all.len() - group.finished.len();
        if left_out > 0 {
            let states = [
                ("failed", RunState::Failed),
                ("unfinished", RunState::Unfinished),
                ("missing", RunState::Missing),
                ("unreadable", RunState::Unreadable),
            ];
            let counts = states.map(|(name, state)| format!("{} {name}", group.count(state)));
            say(format!(
                "{}: {left_out} of {} left out ({})",
                group.name(),
                count(group.all.len(), "run"),
                counts.join(", ")
            ));
        }
    }
}

/// Writes `picture` and its numbers. Returns the files.
fn write(out: &Path, picture: &Picture) -> Result<Vec<PathBuf>> {
    ensure!(
        picture.scene.height <= MAX_HEIGHT,
        "{} would be {} units tall, more than {MAX_HEIGHT}; draw fewer levels or series at once",
        picture.name,
        picture.scene.height
    );
    let description = picture.caption.description();
    let mut files = vec![
        ("svg", scene::svg(&picture.scene, &description)),
        ("png", scene::png(&picture.scene, &description)),
        ("csv", picture.numbers.to_csv()),
        ("txt", description.into_bytes()),
    ];
    if !picture.frames.is_empty() {
        files.push(("gif", scene::gif(&picture.frames)));
    }
    let write = |(end, bytes): (&str, Vec<u8>)| {
        let path = out.join(format!("{}.{end}", picture.name));
        gr_runs::atomic_write(&path, &bytes)?;
        Ok(path)
    };
    files.into_iter().map(write).collect()
}
