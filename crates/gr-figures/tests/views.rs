//! What is to be seen of pictures: methods, ranges of axes, reference lines, and legends of just that.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use support::{Sweep, draw, gr_figures, svg_text_without_description as words};

/// Writes a sweep and draws it; returns the words of a picture.
fn drawn(folder: &Path, sweep: &Sweep, name: &str, flags: &[&str]) -> String {
    let (results, out) = (folder.join("sweep"), folder.join("out"));
    if !results.exists() {
        sweep.write(&results);
    }
    draw(&[&results], &out, flags);
    words(&out.join(format!("{name}.svg")))
}

fn refused(folder: &Path, flags: &[&str]) -> String {
    let (results, out) = (folder.join("sweep"), folder.join("refused"));
    let folders = [results.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let output = gr_figures(&[&folders[..], flags].concat());
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{flags:?}: {errors}");
    assert!(!out.exists(), "{flags:?}");
    errors
}

#[test]
fn lists_may_have_blanks_and_flags_may_be_given_again() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("sweep");
    Sweep { seeds: 2, ..Sweep::default() }.write(&results);
    let ways: [&[&str]; 4] = [
        &["--only", "gaming-gap,learning-curves"],
        &["--only", "gaming-gap, learning-curves"],
        &["--only", "gaming-gap", "--only", "learning-curves"],
        &["--only", "gaming-gap,gaming-gap , learning-curves"],
    ];
    for (index, way) in ways.into_iter().enumerate() {
        let out = folder.path().join(index.to_string());
        draw(&[&results], &out, way);
        let names = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name());
        let names: BTreeSet<String> = names.map(|name| name.into_string().unwrap()).collect();
        assert_eq!(names.len(), 8, "{way:?}: {names:?}");
    }
    let errors = refused(folder.path(), &["--only", "gaming-gap, learning-curve"]);
    assert!(errors.contains("\"learning-curve\"; did you mean \"learning-curves\"?"), "{errors}");
}

#[test]
fn only_the_methods_asked_for_are_drawn_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--methods", "naive_outcomes, oracle"];
    let text = drawn(folder.path(), &Sweep::default(), "learning-curves", &flags);
    assert!(
        text.contains("Naive")
            && text.contains("Full supervision, p × updates")
            && !text.contains("routing"),
        "{text}"
    );
    let numbers = fs::read_to_string(folder.path().join("out/final-returns.csv")).unwrap();
    assert!(numbers.contains(",oracle,") && !numbers.contains(",routing,"), "{numbers}");
    let errors = refused(folder.path(), &["--methods", "routng"]);
    assert!(
        errors.contains("--methods routng") && errors.contains("mean \"routing\"?"),
        "{errors}"
    );
}

#[test]
fn axes_end_where_they_are_asked_to_and_legends_name_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--x-max", "400", "--y-range", "-0.1,0.3"];
    let text = drawn(folder.path(), &Sweep::default(), "learning-curves", &flags);
    assert!(text.contains(" 400 p = 0.1") && !text.contains("500"), "{text}");
    assert!(text.contains("−0.1") && text.contains("0.3") && !text.contains("0.4"), "{text}");
    let beside = fs::read_to_string(folder.path().join("out/learning-curves.txt")).unwrap();
    assert!(beside.contains("Cut at the last update drawn: Gradient routing"), "{beside}");
    // Above 0.66 there is nothing of a curve that ends at 0.33, and none of the reference line.
    let flags = ["--y-range", "0.4,0.8"];
    let text = drawn(folder.path(), &Sweep::default(), "learning-curves", &flags);
    let legend = text.split("Gradient routing").next().unwrap();
    assert!(!legend.contains("Naive"), "{text}");
    assert!(
        text.contains("Full supervision, p × updates") && !text.contains("optimal policy 0"),
        "{text}"
    );
    for (flags, told) in [
        (["--x-max", "0"], "\"0\" is no number of updates"),
        (["--x-max", "-5"], "\"-5\" is no number of updates"),
        (["--y-range", "0.5"], "\"0.5\" is no range of two numbers"),
        (["--y-range", "0.5,0.1"], "from a lower to a higher"),
        (["--y-range", "0,nan"], "no range of two numbers"),
        (["--y-range", "0,1e300"], "no range of two numbers"),
    ] {
        let errors = refused(folder.path(), &flags);
        assert!(errors.contains(told), "{flags:?}: {errors}");
    }
}

#[test]
fn logarithmic_axes_of_updates_begin_at_the_first_above_0_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = Sweep { methods: support::METHODS.to_vec(), ..Sweep::default() };
    let flags = ["--only", "learning-curves,gaming-gap,early-stopping", "--log-updates"];
    drawn(folder.path(), &sweep, "learning-curves", &flags);
    for name in ["learning-curves", "gaming-gap", "early-stopping"] {
        let text = words(&folder.path().join(format!("out/{name}.svg")));
        assert!(text.contains("Update (log)"), "{name}: {text}");
        assert!(text.contains("Update 0 has no place on the logarithmic axis."), "{name}: {text}");
        // Evaluations are at 0, 100, ... 900 and 999.
        assert!(text.contains(" 100 200 500 "), "{name}: {text}");
    }
    let numbers = fs::read_to_string(folder.path().join("out/learning-curves.csv")).unwrap();
    assert!(numbers.contains(",routing,mean,0,"), "what is not drawn stays in the table");
    let flags = ["--only", "learning-curves", "--log-updates", "--x-max", "50"];
    let text = drawn(folder.path(), &sweep, "learning-curves", &flags);
    assert!(text.contains(" 5 10 20 50 "), "{text}");
}

