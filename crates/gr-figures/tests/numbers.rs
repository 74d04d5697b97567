//! The numbers beside a picture are those of its runs.

mod support;

use std::fs;
use std::path::Path;

use support::{Sweep, draw, svg_text, true_return};

/// Half-widths of 95 % intervals of three values are this times their standard deviation: t(0.975, 2)
/// over √3.
const THREE: f64 = 4.302_653 / 1.732_050_8;

/// A row of the numbers beside a picture of curves.
struct Row {
    x: f64,
    mean: f64,
    interval: Option<(f64, f64)>,
    n: usize,
}

/// The rows of one method of one kind.
fn rows(path: &Path, label: &str, what: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let [method, kind] = ["run_label", "what"].map(column);
    let [x, mean, low, high, n] = ["x", "mean", "low", "high", "n"].map(column);
    let records = reader.records().map(Result::unwrap);
    let wanted = records.filter(|row| &row[method] == label && &row[kind] == what);
    let read = |row: csv::StringRecord| {
        let number = |column: usize| row[column].parse::<f64>().ok();
        Row {
            x: number(x).unwrap(),
            mean: number(mean).unwrap(),
            interval: number(low).zip(number(high)),
            n: number(n).unwrap() as usize,
        }
    };
    wanted.map(read).collect()
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
}

#[test]
fn learning_curves_are_means_over_seeds_with_student_intervals() {
    let folder = tempfile::tempdir().unwrap();
    let (sweep, out) = (folder.path().join("sweep"), folder.path().join("out"));
    let methods = vec!["routing", "oracle", "naive_early_stopping"];
    Sweep { methods, ..Sweep::default() }.write(&sweep);
    draw(&[&sweep], &out, &["--only", "learning-curves"]);
    let path = out.join("learning-curves.csv");

    // Returns of the diamond policy: seeds differ by 0.02 × the share of the rise.
    let routing = rows(&path, "routing", "mean");
    assert_eq!(routing.len(), 11);
    for Row { x, mean, interval, n } in &routing {
        let share = (x + 1.0) / 1000.0;
        let of_seed = |seed| true_return("routing", 0.1, seed, share);
        let deviation = of_seed(1) - of_seed(0);
        close(*mean, of_seed(1));
        let (low, high) = interval.unwrap();
        close(low, mean - THREE * deviation);
        close(high, mean + THREE * deviation);
        assert_eq!(*n, 3);
    }

    // 100 updates of oracle lie where 1,000 of the others do.
    let oracle = rows(&path, "oracle", "mean");
    assert_eq!(oracle.iter().map(|row| row.x).collect::<Vec<_>>(), [0.0, 990.0]);
    close(oracle[1].mean, true_return("oracle", 0.1, 1, 1.0));

    // Seeds stop at 599, 699 and 799; the mean over all of them ends with the first.
    let stopped = rows(&path, "naive_early_stopping", "mean");
    assert_eq!(stopped.last().unwrap().x, 500.0);
    assert!(stopped.iter().all(|row| row.n == 3));
    let kept = rows(&path, "naive_early_stopping", "kept checkpoint");
    assert_eq!(kept.iter().map(|row| row.x).collect::<Vec<_>>(), [300.0, 400.0, 400.0]);
    close(kept[2].mean, true_return("naive_early_stopping", 0.1, 2, 0.401));
    let caption = svg_text(&out.join("learning-curves.svg"));
    let end = "end where the first of them stopped: 599 for Naive, early stopping";
    assert!(caption.contains(end), "{caption}");
    let stretched =
        "is drawn over as many as the others: Full supervision, p × updates at p = 0.1.";
    assert!(caption.contains(stretched), "{caption}");
}

#[test]
fn kept_checkpoints_are_shown_with_the_value_that_the_figure_is_about() {
    let folder = tempfile::tempdir().unwrap();
    let (sweep, out) = (folder.path().join("sweep"), folder.path().join("out"));
    Sweep { methods: vec!["naive_early_stopping"], ..Sweep::default() }.write(&sweep);
    draw(&[&sweep], &out, &["--only", "gaming-gap"]);
    let kept = rows(&out.join("gaming-gap.csv"), "naive_early_stopping", "kept checkpoint");
    assert_eq!(kept.len(), 3);
    let true_return = true_return("naive_early_stopping", 0.1, 2, 0.401);
    close(kept[2].mean, 0.2 - 0.1 * true_return);
}

#[test]
fn final_returns_are_those_of_the_kept_policies() {
    let folder = tempfile::tempdir().unwrap();
    let (sweep, out) = (folder.path().join("sweep"), folder.path().join("out"));
    let methods = vec!["naive_outcomes", "naive_early_stopping"];
    Sweep { methods, ..Sweep::default() }.write(&sweep);
    draw(&[&sweep], &out, &["--only", "final-returns"]);
    let numbers = fs::read_to_string(out.join("final-returns.csv")).unwrap();
    for (method, seed, share) in
        [("naive_outcomes", 0, 1.0), ("naive_outcomes", 2, 1.0), ("naive_early_stopping", 1, 0.401)]
    {
        let value = true_return(method, 0.1, seed, share);
        assert!(numbers.contains(&format!("{method},seed {seed},{value},,,1")), "{numbers}");
    }
}

#[test]
fn methods_that_still_rise_are_named_and_those_that_do_not_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (sweep, out) = (folder.path().join("sweep"), folder.path().join("out"));
    // The rise of 1 − exp(−5 t) over its last fifth is about 0.016 of the height: 0.078 in 1,000 of
    // 1,000 updates, 0.0012 in 1,000 of 64,000.
    for (updates, rising) in [(1000, true), (64_000, false)] {
        let methods = vec!["routing"];
        Sweep { methods, updates, every: updates / 50, ..Sweep::default() }.write(&sweep);
        draw(&[&sweep], &out, &["--only", "learning-curves"]);
        let caption = svg_text(&out.join("learning-curves.svg"));
        let said = caption.contains("Still rising at the end: Gradient routing at p = 0.1.");
        assert_eq!(said, rising, "{updates}: {caption}");
        fs::remove_dir_all(&sweep).unwrap();
    }
}

#[test]
fn runs_of_different_length_are_averaged_to_the_shortest_and_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (short, long) = (folder.path().join("short"), folder.path().join("long"));
    let out = folder.path().join("out");
    let sweep = |updates| Sweep { methods: vec!["routing"], seeds: 1, updates, ..Sweep::default() };
    sweep(1000).write(&short);
    sweep(2000).write(&long);
    for entry in fs::read_dir(&long).unwrap() {
        // Another seed than that of the short one.
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().replace("_s0_", "_s5_");
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replace("_s0_", "_s5_").replace(",0,fresh", ",5,fresh");
        fs::remove_file(&path).unwrap();
        fs::write(long.join(name), text).unwrap();
    }
    draw(&[&short, &long], &out, &["--only", "learning-curves"]);
    let caption = svg_text(&out.join("learning-curves.svg"));
    for said in [
        "Updates differ: 1,000 (Gradient routing at p = 0.1), 2,000 (Gradient routing at p = 0.1)",
        "Runs of different length are averaged to the shortest: Gradient routing at p = 0.1.",
    ] {
        assert!(caption.contains(said), "{caption}");
    }
    let path = out.join("learning-curves.csv");
    let curve = rows(&path, "routing", "mean");
    assert_eq!((curve.len(), curve.last().unwrap().x), (10, 900.0));
    assert!(curve.iter().all(|row| row.n == 2));
}
