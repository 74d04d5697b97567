//! Files that other programs touched, other versions wrote or other sweeps left behind: what can be read
//! without guessing is read, and a bad file hides its own run only.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use gr_figures::data::Results;
use gr_runs::{RunSpec, SweepFile};
use support::{Sweep, draw, edit, gr_figures, run_id, svg_text};

const FIGURE: [&str; 2] = ["--only", "learning-curves"];

fn sweep() -> Sweep {
    Sweep { methods: vec!["routing", "naive_early_stopping"], ..Sweep::default() }
}

fn evaluations(folder: &Path, seed: u64) -> PathBuf {
    folder.join(format!("eval_results_{}.csv", run_id("routing", 0.1, seed)))
}

fn arguments<'a>(folder: &'a Path, out: &'a Path) -> [&'a str; 5] {
    [folder.to_str().unwrap(), "--out", out.to_str().unwrap(), FIGURE[0], FIGURE[1]]
}

/// The numbers that are drawn of a folder, and what is said meanwhile; all of it must be drawn.
fn numbers(folder: &Path) -> (String, String) {
    let out = tempfile::tempdir().unwrap();
    let errors = draw(&[folder], out.path(), &FIGURE);
    (fs::read_to_string(out.path().join("learning-curves.csv")).unwrap(), errors)
}

/// Exit code and standard error.
fn attempt(folder: &Path) -> (i32, String) {
    let out = tempfile::tempdir().unwrap();
    let output = gr_figures(&arguments(folder, out.path()));
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn csv_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|end| end == "csv")).collect()
}

/// The cells of a CSV text without quotes.
fn cells(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split(',').collect()).collect()
}

fn join(cells: Vec<Vec<String>>) -> String {
    cells.into_iter().map(|row| row.join(",") + "\n").collect()
}

#[test]
fn what_spreadsheets_and_data_frames_save_gives_the_same_numbers() {
    let as_float = |header: &str, cell: &str| {
        let whole = ["update_idx", "seed", "planned_updates", "updates", "selected_update"];
        if whole.contains(&header) && !cell.is_empty() { format!("{cell}.0") } else { cell.into() }
    };
    let rewrite = |text: &str, change: &dyn Fn(&str, &str) -> String| {
        let cells = cells(text);
        let rows = cells.iter().enumerate().map(|(index, row)| {
            let named = row.iter().zip(&cells[0]);
            named.map(|(c, h)| if index == 0 { c.to_string() } else { change(h, c) }).collect()
        });
        join(rows.collect())
    };
    type Change<'a> = Box<dyn Fn(&str) -> String + 'a>;
    let changes: [(&str, Change<'_>); 7] = [
        ("line ends", Box::new(|text| text.replace('\n', "\r\n"))),
        ("a byte order mark", Box::new(|text| format!("\u{feff}{text}"))),
        ("no last line break", Box::new(|text| text.trim_end().to_string())),
        (
            "quotes",
            Box::new(|text| {
                let rows = cells(text).into_iter();
                join(rows.map(|row| row.iter().map(|c| format!("\"{c}\"")).collect()).collect())
            }),
        ),
        (
            "another order and an index",
            Box::new(|text| {
                let rows = cells(text).into_iter().enumerate().map(|(index, row)| {
                    let first = if index == 0 { String::new() } else { (index - 1).to_string() };
                    let reversed = row.iter().rev().map(|cell| cell.to_string());
                    std::iter::once(first).chain(reversed).collect()
                });
                join(rows.collect())
            }),
        ),
        ("fractions", Box::new(|text| rewrite(text, &as_float))),
        ("blanks", Box::new(|text| rewrite(text, &|_, cell| format!(" {cell} ")))),
    ];
    let folder = tempfile::tempdir().unwrap();
    sweep().write(folder.path());
    let (expected, _) = numbers(folder.path());
    for (name, change) in changes {
        sweep().write(folder.path());
        for path in csv_files(folder.path()) {
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, change(&text)).unwrap();
        }
        let (found, errors) = numbers(folder.path());
        assert_eq!(found, expected, "{name}: {errors}");
    }
}

