//! Every figure is drawn from synthetic results, with the numbers that those results have.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use gr_figures::data::Results;
use gr_figures::figures::{Drawing, FIGURES};
use gr_figures::layout::View;
use gr_figures::style::METHODS;

use support::{Sweep, draw, read_png, svg_text, svg_text_without_description, write_everything};

#[test]
fn the_registry_is_complete() {
    let names: BTreeSet<&str> = FIGURES.iter().map(|figure| figure.name).collect();
    assert_eq!(names.len(), FIGURES.len(), "two figures share a name");
    for figure in FIGURES {
        assert!(!figure.summary.is_empty() && figure.summary.len() < 62, "{}", figure.name);
        let plain = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(figure.name.chars().all(plain), "{}", figure.name);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let using = fs::read_to_string(root.join("docs/using.md")).unwrap();
    for method in METHODS {
        let pair = format!("| `{}` | {} |", method.label, method.name);
        assert!(using.contains(&pair), "docs/using.md does not say {pair}");
    }
    let styled: BTreeSet<&str> = METHODS.iter().map(|method| method.label).collect();
    assert_eq!(styled, support::METHODS.into_iter().collect());
}

#[test]
fn every_figure_draws_pictures_that_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut folders = write_everything(folder.path());
    for (oversight, overseer) in [(0.3, "label_noise = 0.3\n"), (0.5, "cells = [0, 1, 5]\n")] {
        let path = folder.path().join(oversight.to_string());
        folders.push(write_overseer(&path, oversight, 3, overseer));
    }
    let out = folder.path().join("out");
    let folders: Vec<&Path> = folders.iter().map(|folder| folder.as_path()).collect();
    draw(&folders, &out, &[]);
    let results =
        Results::open(&folders.iter().map(|f| f.to_path_buf()).collect::<Vec<_>>(), None, &|_| {})
            .unwrap();
    for figure in FIGURES {
        let Drawing::Drawn(pictures) = (figure.draw)(&results, &View::default()).unwrap() else {
            panic!("{} is not drawn", figure.name)
        };
        assert!(!pictures.is_empty());
        for picture in pictures {
            assert!(picture.name.starts_with(figure.name));
            let file = |end: &str| out.join(format!("{}.{end}", picture.name));
            let text = svg_text(&file("svg"));
            assert!(text.contains("First observation: fresh."), "{}: {text}", picture.name);
            assert!(text.contains("Evaluation: exact."), "{}: {text}", picture.name);
            let (width, height, pixels) = read_png(&file("png"));
            assert_eq!((width, pixels.len()), (1600, width * height));
            assert!(pixels.iter().any(|pixel| *pixel != [255; 3]));
            let numbers = fs::read_to_string(file("csv")).unwrap();
            assert_eq!(numbers.lines().count(), picture.numbers.len() + 1);
            assert!(numbers.lines().count() > 3, "{}", picture.name);
            assert_eq!(file("gif").exists(), !picture.frames.is_empty());
        }
    }
}

#[test]
fn curves_have_the_colours_of_their_methods() {
    let folder = tempfile::tempdir().unwrap();
    let (sweep, out) = (folder.path().join("sweep"), folder.path().join("out"));
    Sweep { methods: support::METHODS.to_vec(), ..Sweep::default() }.write(&sweep);
    draw(&[&sweep], &out, &[]);
    for figure in ["learning-curves", "final-returns", "oversight-levels", "gaming-gap"] {
        let (_, _, pixels) = read_png(&out.join(format!("{figure}.png")));
        for method in METHODS {
            let gr_figures::style::Color(red, green, blue) = method.look.color;
            let found = pixels.iter().filter(|pixel| **pixel == [red, green, blue]).count();
            assert!(found > 20, "{figure}: {found} pixels of {}", method.label);
        }
    }
}

#[test]
fn the_same_results_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let folders = write_everything(folder.path());
    let folders: Vec<&Path> = folders.iter().map(|folder| folder.as_path()).collect();
    let outs = [folder.path().join("a"), folder.path().join("b")];
    for out in &outs {
        draw(&folders, out, &[]);
    }
    let mut compared = 0;
    for entry in fs::read_dir(&outs[0]).unwrap() {
        let path = entry.unwrap().path();
        let other = outs[1].join(path.file_name().unwrap());
        assert!(fs::read(&path).unwrap() == fs::read(other).unwrap(), "{}", path.display());
        compared += 1;
    }
    assert!(compared > 20);
}