#[test]
fn a_flag_that_changes_nothing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    Sweep::default().write(&folder.path().join("sweep"));
    for (flags, told) in [
        (&["--only", "policy", "--x-max", "100"][..], "--x-max changes nothing in policy"),
        (
            &["--only", "label-efficiency", "--log-updates"],
            "--log-updates changes nothing in label",
        ),
        (&["--only", "final-returns", "--y-range", "0,1"], "it is for learning-curves, early"),
        (&["--only", "gaming-gap,policy", "--no-reference-lines"], "nothing in gaming-gap, policy"),
    ] {
        let errors = refused(folder.path(), flags);
        assert!(errors.contains(told), "{flags:?}: {errors}");
    }
}

#[test]
fn the_optimum_has_a_line_within_reach_and_else_a_number_at_the_edge() {
    let folder = tempfile::tempdir().unwrap();
    // Returns end between 0.3 and 0.75, and the optimum is 0.909.
    let text = drawn(folder.path(), &Sweep::default(), "learning-curves", &[]);
    assert!(text.contains("optimal policy") && !text.contains('↑'), "{text}");
    let flags = ["--methods", "naive_outcomes"];
    let text = drawn(folder.path(), &Sweep::default(), "learning-curves", &flags);
    assert!(text.contains("↑ optimal policy: 0.909") && !text.contains(" 0.8 "), "{text}");
    let text = words(&folder.path().join("out/final-returns.svg"));
    assert!(text.contains("optimal policy: 0.909 →") && !text.contains(" 0.8 "), "{text}");
    for flags in [&["--no-reference-lines"][..], &["--no-reference-lines", flags[0], flags[1]]] {
        drawn(folder.path(), &Sweep::default(), "learning-curves", flags);
        for name in ["learning-curves", "final-returns", "oversight-levels"] {
            let text = words(&folder.path().join(format!("out/{name}.svg")));
            assert!(!text.contains("optimal"), "{name}: {text}");
        }
    }
}

/// Files of runs that nobody planned: `oracle` is drawn over the updates that it has.
#[test]
fn runs_without_a_plan_are_not_stretched() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = Sweep { oversight: vec![0.01], updates: 10_000, every: 10, ..Sweep::default() };
    let results = folder.path().join("sweep");
    sweep.write(&results);
    fs::remove_file(results.join("plan.toml")).unwrap();
    fs::remove_file(results.join("runs.csv")).unwrap();
    let text = drawn(folder.path(), &sweep, "learning-curves", &[]);
    assert!(text.contains("10,000") && !text.contains("as many as the others"), "{text}");
    let numbers = fs::read_to_string(folder.path().join("out/learning-curves.csv")).unwrap();
    let oracle = numbers.lines().rfind(|line| line.contains(",oracle,mean,")).unwrap();
    assert!(oracle.contains(",mean,99,"), "{oracle}");
}

#[test]
fn a_stretched_curve_is_cut_where_the_others_have_no_updates() {
    let folder = tempfile::tempdir().unwrap();
    let (short, long) = (folder.path().join("short"), folder.path().join("long"));
    let out = folder.path().join("out");
    Sweep { methods: vec!["naive_outcomes"], ..Sweep::default() }.write(&short);
    Sweep { methods: vec!["oracle"], updates: 172_000, ..Sweep::default() }.write(&long);
    draw(&[&short, &long], &out, &["--only", "learning-curves"]);
    let text = words(&out.join("learning-curves.svg"));
    assert!(text.contains("1,000") && !text.contains("50,000"), "{text}");
    assert!(
        text.contains(
            "Cut where the others end, though it goes on: Full supervision, p × updates at p = 0.1."
        ),
        "{text}"
    );
}

#[test]
fn panels_whose_extents_differ_much_have_axes_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let (short, long) = (folder.path().join("short"), folder.path().join("long"));
    let methods = vec!["naive_outcomes"];
    for (updates, apart) in [(2_000, false), (50_000, true)] {
        let out = folder.path().join(updates.to_string());
        let sweep = Sweep { methods: methods.clone(), ..Sweep::default() };
        sweep.write(&short);
        Sweep { oversight: vec![0.3], updates, ..sweep }.write(&long);
        draw(&[&short, &long], &out, &["--only", "learning-curves"]);
        let text = words(&out.join("learning-curves.svg"));
        let ticks = text.split_whitespace().filter(|word| *word == "1,000").count();
        assert_eq!(ticks, if apart { 1 } else { 2 }, "{text}");
        assert_eq!(text.contains("50,000"), apart, "{text}");
        fs::remove_dir_all(&long).unwrap();
    }
}
