//! What pictures claim: which curves still rise, how many lines say so, and where the rest stands.

mod support;

use std::fs;
use std::path::Path;

use support::{Sweep, draw, edit, read_png_description, svg_caption, svg_description};

/// Draws learning curves of a sweep and returns what stands below them.
fn caption_of(sweep: &Sweep) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (results, out) = (folder.path().join("sweep"), folder.path().join("out"));
    sweep.write(&results);
    draw(&[&results], &out, &["--only", "learning-curves"]);
    svg_caption(&out.join("learning-curves.svg")).join(" ")
}

/// Three updates of the curve 1 − exp(−5 t) are evaluated of oracle, which rises until its end.
#[test]
fn a_short_run_that_climbs_between_its_last_evaluations_is_named_as_rising() {
    let sweep = Sweep { methods: vec!["oracle"], oversight: vec![0.3], ..Sweep::default() };
    let caption = caption_of(&sweep);
    assert!(
        caption.contains("Still rising at the end: Full supervision, p × updates at p = 0.3."),
        "{caption}"
    );
    let naive = Sweep { methods: vec!["naive_outcomes"], updates: 300, ..Sweep::default() };
    let caption = caption_of(&naive);
    assert!(caption.contains("Still rising at the end: Naive at p = 0.1."), "{caption}");
}

#[test]
fn two_evaluations_cannot_tell_whether_a_run_still_rises_and_that_is_said() {
    // 100 updates, evaluated at 0 and 99.
    let sweep = Sweep { methods: vec!["routing", "oracle"], ..Sweep::default() };
    let caption = caption_of(&sweep);
    let said = "Cannot tell if still rising: Full supervision, p × updates at p = 0.1.";
    assert!(caption.contains(said), "{caption}");
    assert!(!caption.contains("rising at the end: Full supervision"), "{caption}");
}

/// The same curve over the same number of its own updates rises alike, wherever it is drawn.
#[test]
fn the_rise_is_measured_over_a_runs_own_updates() {
    // 0.0012 in 1,000 of 64,000 own updates, drawn over 640,000.
    for (updates, every) in [(640_000, 3_200), (6_400, 32)] {
        let sweep = Sweep { methods: vec!["oracle"], updates, every, ..Sweep::default() };
        let caption = caption_of(&sweep);
        let rises =
            caption.contains("Still rising at the end: Full supervision, p × updates at p = 0.1.");
        assert_eq!(rises, updates == 6_400, "{caption}");
    }
}

#[test]
fn results_without_evaluations_do_not_pass_for_done() {
    let folder = tempfile::tempdir().unwrap();
    let (results, out) = (folder.path().join("sweep"), folder.path().join("out"));
    let sweep = Sweep { methods: vec!["naive_outcomes"], seeds: 2, ..Sweep::default() };
    sweep.write(&results);
    for seed in 0..2 {
        let id = support::run_id("naive_outcomes", 0.1, seed);
        fs::remove_file(results.join(format!("eval_results_{id}.csv"))).unwrap();
    }
    draw(&[&results], &out, &["--only", "final-returns"]);
    let caption = svg_caption(&out.join("final-returns.svg")).join(" ");
    assert!(caption.contains("Cannot tell if still rising: Naive at p = 0.1."), "{caption}");
}

/// A series that nothing else in the picture differs from is not named by its settings.
#[test]
fn settings_of_all_runs_that_are_no_defaults_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let [with, without] = ["with", "without"].map(|name| folder.path().join(name));
    let naive = Sweep { methods: vec!["naive_outcomes"], ..Sweep::default() };
    naive.write(&with);
    let plan = naive.plan() + "[overseer]\nlabel_noise = 0.3\n";
    fs::write(with.join("plan.toml"), plan).unwrap();
    Sweep { methods: vec!["routing"], ..Sweep::default() }.write(&without);
    let caption = |folders: &[&Path], out: &str| {
        let out = folder.path().join(out);
        draw(folders, &out, &["--only", "final-returns"]);
        svg_caption(&out.join("final-returns.svg")).join(" ")
    };
    let said = "Settings of all runs: label noise 0.3.";
    let [alone, both] = [caption(&[&with], "alone"), caption(&[&with, &without], "both")];
    assert!(alone.contains(said) && !both.contains(said), "{alone}\n{both}");
}

