//! The numbers in `docs/findings.md` and in the README's table follow from the published runs by the published
//! protocol. `GR_BLESS=1 cargo test --release --workspace --test findings` writes them anew.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use gr_figures::data::{Results, Run};
use gr_runs::{Key, SeedSet, default_config};
use gr_stats::{
    Estimate, FEWEST_SEEDS, MARGIN, Pilot, Verdict, interquartile_mean, judge_family, mean,
    mean_interval, paired_differences, plan_pair, share_below, welch_difference,
};
use serde::Deserialize;
use support::root;
use toml::{Table, Value};

#[derive(Deserialize)]
struct Protocol {
    common: Common,
    methods: BTreeMap<String, Table>,
    claims: Vec<Claim>,
}

#[derive(Deserialize)]
struct Common {
    oversight: f64,
    first_observation: String,
    updates: u64,
}

#[derive(Deserialize)]
struct Claim {
    question: String,
    a: String,
    b: String,
}

/// What the protocol says of a method that is no setting.
const NO_SETTING: [&str; 4] = ["method", "methods", "seeds", "updates"];

/// Settings that set methods of the protocol apart, each with its key.
const SETTINGS: [(&str, &str); 5] = [
    ("holdout_source", "early_stopping.holdout_source"),
    ("holdout_fraction", "early_stopping.holdout_fraction"),
    ("reward_model.sees", "reward_model.sees"),
    ("training.overseen_weight", "training.overseen_weight"),
    ("training.reward", "training.reward"),
];

/// The finished runs of one method of the protocol, by seed.
type Runs<'a> = BTreeMap<u64, &'a Run>;

/// Those of every method, by its name there.
type Methods<'a> = BTreeMap<String, Runs<'a>>;

fn protocol() -> Protocol {
    let path = root().join("results/published/protocol.toml");
    toml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Published runs at the protocol's level. Those trained by the protocol come first.
fn published(protocol: &Protocol) -> Vec<Results> {
    let runs = root().join("results/published/runs");
    let folders = fs::read_dir(&runs).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> =
        folders.filter(|folder| folder.join("runs.csv").is_file()).collect();
    folders.sort();
    let answer = runs.join("answer");
    folders.sort_by_key(|folder| *folder != answer);
    let results = folders
        .iter()
        .map(|folder| Results::open(std::slice::from_ref(folder), None, &|_| ()).unwrap());
    let is_meant = |run: &Run| {
        run.oversight.0 == protocol.common.oversight
            && run.first_observation.as_ref() == Some(&protocol.common.first_observation)
    };
    results.filter(|results| results.finished().any(is_meant)).collect()
}

/// The runs of each method that the protocol names.
fn methods<'a>(protocol: &Protocol, results: &'a [Results]) -> Methods<'a> {
    let mut found = BTreeMap::new();
    for (name, entry) in &protocol.methods {
        let labels = match entry.get("methods") {
            None => vec![(name.clone(), entry["method"].as_str().unwrap())],
            Some(labels) => {
                let labels = labels.as_array().unwrap().iter().map(|label| label.as_str().unwrap());
                labels.map(|label| (label.to_string(), label)).collect()
            }
        };
        for key in entry.keys() {
            let is_known = SETTINGS.iter().any(|(known, _)| known == key);
            assert!(is_known || NO_SETTING.contains(&key.as_str()), "{name}: {key}");
        }
        for (name, label) in labels {
            let mut runs = Runs::new();
            for run in results.iter().flat_map(Results::finished) {
                if is_of(protocol, entry, label, run) {
                    runs.entry(run.seed.unwrap()).or_insert(run);
                }
            }
            found.insert(name, runs);
        }
    }
    found
}