#[test]
fn a_last_line_is_taken_if_it_is_whole_and_agrees_with_the_result() {
    let folder = tempfile::tempdir().unwrap();
    sweep().write(folder.path());
    let (expected, _) = numbers(folder.path());
    // The return stands last, so that nothing but the run's result tells whether it is cut.
    let path = evaluations(folder.path(), 0);
    let text = fs::read_to_string(&path).unwrap();
    let moved = cells(&text).into_iter().map(|row| {
        let place = 10;
        let mut row: Vec<String> = row.iter().map(|cell| cell.to_string()).collect();
        let value = row.remove(place);
        row.push(value);
        row
    });
    let diamond_last = join(moved.collect());
    let lines: Vec<&str> = diamond_last.lines().collect();
    // The ghost expert's line, the last, would be cut unseen; it is in no figure.
    let whole = lines[..lines.len() - 1].join("\n");
    fs::write(&path, &whole).unwrap();
    let (found, errors) = numbers(folder.path());
    assert_eq!(found, expected);
    assert!(errors.contains("has no line break at its end, but is whole and was read"), "{errors}");
    fs::write(&path, &whole[..whole.len() - 12]).unwrap();
    let (_, errors) = numbers(folder.path());
    assert!(
        errors.contains("the last and cut off") && errors.contains("the run's result says"),
        "{errors}"
    );
    assert!(errors.contains("ends at update 900 of a finished run of 1000 updates"), "{errors}");
}

#[test]
fn other_separators_and_formats_are_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    type Change = fn(&str) -> Vec<u8>;
    let changes: [(Change, &str); 5] = [
        (
            |text| text.replace('.', ",").replacen(',', ";", usize::MAX).into(),
            "by semicolons; save",
        ),
        (|text| text.replace(',', "\t").into(), "by tabs; save it with commas"),
        (|text| text.replacen("0.1,diamond", "\"0,1\",diamond", 1).into(), "not a comma"),
        (|text| text.encode_utf16().flat_map(u16::to_le_bytes).collect(), "NUL"),
        (|_| b"PK\x03\x04\x14\x00".to_vec(), "a spreadsheet or archive; export it as CSV"),
    ];
    for (change, mention) in changes {
        sweep().write(folder.path());
        let path = evaluations(folder.path(), 0);
        let text = fs::read_to_string(&path).unwrap();
        let marked = if mention == "NUL" { format!("\u{feff}{text}") } else { text };
        fs::write(&path, change(&marked)).unwrap();
        let (code, errors) = attempt(folder.path());
        let mention =
            if mention == "NUL" { "UTF-16 text; save it as CSV in UTF-8" } else { mention };
        assert!(code == 1 && errors.contains(mention), "{mention}: {errors}");
        let line = errors.lines().find(|line| line.contains(mention)).unwrap();
        assert!(line.contains("eval_results_routing_p0.1_s0") && line.len() < 400, "{line}");
    }
}

#[test]
fn a_bad_file_hides_its_own_run_only_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let tables = Sweep { tables: vec![0, 999], ..sweep() };
    tables.write(folder.path());
    fs::write(evaluations(folder.path(), 1), "<html>404</html>\n").unwrap();
    let stopped = run_id("naive_early_stopping", 0.1, 2);
    edit(&folder.path().join(format!("holdout_results_{stopped}.csv")), "\n0,", "\nnone,");
    let table = folder.path().join(format!("policy_tables_{}.csv", run_id("routing", 0.1, 0)));
    edit(&table, ",0,0,0,", ",0,0,99,");
    let out = tempfile::tempdir().unwrap();
    let output =
        gr_figures(&[folder.path().to_str().unwrap(), "--out", out.path().to_str().unwrap()]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let left_out = errors.lines().filter(|line| line.starts_with("left out: "));
    assert_eq!(left_out.count(), 3, "{errors}");
    for mention in [
        "s1_0123abcd.csv: column update_idx is missing",
        "line 2: update_idx \"none\" is not a whole number",
        "line 2: agent_cell \"99\" is not a cell of the grid",
        "1 of 3 runs left out (0 failed, 0 unfinished, 0 missing, 1 unreadable)",
    ] {
        assert!(errors.contains(mention), "{mention}: {errors}");
    }
    let caption = svg_text(&out.path().join("learning-curves.svg"));
    assert!(caption.contains("1 of 3 runs of Gradient routing at p = 0.1 (1 unreadable)"));
    // The table of the next seed is drawn in place of the damaged one.
    assert!(out.path().join("policy-routing-p0.1.svg").exists());

    for path in csv_files(folder.path()) {
        fs::write(path, "<html>404</html>\n").unwrap();
    }
    let (code, errors) = attempt(folder.path());
    assert!(code == 2 && errors.contains("runs.csv: column run_id is missing"), "{errors}");
}