#[test]
fn captions_have_three_lines_and_the_rest_stands_beside_every_picture() {
    let folder = tempfile::tempdir().unwrap();
    let (sweep, search) = (folder.path().join("sweep"), folder.path().join("search"));
    let out = folder.path().join("out");
    let oversight = vec![0.01, 0.02, 0.05, 0.1, 0.2];
    Sweep { methods: support::METHODS.to_vec(), oversight, tables: vec![999], ..Sweep::default() }
        .write(&sweep);
    support::write_search(&search, 12);
    // Numbers of runs differ, and most series have no run at the level of the search.
    draw(&[&sweep, &search], &out, &[]);
    let mut seen = 0;
    for entry in fs::read_dir(&out).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "svg") {
            continue;
        }
        seen += 1;
        let lines = svg_caption(&path);
        assert!((1..=3).contains(&lines.len()), "{}: {lines:#?}", path.display());
        assert!(!lines[lines.len() - 1].ends_with("(more beside)"), "{lines:#?}");
        let text = fs::read_to_string(path.with_extension("txt")).unwrap();
        for told in ["First observation: fresh.", "Evaluation: exact.", "updates"] {
            assert!(text.contains(told), "{}: {text}", path.display());
        }
        assert_eq!(svg_description(&path), text, "{}", path.display());
        let of_png = read_png_description(&path.with_extension("png"));
        assert_eq!(of_png.as_deref(), Some(text.trim_end()), "{}", path.display());
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn no_interval_of_few_runs_is_without_width() {
    let folder = tempfile::tempdir().unwrap();
    let (results, out) = (folder.path().join("sweep"), folder.path().join("out"));
    let methods = vec!["routing", "naive_outcomes", "filtering"];
    Sweep { methods, seeds: 8, ..Sweep::default() }.write(&results);
    // All runs of one method agree to the last digit.
    agree(&results, "filtering", 8);
    draw(&[&results], &out, &[]);
    let mut intervals = 0;
    for name in
        ["learning-curves", "gaming-gap", "final-returns", "differences", "oversight-levels"]
    {
        let mut reader = csv::Reader::from_path(out.join(format!("{name}.csv"))).unwrap();
        let headers = reader.headers().unwrap().clone();
        let column = |name: &str| headers.iter().position(|header| header == name);
        let pairs = [("low", "high"), ("improvement_low", "improvement_high")];
        let pairs: Vec<(usize, usize)> =
            pairs.iter().filter_map(|(low, high)| column(low).zip(column(high))).collect();
        for row in reader.records().map(Result::unwrap) {
            for (low, high) in &pairs {
                let number = |column: usize| row[column].parse::<f64>().ok();
                let Some((low, high)) = number(*low).zip(number(*high)) else { continue };
                assert!(low < high, "{name}: {row:?}");
                intervals += 1;
            }
        }
    }
    assert!(intervals > 20, "{intervals}");
    let differences = fs::read_to_string(out.join("differences.csv")).unwrap();
    // Naive never does better than routing with 8 runs: Wilson's interval of 0 of 8.
    let naive = differences.lines().find(|line| line.contains(",Naive,")).unwrap();
    assert!(naive.contains(",8,0,0,0,0.32440756"), "{naive}");
    let finals = fs::read_to_string(out.join("final-returns.csv")).unwrap();
    let agreeing = finals.lines().find(|line| line.contains(",filtering,mean,")).unwrap();
    assert!(agreeing.contains(",,,8,"), "{agreeing}");
}

/// Gives every run of a method the numbers of its first one.
fn agree(folder: &Path, method: &str, seeds: u64) {
    let file =
        |seed: u64| folder.join(format!("eval_results_{}.csv", support::run_id(method, 0.1, seed)));
    let first = fs::read_to_string(file(0)).unwrap();
    let rows = fs::read_to_string(folder.join("runs.csv")).unwrap();
    let row = rows.lines().find(|line| line.starts_with(&support::run_id(method, 0.1, 0))).unwrap();
    for seed in 1..seeds {
        let (id, other) = (support::run_id(method, 0.1, 0), support::run_id(method, 0.1, seed));
        let renamed =
            |text: &str| text.replace(&id, &other).replace(",0,fresh,", &format!(",{seed},fresh,"));
        fs::write(file(seed), renamed(&first)).unwrap();
        let own = rows.lines().find(|line| line.starts_with(&other)).unwrap();
        edit(&folder.join("runs.csv"), own, &renamed(row));
    }
}