#[test]
fn a_policy_kept_over_training_becomes_an_animation() {
    let folder = tempfile::tempdir().unwrap();
    let (sweep, out) = (folder.path().join("sweep"), folder.path().join("out"));
    Sweep { methods: vec!["routing"], tables: vec![0, 499, 999], ..Sweep::default() }.write(&sweep);
    draw(&[&sweep], &out, &["--only", "policy"]);
    let file = fs::File::open(out.join("policy-routing-p0.1.gif")).unwrap();
    let mut decoder = gif::DecodeOptions::new().read_info(file).unwrap();
    let mut frames = 0;
    while decoder.read_next_frame().unwrap().is_some() {
        frames += 1;
    }
    assert_eq!(frames, 3);
    let text = svg_text(&out.join("policy-routing-p0.1.svg"));
    assert!(text.contains("seed 0, after update 999"), "{text}");
    for title in ["Training policy", "Diamond expert alone", "Ghost expert alone"] {
        assert!(text.contains(title), "{text}");
    }
}

#[test]
fn random_settings_and_the_chosen_one_are_series_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let (search, out) = (folder.path().join("search"), folder.path().join("out"));
    support::write_search(&search, 5);
    draw(&[&search], &out, &["--only", "oversight-levels"]);
    let numbers = fs::read_to_string(out.join("oversight-levels.csv")).unwrap();
    let rows = |name: &str, what: &str| {
        let lines = numbers.lines().filter(|line| line.contains(name)).map(|line| line.to_string());
        lines.filter(|line| line.contains(&format!(",{what},"))).collect::<Vec<_>>()
    };
    // Mean of 0.30, 0.32, ... 0.38; t(0.975, 4) = 2.776445, standard deviation 0.02 √2.5.
    let means = rows("Naive, early stopping (hidden holdout), random settings", "mean");
    assert_eq!(means.len(), 2, "{numbers}");
    let values: Vec<f64> =
        means[0].rsplit(',').take(4).map(|value| value.parse().unwrap()).collect();
    let half = 2.776_445 * 0.02 * (2.5f64 / 5.0).sqrt();
    for (found, expected) in values.iter().zip([5.0, 0.34 + half, 0.34 - half, 0.34]) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
    assert_eq!(rows("random settings", "trial").len(), 10);
    // One series over both levels, though the chosen settings differ; nothing of what was moved aside.
    let chosen = "Naive, early stopping (hidden holdout), chosen on holdout, unseen seeds";
    let means = rows(chosen, "mean");
    assert!(means.len() == 2 && means.iter().all(|line| line.ends_with(",3")), "{numbers}");
    let text = svg_text(&out.join("oversight-levels.svg"));
    assert!(text.contains("10 of 12 trials finished"), "{text}");
}

/// Strokes of the line of a series are longer than its markers and whiskers.
fn joins(svg: &Path, color: &str) -> usize {
    let text = fs::read_to_string(svg).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let lines = document.descendants().filter(|node| node.has_tag_name("polyline"));
    let of_color =
        lines.filter(|node| node.attribute("stroke").is_some_and(|stroke| stroke == color));
    let width = |points: &str| {
        let xs = points.split_whitespace().map(|point| point.split(',').next().unwrap());
        let xs: Vec<f64> = xs.map(|x| x.parse().unwrap()).collect();
        xs.iter().copied().fold(f64::MIN, f64::max) - xs.iter().copied().fold(f64::MAX, f64::min)
    };
    of_color.filter(|node| width(node.attribute("points").unwrap()) > 1000.0).count()
}

