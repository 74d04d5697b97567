//! What is wrong is named by file, field and value, with exit code 2; what is missing is counted.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{Sweep, draw, edit, gr_figures, run_id, svg_text, write_search};

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn with(sweep: &Sweep) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        sweep.write(&place.sweep());
        place
    }

    fn sweep(&self) -> PathBuf {
        self.folder.path().join("sweep")
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn evaluations(&self, method: &str, seed: u64) -> PathBuf {
        self.sweep().join(format!("eval_results_{}.csv", run_id(method, 0.1, seed)))
    }

    fn caption(&self, figure: &str) -> String {
        svg_text(&self.out().join(format!("{figure}.svg")))
    }
}

/// Draws what must end with `code` and returns standard error.
fn errors(code: i32, folders: &[&Path], further: &[&str]) -> String {
    let out = tempfile::tempdir().unwrap();
    let mut arguments: Vec<&str> = folders.iter().map(|folder| folder.to_str().unwrap()).collect();
    arguments.extend(["--out", out.path().to_str().unwrap()]);
    arguments.extend(further);
    let output = gr_figures(&arguments);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(!errors.contains("panicked"), "{errors}");
    errors
}

/// Draws what must be refused and returns the one line that says why.
fn refused(folders: &[&Path], further: &[&str]) -> String {
    let errors = errors(2, folders, further);
    let last = errors.lines().last().unwrap_or_default().to_string();
    assert!(last.starts_with("gr-figures: "), "{errors}");
    last
}

/// Draws what must be drawn without one file or line of one, and returns the line that says why.
fn left_out(folder: &Path) -> String {
    let errors = errors(1, &[folder], &["--only", "final-returns"]);
    let said: Vec<&str> = errors.lines().filter(|line| line.starts_with("left out: ")).collect();
    assert_eq!(said.len(), 1, "{errors}");
    assert!(errors.contains("1 of 3 runs left out"), "{errors}");
    said[0].into()
}

fn assert_mentions(error: &str, mentions: &[&str]) {
    for mention in mentions {
        assert!(error.contains(mention), "no {mention:?} in: {error}");
    }
}

#[test]
fn damaged_files_are_refused_by_line_column_and_value() {
    let file = "eval_results_naive_outcomes_p0.1_s0_0123abcd.csv";
    for (from, to, mentions) in [
        ("900,6.5,", "900,6.5,much", vec![file, "line 2", "avg_return", "much"]),
        ("avg_return", "mean_return", vec![file, "column avg_return is missing"]),
        ("100,naive_outcomes", "0,naive_outcomes", vec![file, "line 3", "update_idx \"0\""]),
        ("100,naive_outcomes", "100,routing", vec![file, "line 3", "run_label \"routing\""]),
        ("0.1,training_policy", "0.2,training_policy", vec![file, "oversight_prob \"0.2\""]),
        ("training_policy", "expert", vec![file, "policy_type \"expert\"", "one of"]),
        ("fresh", "stale", vec![file, "first_observation \"stale\"", "fresh"]),
        ("900,6.5,", "900,", vec![file, "line 2", "16 values instead of 17"]),
    ] {
        let place = Place::with(&Sweep::default());
        edit(&place.evaluations("naive_outcomes", 0), from, to);
        assert_mentions(&left_out(&place.sweep()), &mentions);
    }
    for (from, to, mentions) in [
        ("finished", "done", vec!["runs.csv: line 2", "status \"done\"", "finished, failed"]),
        (
            ",1000,1000,",
            ",1000,999,",
            vec!["runs.csv: line 2", "selected_update \"999\"", "999 updates"],
        ),
    ] {
        let place = Place::with(&Sweep::default());
        edit(&place.sweep().join("runs.csv"), from, to);
        assert_mentions(&left_out(&place.sweep()), &mentions);
    }
    let place = Place::with(&Sweep::default());
    edit(&place.sweep().join("runs.csv"), "selected_return", "chosen_return");
    let error = refused(&[&place.sweep()], &[]);
    assert_mentions(&error, &["runs.csv", "selected_return is missing"]);
}