/// Whether `run` is one of the method `label` as `entry` of the protocol wants it.
fn is_of(protocol: &Protocol, entry: &Table, label: &str, run: &Run) -> bool {
    let common = &protocol.common;
    let updates = entry.get("updates").map_or(common.updates, |it| it.as_integer().unwrap() as u64);
    let seeds: SeedSet = entry["seeds"].as_str().unwrap().parse().unwrap();
    let defaults = default_config();
    let Some(planned) = &run.planned else { return false };
    let stops = entry.contains_key("holdout_source");
    let has = |(name, key): &(&str, &str)| {
        // A holdout's settings say nothing of runs without one, and its share nothing where it is privileged.
        let is_idle = key.starts_with("early_stopping.") && (!stops || !entry.contains_key(*name));
        let default = Key::find(key).map(|key| key.value(&defaults));
        let wanted = entry.get(*name).cloned().or(default.clone());
        is_idle || planned.flat.get(*key).cloned().or(default).map(number) == wanted.map(number)
    };
    run.series.method == label
        && run.series.holdout.is_some() == stops
        && run.oversight.0 == common.oversight
        && run.first_observation.as_ref() == Some(&common.first_observation)
        && run.configured_updates == Some(updates)
        && run.seed.is_some_and(|seed| seeds.as_slice().contains(&seed))
        && SETTINGS.iter().all(has)
}

/// Whole numbers as the numbers that they are.
fn number(value: Value) -> Value {
    value.as_integer().map_or(value, |whole| Value::Float(whole as f64))
}

fn returns(runs: &Runs<'_>) -> Vec<f64> {
    runs.values().map(|run| run.kept.unwrap().true_return).collect()
}

fn signed(value: f64) -> String {
    let sign = if value < 0.0 { '−' } else { '+' };
    format!("{sign}{:.3}", value.abs())
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let parts = digits.as_bytes().rchunks(3).rev().map(|part| std::str::from_utf8(part).unwrap());
    parts.collect::<Vec<_>>().join(",")
}

fn with_interval(values: &[f64]) -> String {
    let found = mean_interval(values, 0.95).unwrap();
    let half = found.half_width.map_or_else(String::new, |half| format!(" ± {half:.3}"));
    signed(found.mean) + &half
}

fn failed(values: &[f64]) -> String {
    let Estimate { value, low, high } = share_below(values, 0.1, 0.95).unwrap();
    format!("{:.0} % ({:.0} to {:.0})", 100.0 * value, 100.0 * low, 100.0 * high)
}

/// Mean labels: to train, and to choose a checkpoint.
fn labels(runs: &Runs<'_>) -> String {
    let of = |label: &dyn Fn(&Run) -> Option<f64>| {
        let all: Option<Vec<f64>> = runs.values().map(|run| label(run)).collect();
        all.and_then(|all| mean(&all))
    };
    let training = of(&|run| Some(run.labels?.training as f64)).map_or("?".into(), thousands);
    let is_unlimited =
        runs.values().any(|run| run.labels.is_some_and(|it| it.holdout.counted().is_none()));
    let holdout = of(&|run| Some(run.labels?.holdout.counted()? as f64));
    match holdout {
        _ if is_unlimited => format!("{training} + unlimited"),
        Some(holdout) if holdout > 0.0 => format!("{training} + {}", thousands(holdout)),
        _ => training,
    }
}

/// A − B by Welch, with the half-width at 95 %.
fn difference(a: &[f64], b: &[f64]) -> String {
    let Some(found) = welch_difference(a, b) else { return String::new() };
    format!("{} ± {:.3}", signed(found.interval(0.95).value), found.half_width(0.95))
}

fn paired(a: &Runs<'_>, b: &Runs<'_>) -> String {
    let by_seed = |runs: &Runs<'_>| -> Vec<(u64, f64)> {
        runs.iter().map(|(seed, run)| (*seed, run.kept.unwrap().true_return)).collect()
    };
    let found = paired_differences(&by_seed(a), &by_seed(b)).unwrap();
    let Some((mean, half)) =
        found.mean_interval(0.95).and_then(|it| Some((it.mean, it.half_width?)))
    else {
        return String::new();
    };
    format!("{} to {} ({})", signed(mean - half), signed(mean + half), found.differences.len())
}

/// How many runs of A and of B would settle a claim, were the spread and the difference to stay as they are.
fn runs_that_settle(a: &[f64], b: &[f64]) -> String {
    let Some(found) = welch_difference(a, b) else { return String::new() };
    let value = found.interval(0.95).value;
    let pilots = || [a, b].map(|runs| Pilot::of_runs(runs, 1.0).unwrap());
    let half_widths = [(value - MARGIN, 0.95), (MARGIN - value.abs(), 0.9), (-value, 0.95)];
    let plans = half_widths.into_iter().filter(|(half_width, _)| *half_width > 0.0);
    let plans =
        plans.filter_map(|(half_width, confidence)| plan_pair(pilots(), half_width, confidence));
    let fewest = plans.min_by_key(|[a, b]| a + b);
    fewest.map_or_else(|| "?".into(), |[a, b]| format!("{a} and {b}"))
}