#[test]
fn a_bad_folder_hides_itself_only() {
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("good"), folder.path().join("bad"));
    sweep().write(&good);
    Sweep { methods: vec!["filtering"], ..sweep() }.write(&bad);
    edit(&bad.join("runs.csv"), "run_id,", "name,");
    let out = folder.path().join("out");
    let [good, bad, out] = [&good, &bad, &out].map(|path| path.to_str().unwrap());
    let output = gr_figures(&[good, bad, "--out", out, FIGURE[0], FIGURE[1]]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("bad/runs.csv: column run_id is missing"), "{errors}");
    let numbers = fs::read_to_string(Path::new(out).join("learning-curves.csv")).unwrap();
    assert!(numbers.contains("routing") && !numbers.contains("filtering"));
    let output = gr_figures(&[bad, "--out", out]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");

    // A sweep that is over is told by runs.csv alone; one that is not is told by its plan.
    let plan = Path::new(good).join("plan.toml");
    edit(&plan, "updates = 1000", "updates = \"many\"");
    let (code, errors) = attempt(Path::new(good));
    assert!(code == 1 && errors.contains("plan.toml") && errors.contains("updates"), "{errors}");
    fs::remove_file(Path::new(good).join("runs.csv")).unwrap();
    assert_eq!(attempt(Path::new(good)).0, 2);
}

#[test]
fn columns_keys_and_methods_of_later_versions_are_read() {
    let folder = tempfile::tempdir().unwrap();
    sweep().write(folder.path());
    let (expected, _) = numbers(folder.path());
    for path in csv_files(folder.path()) {
        let text = fs::read_to_string(&path).unwrap();
        let renamed = text.replace("routing", "of_tomorrow");
        let rows = renamed.lines().enumerate().map(|(index, line)| match index {
            0 => format!("{line},schema_version,own_number\n"),
            _ => format!("{line},3,0.25\n"),
        });
        fs::write(&path, rows.collect::<String>()).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        fs::rename(&path, folder.path().join(name.replace("routing", "of_tomorrow"))).unwrap();
    }
    edit(&folder.path().join("plan.toml"), "\"routing\"", "\"of_tomorrow\"");
    edit(&folder.path().join("plan.toml"), "[evaluation]", "[tomorrow]\nkey = 1\n[evaluation]");
    let (found, _) = numbers(folder.path());
    let values = |text: &str, label: &str| {
        let lines = cells(text).into_iter().filter(|row| row[2] == label);
        lines.map(|row| row[3..].join(",")).collect::<Vec<_>>()
    };
    assert_eq!(values(&found, "of_tomorrow"), values(&expected, "routing"));
    assert!(!values(&found, "of_tomorrow").is_empty());
}

#[test]
fn labels_of_both_schemas_are_read() {
    for (column, cell) in [("labels_holdout", ",unlimited,"), ("labels_holdout", ",512.0,")] {
        let folder = tempfile::tempdir().unwrap();
        sweep().write(folder.path());
        edit(&folder.path().join("runs.csv"), ",512,hidden", &format!("{cell}hidden"));
        assert!(numbers(folder.path()).1.lines().all(|line| !line.contains(column)));
    }
    let folder = tempfile::tempdir().unwrap();
    sweep().write(folder.path());
    let path = folder.path().join("runs.csv");
    let text = fs::read_to_string(&path).unwrap();
    let rows = text.lines().enumerate().map(|(index, line)| match index {
        0 => format!("{line},labels_holdout_unlimited\n"),
        _ if line.contains(",512,hidden") => format!("{},True\n", line.replace(",512,", ",,")),
        _ => format!("{line},False\n"),
    });
    fs::write(&path, rows.collect::<String>()).unwrap();
    numbers(folder.path());
    edit(&path, ",500,0,", ",500,,");
    let (code, errors) = attempt(folder.path());
    assert!(
        code == 1 && errors.contains("labels_holdout \"\" is not a number of labels"),
        "{errors}"
    );
}

