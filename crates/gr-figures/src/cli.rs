//! The command line of `gr-figures`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use gr_terminal::{
    DONE, Heartbeat, RUNS_FAILED, bars_can_be_drawn, count, print, print_if_read, say, warn,
};
use indicatif::{ProgressBar, ProgressStyle};

use crate::data::{Results, RunState, Warnings};
use crate::figures::{FIGURES, Figure, Outcome, Picture};
use crate::model::groups;
use crate::scene::{self, MAX_HEIGHT};

/// Draws figures from the CSV files of sweeps and searches.
///
/// Every figure that the data allows is drawn, as SVG, as PNG, and as a CSV file with the numbers in it;
/// what is missing is said below the picture and here. Unfinished runs are counted, never averaged.
/// A damaged file hides its own run only: the run is counted, and the file is named with what is wrong.
#[derive(Debug, Parser)]
#[command(name = "gr-figures", version, after_help = after_help())]
struct Arguments {
    /// Results folders: of sweeps, of searches, or with eval_results_*.csv files alone
    #[arg(value_name = "DIR", required_unless_present = "list")]
    folders: Vec<PathBuf>,

    /// Where pictures go; made if it is not there
    #[arg(long, value_name = "DIR", required_unless_present = "list")]
    out: Option<PathBuf>,

    /// Draw this figure only; may be given more than once
    #[arg(long, value_name = "FIGURE")]
    only: Vec<String>,

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
         gr-figures results/routing results/naive --out figures --only learning-curves\n  \
         gr-figures results/stale --out figures --reference published/curves\n  \
         gr-figures results/search --out figures --only oversight-levels\n\n\
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
    let out = arguments.out.as_deref().expect("clap requires it");
    let results = read(&arguments.folders, arguments.reference.as_deref())?;
    let mut left_out = say_what_is_odd(&results.warnings);
    report_missing(&results);
    fs::create_dir_all(out).with_context(|| format!("--out {} cannot be made", out.display()))?;
    // Every picture is written, whatever becomes of the list of them.
    let mut listed = Ok(());
    for figure in figures {
        match (figure.draw)(&results).with_context(|| format!("figure {}", figure.name))? {
            Outcome::Drawn(pictures) => {
                for picture in &pictures {
                    for path in write(out, picture)? {
                        listed =
                            listed.and_then(|()| print_if_read(&format!("{}\n", path.display())));
                    }
                }
            }
            Outcome::NoData(reason) => {
                say(format!("{}: not drawn, {reason}", figure.name));
            }
        }
        left_out |= say_what_is_odd(&results.warnings);
    }
    listed?;
    Ok(if left_out { RUNS_FAILED } else { DONE })
}

/// Says what was odd and what is left out. Returns whether anything is.
fn say_what_is_odd(warnings: &Warnings) -> bool {
    warnings.take().iter().for_each(warn);
    let left_out = warnings.take_left_out();
    for reason in &left_out {
        say(format!("left out: {reason}"));
    }
    !left_out.is_empty()
}

fn chosen(names: &[String]) -> Result<Vec<&'static Figure>> {
    if names.is_empty() {
        return Ok(FIGURES.iter().collect());
    }
    let find = |name: &String| {
        let known = FIGURES.iter().find(|figure| figure.name == name);
        known.map_or_else(
            || {
                let all = || FIGURES.iter().map(|figure| figure.name);
                match gr_runs::nearest(name, all()) {
                    Some(near) => bail!("unknown figure \"{name}\"; did you mean \"{near}\"?"),
                    None => bail!(
                        "unknown figure \"{name}\"; there are {}",
                        all().collect::<Vec<_>>().join(", ")
                    ),
                }
            },
            Ok,
        )
    };
    names.iter().map(find).collect()
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
    let mut files = vec![
        ("svg", scene::svg(&picture.scene)),
        ("png", scene::png(&picture.scene)),
        ("csv", picture.numbers.to_csv()),
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