fn method_rows(protocol: &Protocol, methods: &Methods<'_>) -> String {
    let mut text = "| method | runs | true return | interquartile mean | failed runs | labels to train + to choose |\n\
                    | --- | --- | --- | --- | --- | --- |\n"
        .to_string();
    let mut names: Vec<&String> = methods.keys().collect();
    let place = |name: &str| {
        let sides = protocol.claims.iter().flat_map(|claim| [&claim.b, &claim.a]);
        sides.enumerate().find(|(_, side)| *side == name).map_or(usize::MAX, |(place, _)| place)
    };
    names.sort_by_key(|name| place(name));
    for name in names {
        let runs = &methods[name];
        if runs.is_empty() {
            continue;
        }
        let values = returns(runs);
        let middle = interquartile_mean(&values).unwrap();
        text += &format!(
            "| {name} | {} | {} | {} | {} | {} |\n",
            values.len(),
            with_interval(&values),
            signed(middle),
            failed(&values),
            labels(runs)
        );
    }
    text
}

/// What the rule says of each claim of the protocol, all of them taken together.
fn verdicts(protocol: &Protocol, methods: &Methods<'_>) -> Vec<String> {
    let sides = |claim: &Claim| [&claim.a, &claim.b].map(|side| returns(&methods[side]));
    let values: Vec<[Vec<f64>; 2]> = protocol.claims.iter().map(sides).collect();
    let pairs: Vec<(&[f64], &[f64])> = values.iter().map(|[a, b]| (&a[..], &b[..])).collect();
    let said = judge_family(&pairs).into_iter().zip(&pairs).map(|(judged, (a, b))| {
        match (judged.verdict, judged.stands) {
            _ if a.is_empty() || b.is_empty() => "not trained".into(),
            (Verdict::Descriptive, _) => format!("fewer than {FEWEST_SEEDS} runs"),
            (verdict, Some(false)) => format!("{}, not by Holm", verdict.name()),
            (verdict, _) => verdict.name().into(),
        }
    });
    said.collect()
}

fn claim_rows(protocol: &Protocol, methods: &Methods<'_>) -> String {
    let mut text = "| A − B | runs | difference | paired by seed (pairs) | verdict | runs that would settle it |\n\
                    | --- | --- | --- | --- | --- | --- |\n"
        .to_string();
    for (claim, verdict) in protocol.claims.iter().zip(verdicts(protocol, methods)) {
        let [runs_a, runs_b] = [&claim.a, &claim.b].map(|side| &methods[side]);
        let (a, b) = (returns(runs_a), returns(runs_b));
        let is_open = verdict == Verdict::Undecided.name();
        let settle = if is_open { runs_that_settle(&a, &b) } else { String::new() };
        let [paired, difference] = [paired(runs_a, runs_b), difference(&a, &b)];
        let (name_a, name_b, n_a, n_b) = (&claim.a, &claim.b, a.len(), b.len());
        text += &format!(
            "| {name_a} − {name_b} | {n_a} and {n_b} | {difference} | {paired} | {verdict} | {settle} |\n"
        );
    }
    text
}

