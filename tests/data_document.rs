//! `docs/data.md` and `docs/columns.csv` name every column that a program writes, with its type, its unit and its
//! meaning. They are made from what the code says of its rows; `GR_BLESS=1 cargo test --release --workspace --test
//! data_document` makes them anew.

#[path = "../crates/gr-learn/benches/rows/mod.rs"]
mod benchmark_rows;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use benchmark_rows::BenchmarkRow;
use gr_figures::figures::FIGURES;
use gr_learn::METHODS;
use gr_runs::{
    COLUMNS_HEADER, Column, CsvFile, CsvRow, EvaluationRow, HoldoutRow, PolicyTableRow, RunRow,
    RunSpec, Settings, TrainingRow, TrialRow, columns_markdown, columns_records,
};
use support::search::{FIXED, Place, SEARCHED};
use support::{SMALL, binary, root, succeed, sweep, texts};

/// What stands above it in `docs/data.md` is written by hand.
const MARK: &str =
    "<!-- Below: made by GR_BLESS=1 cargo test --release --workspace --test data_document -->\n";

const RUNS: [CsvFile; 6] = [
    RunRow::FILE,
    EvaluationRow::FILE,
    TrainingRow::FILE,
    HoldoutRow::FILE,
    PolicyTableRow::FILE,
    TrialRow::FILE,
];

gr_runs::csv_rows! {
    /// What `scripts/peers/pytorch_peer.py` measured: updates in PyTorch.
    "peers.csv": PeerRow {
        /// Method label.
        method: String;
        /// Oversight level p.
        oversight: f64, "probability";
        /// Threads that PyTorch used.
        threads: u64, "threads";
        /// Updates that were timed.
        updates: u64, "updates";
        /// Time by the clock.
        wall_ms_per_update: f64, "ms";
        /// CPU time of all threads.
        cpu_ms_per_update: f64, "ms";
        /// Largest memory of the process, libraries included.
        peak_memory_mb: u64, "MB";
        /// Version of PyTorch.
        torch_version: String;
        /// Version of Python.
        python_version: String;
        /// Name of the processor.
        cpu: String;
        /// Different observations met in an update, on average.
        distinct_observations: u64, "observations";
        /// What was not at its default; empty if nothing.
        options: String;
    }
}

/// Columns under a heading, of one file.
struct Section {
    heading: String,
    text: String,
    file: String,
    columns: Vec<Column>,
}

fn section(file: &CsvFile) -> Section {
    Section {
        heading: format!("### `{}`", file.name),
        text: file.meaning.split_whitespace().collect::<Vec<_>>().join(" "),
        file: file.name.into(),
        columns: file.columns.to_vec(),
    }
}

/// The columns that methods record behind those of every run.
fn of_methods() -> Vec<Section> {
    let mut sections = Vec::new();
    for method in METHODS {
        let settings = Settings::default();
        let spec = RunSpec { method: method.label.into(), oversight: 0.5, seed: 0, settings };
        let crediting = (method.crediting)(&spec);
        let recorded = [
            (TrainingRow::FILE.name, crediting.recorded(None)),
            (EvaluationRow::FILE.name, crediting.evaluation_columns()),
        ];
        for (file, columns) in recorded.into_iter().filter(|(_, columns)| !columns.is_empty()) {
            sections.push(Section {
                heading: format!("### `{file}` of `{}`", method.label),
                text: "Behind the columns above.".into(),
                file: file.into(),
                columns: columns.into_iter().map(|(column, _)| column).collect(),
            });
        }
    }
    sections
}

fn of_figures() -> Vec<Section> {
    let section = |figure: &gr_figures::figures::Figure| Section {
        heading: format!("### `{}<-..>.csv`", figure.name),
        text: format!("The numbers in: {}.", figure.summary),
        file: format!("{}<-..>.csv", figure.name),
        columns: figure.columns.to_vec(),
    };
    FIGURES.iter().map(section).collect()
}

/// Everything, chapter by chapter.
fn chapters() -> [(&'static str, Vec<Section>); 4] {
    let benchmarks = [BenchmarkRow::FILE, PeerRow::FILE];
    [
        ("Sweeps and searches", RUNS.iter().map(section).collect()),
        ("What methods record of their own", of_methods()),
        ("Numbers in pictures", of_figures()),
        ("Benchmarks", benchmarks.iter().map(section).collect()),
    ]
}

/// By file the columns that are documented.
fn documented() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut files: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for section in chapters().into_iter().flat_map(|(_, sections)| sections) {
        files.entry(section.file).or_default().extend(section.columns.iter().map(|c| c.name));
    }
    files
}

/// The documented file that a file called `name` is: `<..>` stands for anything, `<-..>` for nothing or what begins
/// with a stroke.
fn kind_of<'a>(name: &str, files: &'a BTreeMap<String, BTreeSet<&str>>) -> &'a str {
    let fits = |pattern: &&String| match pattern.split_once('<') {
        None => *pattern == name,
        Some((start, rest)) => {
            let (what, end) = rest.split_once('>').expect("a pattern is closed");
            let between = name.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
            between.is_some_and(|found| {
                !what.starts_with('-') || found.is_empty() || found.starts_with('-')
            })
        }
    };
    let found: Vec<&String> = files.keys().filter(fits).collect();
    assert_eq!(found.len(), 1, "{name} is {found:?}");
    found[0]
}

/// The columns of a CSV file.
fn header(path: &Path) -> Vec<String> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.headers().unwrap().iter().map(String::from).collect()
}

/// Every CSV file below `folder`.
fn csv_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| match path.is_dir() {
        true => csv_files(&path),
        false => vec![path],
    });
    files.filter(|path| path.extension().is_some_and(|end| end == "csv")).collect()
}