#[test]
fn levels_of_different_length_are_not_joined_and_means_of_two_are_left_out_beside_others() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, level: f64, seeds: u64, updates: u64| {
        let path = folder.path().join(name);
        let methods = vec!["routing"];
        Sweep { methods, oversight: vec![level], seeds, updates, ..Sweep::default() }.write(&path);
        path
    };
    let drawn = |folders: &[&Path]| {
        let out = folder.path().join(format!("out{}", folders.len()));
        draw(folders, &out, &["--only", "oversight-levels"]);
        let said = fs::read_to_string(out.join("oversight-levels.txt")).unwrap();
        (joins(&out.join("oversight-levels.svg"), "#0072B2"), said)
    };
    let all = [
        write("a", 0.01, 4, 1000),
        write("b", 0.1, 4, 1000),
        write("c", 0.3, 4, 2000),
        write("d", 0.8, 2, 2000),
    ];
    let all: Vec<&Path> = all.iter().map(|path| path.as_path()).collect();
    let (lines, said) = drawn(&all[..2]);
    assert!(lines == 1 && !said.contains("No line joins"), "{lines} {said}");
    let (lines, said) = drawn(&all);
    assert_eq!(lines, 1, "from 0.01 to 0.1 alone");
    assert!(said.contains("No line joins levels of different length."), "{said}");
    let few = "Not drawn, fewer than 3 values: Gradient routing at p = 0.8.";
    assert!(said.contains(few), "{said}");
    let (_, said) = drawn(&all[3..]);
    assert!(!said.contains("Not drawn"), "two are all that there are: {said}");
}

#[test]
fn labels_stand_beside_the_only_level_and_the_margin_is_shaded() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = |levels: Vec<f64>| Sweep { oversight: levels, ..Sweep::default() };
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    sweep(vec![0.1]).write(&one);
    sweep(vec![0.1, 0.3]).write(&two);
    let drawn = |path: &Path, figure: &str, further: &[&str]| {
        let out = path.join("out");
        draw(&[path], &out, &[&["--only", figure], further].concat());
        out.join(format!("{figure}.svg"))
    };
    let heading = "Labels of a run:";
    let text = svg_text_without_description(&drawn(&one, "final-returns", &[]));
    assert!(text.contains(heading), "{text}");
    let text = svg_text_without_description(&drawn(&two, "final-returns", &[]));
    assert!(!text.contains(heading), "{text}");
    let text = svg_text(&drawn(&one, "differences", &[]));
    assert!(text.contains("Shaded: ±0.1."), "{text}");
    let text = svg_text(&drawn(&one, "differences", &["--no-reference-lines"]));
    assert!(!text.contains("Shaded"), "{text}");
}

/// Writes a sweep of two methods whose plan has these settings of the overseer.
fn write_overseer(path: &Path, oversight: f64, seeds: u64, overseer: &str) -> PathBuf {
    let methods = vec!["reward_model", "routing"];
    let sweep = Sweep { methods, oversight: vec![oversight], seeds, ..Sweep::default() };
    sweep.write(path);
    fs::write(path.join("plan.toml"), sweep.plan() + "[overseer]\n" + overseer).unwrap();
    path.into()
}

#[test]
fn overseers_that_err_or_see_less_are_compared_square_by_square() {
    let folder = tempfile::tempdir().unwrap();
    let sweeps = [
        (0.1, ""),
        (0.3, "label_noise = 0.3\n"),
        (0.5, "cells = [0, 1, 5]\n"),
        (0.5, "cells = [2, 3, 4]\n"),
    ];
    let folders: Vec<PathBuf> = sweeps
        .iter()
        .enumerate()
        .map(|(number, (oversight, overseer))| {
            write_overseer(&folder.path().join(number.to_string()), *oversight, 8, overseer)
        })
        .collect();
    let folders: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
    let out = folder.path().join("out");
    draw(&folders, &out, &["--only", "overseers"]);
    let text = svg_text_without_description(&out.join("overseers.svg"));
    for mention in [
        "Gradient routing minus Reward model",
        "0 % wrong",
        "30 % wrong",
        "all cells,",
        "3 cells,",
        // Heights of 0.7 and 0.5, of which all but exp(-5) is reached.
        "+0.199 ± 0.052",
        "beats",
        "n = 8 and 8",
    ] {
        assert!(text.contains(mention), "{mention}: {text}");
    }
    assert_eq!(text.matches("3 cells,").count(), 2, "other cells have a column of their own");
    let mut rows = csv::Reader::from_path(out.join("overseers.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let told: Vec<[&str; 4]> =
        rows.iter().map(|row| [&row[0], &row[2], &row[3], &row[4]]).collect();
    assert_eq!(
        told,
        [
            ["Reward model", "0.1", "0", "all"],
            ["Reward model", "0.3", "0.3", "all"],
            ["Reward model", "0.5", "0", "[0, 1, 5]"],
            ["Reward model", "0.5", "0", "[2, 3, 4]"],
        ]
    );
    let said = draw(&folders[..1], &folder.path().join("one"), &["--only", "overseers"]);
    assert!(said.contains("no two methods have runs under two overseers"), "{said}");
}