/// Overseers that hand out as many labels: all of them right, some of them wrong, and one that sees only part of the grid.
fn overseer_rows() -> String {
    let folders = ["overseers", "levels-labels", "levels-p0.03"]
        .map(|name| root().join("results/published/runs").join(name));
    let results = Results::open(&folders, None, &|_| ()).unwrap();
    let mut text = "| overseer | p | runs | routing | reward-model | routing − reward-model |\n\
                    | --- | --- | --- | --- | --- | --- |\n"
        .to_string();
    let shortcomings = ["overseer.label_noise=0.3", "overseer.cells=["];
    for (overseer, oversight, shortcoming) in [
        ("sees all, always right", 0.03, None),
        ("sees all, wrong on three labels in ten", 0.03, Some(shortcomings[0])),
        ("sees two columns of five, always right", 0.075, Some(shortcomings[1])),
    ] {
        let of = |method: &str| -> Vec<f64> {
            let runs = results.finished().filter(|run| {
                let variant = run.series.variant();
                let is_so = |it: &&str| variant.contains(*it) == (shortcoming == Some(*it));
                let is_of = run.series.method == method && run.oversight.0 == oversight;
                is_of && shortcomings.iter().all(is_so)
            });
            runs.map(|run| run.kept.unwrap().true_return).collect()
        };
        let [routing, model] = ["routing", "reward_model"].map(of);
        let [n, n_model] = [&routing, &model].map(Vec::len);
        assert!(n > 1 && n_model > 1, "{overseer}");
        text += &format!(
            "| {overseer} | {oversight} | {n} and {n_model} | {} | {} | {} |\n",
            with_interval(&routing),
            with_interval(&model),
            difference(&routing, &model)
        );
    }
    text
}

/// The rows of the README: what a method is called there, and its name in the protocol.
fn readme_rows(protocol: &Protocol, methods: &Methods<'_>) -> String {
    let mut text = "| method | runs | true return | failed runs | labels to train + to choose | minus routing | verdict |\n\
                    | --- | --- | --- | --- | --- | --- | --- |\n"
        .to_string();
    let routing = returns(&methods["routing"]);
    let of_claims = verdicts(protocol, methods);
    for (shown, name) in [
        ("`routing`", "routing"),
        ("`naive_outcomes`, to the end", "naive"),
        ("`naive_early_stopping`, paid holdout, flags hidden", "early-hidden"),
        ("`naive_early_stopping`, paid holdout, flags shown", "early-visible"),
        ("`naive_early_stopping`, privileged", "early-privileged"),
        ("`naive_outcomes`, overseen episodes × 10", "weight-10"),
        ("`reward_model`", "reward-model"),
        ("`naive_outcomes`, every episode overseen", "full-supervision"),
    ] {
        let runs = &methods[name];
        if runs.is_empty() {
            continue;
        }
        let values = returns(runs);
        let claim =
            protocol.claims.iter().position(|claim| claim.a == name && claim.b == "routing");
        let (against, verdict) = match (name, claim) {
            ("routing", _) => Default::default(),
            (_, Some(claim)) => (difference(&values, &routing), of_claims[claim].clone()),
            (_, None) => {
                let verdict = gr_stats::verdict(&values, &routing).name();
                (difference(&values, &routing), verdict.into())
            }
        };
        text += &format!(
            "| {shown} | {} | {} | {} | {} | {against} | {verdict} |\n",
            values.len(),
            with_interval(&values),
            failed(&values),
            labels(runs),
        );
    }
    text
}

#[test]
fn the_tables_follow_from_the_published_runs() {
    let protocol = protocol();
    let results = published(&protocol);
    let methods = methods(&protocol, &results);
    assert!(methods["routing"].len() == 24 && methods["naive"].len() >= 8);
    for (file, tables) in [
        (
            "docs/findings.md",
            vec![
                method_rows(&protocol, &methods),
                claim_rows(&protocol, &methods),
                overseer_rows(),
            ],
        ),
        ("README.md", vec![readme_rows(&protocol, &methods)]),
    ] {
        let path = root().join(file);
        let mut text = fs::read_to_string(&path).unwrap();
        for table in tables {
            let head = table.lines().next().unwrap();
            let start = text.find(head).unwrap_or_else(|| panic!("{file} has a table with {head}"));
            let end = text[start..].find("\n\n").map_or(text.len(), |end| start + end + 1);
            if std::env::var_os("GR_BLESS").is_some() {
                text.replace_range(start..end, &table);
                fs::write(&path, &text).unwrap();
            } else {
                let renew =
                    "GR_BLESS=1 cargo test --release --workspace --test findings writes it anew";
                assert_eq!(&text[start..end], table, "{file}: {renew}");
            }
        }
    }
}

#[test]
fn every_claim_is_asked_in_the_findings() {
    let text = fs::read_to_string(root().join("docs/findings.md")).unwrap();
    for claim in protocol().claims {
        let question = claim.question.trim_start_matches("... ");
        let mut headings = text.lines().filter(|line| line.starts_with("## "));
        assert!(headings.any(|heading| heading.contains(question)), "{question}");
    }
}