#[test]
fn a_result_that_disagrees_with_its_evaluations_is_refused() {
    let place = Place::with(&Sweep { methods: vec!["naive_outcomes"], ..Sweep::default() });
    let path = place.sweep().join("runs.csv");
    let text = fs::read_to_string(&path).unwrap();
    let last = text.lines().nth(1).unwrap().split(',').nth(10).unwrap().to_string();
    edit(&path, &last, "0.123");
    let error = left_out(&place.sweep());
    assert_mentions(&error, &["eval_results_naive_outcomes", &last, "0.123", "same run"]);
}

#[test]
fn folders_that_hold_no_sweep_are_refused_with_a_hint() {
    let place = Place::with(&Sweep::default());
    let parent = place.folder.path();
    assert_mentions(&refused(&[parent], &[]), &["holds no runs", "did you mean", "sweep?"]);
    let nowhere = parent.join("nowhere");
    assert_mentions(&refused(&[&nowhere], &[]), &["nowhere is not a folder"]);
    let twice = refused(&[&place.sweep(), &place.sweep()], &[]);
    assert_mentions(&twice, &["given twice"]);
    let unknown = refused(&[&place.sweep()], &["--only", "learning-curve"]);
    assert_mentions(&unknown, &["\"learning-curve\"", "did you mean \"learning-curves\"?"]);
    write_search(&parent.join("search"), 3);
    let trials = refused(&[&parent.join("search/trials")], &[]);
    assert_mentions(&trials, &["random", "give the search folder above"]);
}

#[test]
fn what_cannot_be_compared_is_not_put_into_one_figure() {
    let place = Place::with(&Sweep::default());
    let second = place.folder.path().join("second");
    let later = |sweep: Sweep| {
        if second.exists() {
            fs::remove_dir_all(&second).unwrap();
        }
        sweep.write(&second);
        refused(&[&place.sweep(), &second], &[])
    };
    let other = || Sweep { methods: vec!["filtering"], ..Sweep::default() };
    let grid = later(Sweep { cols: 4, ..other() });
    assert_mentions(&grid, &["environment.cols = 4", "has 5", "second/plan.toml"]);
    let meaning = later(Sweep { first_observation: "stale", ..other() });
    assert_mentions(&meaning, &["first_observation is fresh in run", "stale in run"]);
    let twice = later(Sweep { methods: vec!["routing"], ..other() });
    assert_mentions(&twice, &["routing at p = 0.1 has seed 0 twice", "second"]);

    // Another setting of one method is a series of its own, named by what is not the default; between methods it is said.
    let further = Sweep { methods: vec!["routing"], ..Sweep::default() };
    further.write(&second);
    edit(&second.join("plan.toml"), "5e-5", "1e-4");
    draw(&[&place.sweep(), &second], &place.out(), &[]);
    let numbers = fs::read_to_string(place.out().join("final-returns.csv")).unwrap();
    for mean in [
        "0.1,Gradient routing,routing,mean",
        "\"Gradient routing, learning rate 0.0001\",routing,mean",
    ] {
        assert!(numbers.contains(mean), "{mean}: {numbers}");
    }
    fs::remove_dir_all(&second).unwrap();
    other().write(&second);
    edit(&second.join("plan.toml"), "5e-5", "1e-4");
    draw(&[&place.sweep(), &second], &place.out(), &[]);
    let caption = place.caption("learning-curves");
    assert!(caption.contains("training.learning_rate differs between folders"), "{caption}");
}