#[test]
fn the_documents_say_what_the_code_says() {
    let path = root().join("docs/data.md");
    let committed = fs::read_to_string(&path).unwrap();
    let (by_hand, _) = committed.split_once(MARK).expect("docs/data.md has the mark");
    let mut text = by_hand.to_string() + MARK;
    let mut records = csv::Writer::from_writer(Vec::new());
    records.write_record(COLUMNS_HEADER).unwrap();
    for (chapter, sections) in chapters() {
        text += &format!("\n## {chapter}\n");
        for Section { heading, text: meaning, file, columns } in sections {
            text += &format!("\n{heading}\n\n{meaning}\n\n{}", columns_markdown(&columns));
            for record in columns_records(&file, &columns) {
                records.write_record(record).unwrap();
            }
        }
    }
    let records = String::from_utf8(records.into_inner().unwrap()).unwrap();
    let table = root().join("docs/columns.csv");
    if std::env::var_os("GR_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
        fs::write(&table, &records).unwrap();
    }
    let renew = "GR_BLESS=1 cargo test --release --workspace --test data_document makes it anew";
    assert!(fs::read_to_string(&path).unwrap() == text, "docs/data.md: {renew}");
    assert!(fs::read_to_string(&table).unwrap() == records, "docs/columns.csv: {renew}");
}

#[test]
fn every_column_is_explained_in_a_sentence() {
    for section in chapters().into_iter().flat_map(|(_, sections)| sections) {
        let mut names = BTreeSet::new();
        for Column { name, values, unit, meaning, may_be_empty } in section.columns {
            let place = format!("{}: {name}", section.file);
            assert!(names.insert(name), "{place} is there twice");
            assert!(meaning.trim().ends_with('.'), "{place}: {meaning}");
            let is_number = matches!(values.name(), "integer" | "number");
            let counts = ["seed", "schema_version", "trial"].contains(&name);
            assert_eq!(!unit.is_empty(), is_number && !counts, "{place}: unit {unit:?}");
            // A reader of tables by default makes objects of truth values some of which are absent.
            assert!(values.name() != "boolean" || !may_be_empty, "{place} may be empty");
        }
    }
}

/// Every column that the programs write is documented, and every documented one is written.
#[test]
fn what_programs_write_is_what_is_documented() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("sweep");
    let arguments = ["--oversight=0.5", "--seeds=0..2", "--updates=30", "--early-stopping"];
    let methods = ["--methods=routing,naive_early_stopping,reward_model,corrective_actions"];
    succeed(&mut sweep(&results, &[SMALL, &arguments, &methods].concat()));
    let erring = ["--methods=routing,reward_model", "--set=overseer.label_noise=0.2"];
    succeed(&mut sweep(&results, &[SMALL, &arguments, &erring].concat()));
    let search = Place::new(&format!("{FIXED}{SEARCHED}"));
    succeed(&mut search.search("search", 2, &["--updates=30", "--no-rerun"]));
    let pictures = folder.path().join("pictures");
    let mut figures = Command::new(binary("gr-figures"));
    figures.args([&results, &search.at("search")]).arg("--out").arg(&pictures);
    succeed(&mut figures);

    let files = documented();
    let mut written: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut take = |path: &Path| {
        let name = path.file_name().unwrap().to_string_lossy();
        let kind = kind_of(&name, &files);
        let searched = |column: &String| kind == "trials.csv" && column.contains('.');
        let columns = header(path).into_iter().filter(|column| !searched(column));
        written.entry(kind).or_default().extend(columns);
    };
    for place in [&results, &search.at("search"), &pictures] {
        csv_files(place).iter().for_each(|path| take(path));
    }
    csv_files(&root().join("results/benchmarks")).iter().for_each(|path| take(path));
    for (file, columns) in &files {
        let written: BTreeSet<&str> = written[&**file].iter().map(String::as_str).collect();
        assert_eq!(written, *columns, "{file}");
    }
}

/// What earlier versions wrote is documented too: they had fewer columns.
#[test]
fn columns_of_published_files_are_documented() {
    let files = documented();
    let paths = csv_files(&root().join("results/published"));
    assert!(paths.len() > 150);
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let columns = header(&path);
        let is_runs = columns[0] == "run_id" && columns.iter().any(|column| column == "status");
        let kind = kind_of(if is_runs { "runs.csv" } else { &name }, &files);
        for column in columns {
            let searched = kind == "trials.csv" && column.contains('.');
            assert!(searched || files[kind].contains(&*column), "{}: {column}", path.display());
        }
    }
}

/// Every word of `--json` of a sweep stands in `docs/data.md`, and has the meaning of the column of its name.
#[test]
fn reports_use_documented_words() {
    fn words(value: &serde_json::Value, found: &mut BTreeSet<String>) {
        match value {
            serde_json::Value::Object(fields) => fields.iter().for_each(|(name, value)| {
                found.insert(name.clone());
                words(value, found);
            }),
            serde_json::Value::Array(values) => values.iter().for_each(|value| words(value, found)),
            _ => {}
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "--methods=routing,filtering",
        "--oversight=0.5",
        "--seeds=0..2",
        "--updates=10",
        "--json",
    ];
    let (report, _) = texts(&succeed(&mut sweep(folder.path(), &[SMALL, &arguments].concat())));
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["schema_version"], gr_runs::REPORT_VERSION);
    let mut found = BTreeSet::new();
    words(&report, &mut found);
    let document = fs::read_to_string(root().join("docs/data.md")).unwrap();
    for word in found {
        assert!(document.contains(&format!("`{word}`")), "{word} is not in docs/data.md");
    }
}