#[test]
fn runs_whose_names_begin_alike_are_told_apart_by_the_plan_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = Sweep { methods: vec!["naive_outcomes"], seeds: 2, ..Sweep::default() };
    sweep.write(folder.path());
    fs::remove_file(folder.path().join("runs.csv")).unwrap();
    let plan = folder.path().join("plan.toml");
    let file = SweepFile::parse_complete(&fs::read_to_string(&plan).unwrap(), &plan).unwrap();
    let (method, settings) = ("naive_outcomes".to_string(), file.settings);
    let planned = RunSpec { method, oversight: 0.1, seed: 0, settings }.id();
    let last = |id: &str| {
        let text =
            fs::read_to_string(folder.path().join(format!("eval_results_{id}.csv"))).unwrap();
        cells(&text).last().unwrap()[10].to_string()
    };
    let write_manifest = |id: &str, final_return: &str| {
        let text = format!(
            "[result]\npolicy_type = \"training_policy\"\nupdates = 1000\nfinal_return = \
             {final_return}\nselected_return = {final_return}\nselected_update = 999\n\
             labels_training = 7\nlabels_holdout = 0\n"
        );
        fs::write(folder.path().join(format!("run_{id}.toml")), text).unwrap();
    };
    for seed in 0..2 {
        let id = run_id("naive_outcomes", 0.1, seed);
        write_manifest(&id, &last(&id));
    }
    // The planned run lies beside one of another sweep that begins alike and sorts before it.
    let other = run_id("naive_outcomes", 0.1, 0);
    let text = fs::read_to_string(folder.path().join(format!("eval_results_{other}.csv"))).unwrap();
    let text = text.replace(&other, planned.as_str()).replace(&last(&other), "0.8125");
    fs::write(folder.path().join(format!("eval_results_{planned}.csv")), text).unwrap();
    write_manifest(planned.as_str(), "0.8125");
    let out = tempfile::tempdir().unwrap();
    draw(&[folder.path()], out.path(), &["--only", "final-returns"]);
    let drawn = fs::read_to_string(out.path().join("final-returns.csv")).unwrap();
    assert!(drawn.contains("0.8125") && !drawn.contains(&last(&other)), "{drawn}");

    let third = "naive_outcomes_p0.1_s0_fedcba98";
    fs::rename(
        folder.path().join(format!("run_{planned}.toml")),
        folder.path().join(format!("run_{third}.toml")),
    )
    .unwrap();
    fs::remove_file(folder.path().join(format!("eval_results_{planned}.csv"))).unwrap();
    let (code, errors) = attempt(folder.path());
    assert_eq!(code, 1, "{errors}");
    for mention in [&other, third, "begin alike and none of them", "1 of 2 runs left out"] {
        assert!(errors.contains(mention), "{mention}: {errors}");
    }
}

#[test]
fn the_optimum_and_the_axis_follow_from_the_plan_and_no_methods_name() {
    let folder = tempfile::tempdir().unwrap();
    for (rows, cols, expected) in [(5, 5, Some(0.90872)), (4, 3, None)] {
        let oracle = Sweep { methods: vec!["naive_outcomes", "oracle"], rows, cols, ..sweep() };
        oracle.write(folder.path());
        let results = Results::open(&[folder.path().into()], None, &|_| ()).unwrap();
        let optimum = results.optimal_return().unwrap();
        // On fewer cells the diamond is nearer, and an episode earns more for each of its steps.
        assert!(expected.map_or(optimum > 0.91, |e| f64::abs(optimum - e) < 1e-5), "{optimum}");
        for run in &results.runs {
            let expected = if run.series.method == "oracle" { 10.0 } else { 1.0 };
            assert_eq!(run.axis_scale(), expected, "{}", run.id);
        }
    }
}