#[test]
fn cut_lines_are_left_out_with_a_warning() {
    let place = Place::with(&Sweep::default());
    let path = place.evaluations("naive_outcomes", 1);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() - 30]).unwrap();
    let errors = draw(&[&place.sweep()], &place.out(), &[]);
    assert_mentions(
        &errors,
        &["s1_0123abcd.csv: line 12: it is the last and cut off", "15 values"],
    );
    assert!(errors.contains("ends at update 900 of a finished run of 1000 updates"), "{errors}");

    // A cut line of runs.csv is a run that is in no figure.
    let place = Place::with(&Sweep { methods: vec!["naive_outcomes"], ..Sweep::default() });
    let path = place.sweep().join("runs.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() - 30]).unwrap();
    assert_mentions(&left_out(&place.sweep()), &["runs.csv: line 4: it is the last and cut off"]);
}

#[test]
fn runs_that_did_not_finish_are_counted_and_not_averaged() {
    let place = Place::with(&Sweep { seeds: 4, ..Sweep::default() });
    let runs = place.sweep().join("runs.csv");
    let text = fs::read_to_string(&runs).unwrap();
    let states = [(1, "failed"), (2, "missing"), (3, "missing")];
    let changed: Vec<String> = text
        .lines()
        .map(|line| {
            match states.iter().find(|(seed, _)| line.starts_with(&run_id("routing", 0.1, *seed))) {
                Some((_, state)) => {
                    let start: Vec<&str> = line.split(',').take(6).collect();
                    format!("{},{state},,1000,,,,,,,,,,,", start.join(","))
                }
                None => line.to_string(),
            }
        })
        .collect();
    fs::write(&runs, changed.join("\n") + "\n").unwrap();
    // Seed 3 lets its rows so far be seen, so it is under way; seed 2 has none.
    let checkpoints = place.sweep().join("checkpoints");
    fs::create_dir_all(&checkpoints).unwrap();
    let rows = place.evaluations("routing", 3);
    fs::rename(&rows, checkpoints.join(rows.file_name().unwrap())).unwrap();
    fs::remove_file(place.evaluations("routing", 2)).unwrap();
    fs::write(place.sweep().join(format!("failed_{}.toml", run_id("routing", 0.1, 1))), "")
        .unwrap();
    let errors = draw(&[&place.sweep()], &place.out(), &[]);
    let counted = "3 of 4 runs left out (1 failed, 1 unfinished, 1 missing, 0 unreadable)";
    assert!(errors.contains(counted), "{errors}");
    for figure in ["learning-curves", "final-returns", "oversight-levels"] {
        let caption = place.caption(figure);
        let said = "3 of 4 runs of Gradient routing at p = 0.1 (1 failed, 1 unfinished, 1 missing)";
        assert!(caption.contains(said), "{figure}: {caption}");
        assert!(caption.contains("n = 4, but 1 for Gradient routing at p = 0.1."), "{caption}");
    }
    let numbers = fs::read_to_string(place.out().join("final-returns.csv")).unwrap();
    assert_eq!(numbers.lines().filter(|line| line.contains("Gradient routing")).count(), 2);
}

#[test]
fn a_sweep_under_way_is_drawn_from_the_runs_that_have_a_manifest() {
    let sweep = Sweep { methods: vec!["naive_outcomes"], ..Sweep::default() };
    let place = Place::with(&sweep);
    fs::remove_file(place.sweep().join("runs.csv")).unwrap();
    let none = draw(&[&place.sweep()], &place.out(), &["--only", "learning-curves"]);
    assert!(none.contains("learning-curves: not drawn, no finished run"), "{none}");
    assert!(none.contains("3 of 3 runs left out (0 failed, 3 unfinished"), "{none}");
    let last = support::true_return("naive_outcomes", 0.1, 1, 1.0);
    let manifest = format!(
        "[result]\npolicy_type = \"training_policy\"\nupdates = 1000\nfinal_return = {last}\n\
         selected_return = {last}\nselected_update = 999\n\
         labels_training = 7\nlabels_holdout = 0\n"
    );
    let id = run_id("naive_outcomes", 0.1, 1);
    let path = place.sweep().join(format!("run_{id}.toml"));
    fs::write(&path, manifest.replace("updates = 1000", "updates = 999")).unwrap();
    assert_mentions(
        &refused(&[&place.sweep()], &[]),
        &[&id, "selected_update is 999", "999 updates"],
    );
    for (from, to, mention) in [
        ("final_return =", "other_return =", "final_return is missing"),
        ("updates = 1000", "updates = \"many\"", "line 3: updates = \"many\" is not what belongs"),
        ("selected_return = ", "selected_return = 1e300 # ", "result.selected_return = 1e300"),
    ] {
        fs::write(&path, manifest.replace(from, to)).unwrap();
        assert_mentions(&refused(&[&place.sweep()], &[]), &[&id, mention]);
    }
    // Labels are a number or absent, as in every table.
    for (labels, cells) in [("\"unlimited\"", "7,,true"), ("0", "7,0,false")] {
        let named = format!("labels_holdout = {labels}");
        fs::write(&path, manifest.replace("labels_holdout = 0", &named)).unwrap();
        draw(&[&place.sweep()], &place.out(), &["--only", "final-returns"]);
        let numbers = fs::read_to_string(place.out().join("final-returns.csv")).unwrap();
        assert!(numbers.contains(&format!("seed 1,{last},,,1,{cells},")), "{numbers}");
        assert!(numbers.contains(&format!("mean,{last},,,1,{cells},")), "{numbers}");
        assert_eq!(numbers.lines().count(), 3);
    }
    let caption = place.caption("final-returns");
    assert!(caption.contains("2 of 3 runs of Naive at p = 0.1 (2 unfinished)"), "{caption}");
}

#[test]
fn bare_published_files_are_drawn_and_what_they_lack_is_said() {
    let place = Place { folder: tempfile::tempdir().unwrap() };
    fs::create_dir_all(place.sweep()).unwrap();
    let rows = |method: &str, policy: &str, id: u32| {
        let header = "update_idx,run_label,oversight_prob,policy_type,reached_diamond_seen,\
            reached_ghost_seen,reached_diamond_unseen,reached_ghost_unseen,n_complete_eps,\
            complete_ep_len,avg_return,run_id\n";
        let row = |update: u32| {
            format!("{update},{method},0.3,{policy},0,0,0.5,0.5,9,9,0.0{update},{id}\n")
        };
        header.to_string() + &row(1) + &row(2) + &row(3)
    };
    for (id, method, policy) in
        [(7, "naive_outcomes", "training_policy"), (8, "routing", "diamond")]
    {
        let path = place.sweep().join(format!("eval_results_{id}.csv"));
        fs::write(path, rows(method, policy, id)).unwrap();
    }
    draw(&[&place.sweep()], &place.out(), &[]);
    let caption = place.caption("learning-curves");
    assert_mentions(
        &caption,
        &[
            "n = 1 (seeds not recorded). Intervals need 2 or more.",
            "First observation: not recorded in these files.",
            "nobody can tell whether runs are missing",
            "Gradient routing",
            "p = 0.3",
        ],
    );
    assert!(!caption.contains("optimal policy"), "nothing says which grid this is");

    // As a reference they go where the level is the same.
    let other = Place::with(&Sweep { oversight: vec![0.1, 0.3], ..Sweep::default() });
    let reference = place.sweep();
    let further = ["--reference", reference.to_str().unwrap(), "--only", "learning-curves"];
    draw(&[&other.sweep()], &other.out(), &further);
    let caption = other.caption("learning-curves");
    assert!(caption.contains("2 of 2 at levels drawn here"), "{caption}");
    assert!(caption.contains("first observation not recorded in its files"), "{caption}");
    let numbers = fs::read_to_string(other.out().join("learning-curves.csv")).unwrap();
    assert!(numbers.contains("0.3,reference run 7,naive_outcomes,reference,2,0.02,,,1"));
}
