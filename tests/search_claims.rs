//! What `gr-search` claims: a random setting and the chosen one apart, nothing chosen by ground truth or by a
//! larger number of checks, and no interval that takes for independent what shares its seeds.

mod support;

use std::collections::HashMap;
use std::path::Path;

use support::search::{FIXED, Place, default_place, manifests, runs, table_of, trials};
use support::{results, succeed, texts};

#[test]
fn a_search_makes_two_claims_and_then_finds_nothing_to_do() {
    let place = default_place();
    let arguments = ["--updates=300", "--rerun-seeds=3", "--json"];
    let (json, _) = texts(&succeed(&mut place.search("search", 4, &arguments)));
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let folder = place.at("search");
    let rows = trials(&folder);
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row.status == "finished" && row.n == 1));

    // One claim is over all trials alike.
    let group = &report["groups"][0];
    let random = &group["random_setting"];
    let mean = rows.iter().map(|row| row.selected_return.unwrap()).sum::<f64>() / 4.0;
    assert!((random["mean_selected_return"].as_f64().unwrap() - mean).abs() < 1e-12);
    assert_eq!(random["n"], 4);

    // The other is of the trial with the highest holdout return at equal numbers of checks, on seeds that no
    // trial had.
    let chosen = &group["chosen_setting"];
    let checks: Vec<Vec<f64>> = rows.iter().map(|row| checks_of(&folder, &row.seeds)).collect();
    let fewest = checks.iter().map(Vec::len).min().unwrap();
    assert!(checks.iter().any(|of_trial| of_trial.len() > fewest), "{checks:?}");
    let compared = checks.iter().map(|of_trial| {
        let at = |part: usize| (part as f64 + 0.5) * of_trial.len() as f64 / fewest as f64;
        (0..fewest).map(|part| of_trial[at(part) as usize]).fold(f64::MIN, f64::max)
    });
    let best = (0..).zip(compared).reduce(|best, next| if next.1 > best.1 { next } else { best });
    let (best, signal) = best.unwrap();
    assert_eq!((&chosen["trial"], &chosen["checks_compared"]), (&best.into(), &fewest.into()));
    // The reader of JSON rounds the last digit.
    assert!((chosen["holdout_return"].as_f64().unwrap() - signal).abs() < 1e-12);
    let again = runs(&folder.join("selected"));
    assert_eq!(again.iter().map(|row| row.seed).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(rows.iter().all(|row| row.seeds.parse::<u64>().unwrap() >= 65_536));
    let mean = again.iter().map(|row| row.selected_return.unwrap()).sum::<f64>() / 3.0;
    assert!((chosen["rerun"]["mean_selected_return"].as_f64().unwrap() - mean).abs() < 1e-12);
    let drawn = &chosen["settings"]["early_stopping.holdout_fraction"];
    assert!(again.iter().all(|row| row.holdout_fraction == drawn.as_f64()));

    // A user of the method pays for the whole search.
    let spent: u64 = rows.iter().map(|row| row.labels_training.unwrap()).sum();
    assert_eq!(chosen["search_labels_training"], spent);

    let (table, errors) = texts(&succeed(&mut place.search("search", 4, &arguments[..2])));
    assert_eq!(errors.matches("nothing to do").count(), 2, "{errors}");
    for claim in [
        "1. a random setting",
        "trials, each with a seed of its own (Student t)",
        "2. the setting chosen",
        "biased upwards",
        "of each run, spread evenly over it",
        "never saw",
    ] {
        assert!(table.contains(claim), "no {claim}: {table}");
    }
}

/// The checks of the trial that has this one seed.
fn checks_of(folder: &Path, seed: &str) -> Vec<f64> {
    let of_trial = |name: &String| {
        name.starts_with("holdout_results_") && name.contains(&format!("_s{seed}_"))
    };
    let files = results(&folder.join("trials"));
    let (_, bytes) = files.iter().find(|(name, _)| of_trial(name)).unwrap();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let rows = reader.deserialize::<HashMap<String, String>>();
    rows.map(|row| row.unwrap()["holdout_return"].parse().unwrap()).collect()
}

#[test]
fn trials_that_share_seeds_are_not_taken_for_independent() {
    let place = default_place();
    let claim = |results: &str, seeds: &str| {
        let further = ["--updates=60", "--no-rerun", "--json", seeds];
        let (json, _) = texts(&succeed(&mut place.search(results, 4, &further)));
        let report: serde_json::Value = serde_json::from_str(&json).unwrap();
        let random = &report["groups"][0]["random_setting"];
        let text = random["interval_over"].as_str().unwrap().to_string();
        (random["mean_selected_return"].as_f64().unwrap(), random["interval"].clone(), text)
    };
    let (mean, interval, over) = claim("shared", "--set=seeds=3,4,5");
    assert_eq!(over, "trials and the 3 seeds that they share (crossed variance components)");
    let ends = [0, 1].map(|end| interval[end].as_f64().unwrap());
    assert!(ends[0] < mean && mean < ends[1], "{ends:?}");
    let (mean, interval, over) = claim("one", "--set=seeds=3");
    assert!(mean.is_finite() && interval.is_null(), "{interval}");
    assert!(over.contains("all trials share one seed"), "{over}");

    // The interval is that of the returns of the runs themselves.
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for trial in trials(&place.at("shared")) {
        let drawn = table_of(&place.at("shared"), &trial)["early_stopping.tolerance"].clone();
        let mut of_trial: Vec<(u64, f64)> = manifests(&place.at("shared"))
            .into_iter()
            .filter(|run| run.spec.settings.early_stopping.tolerance.to_string() == drawn)
            .map(|run| (run.spec.seed, run.result.selected_return.reveal()))
            .collect();
        of_trial.sort_by_key(|(seed, _)| *seed);
        rows.push(of_trial.into_iter().map(|(_, value)| value).collect());
    }
    let squares = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>();
    let mean_of = |values: &mut dyn Iterator<Item = f64>, n: f64| values.sum::<f64>() / n;
    let overall = mean_of(&mut rows.iter().flatten().copied(), 12.0);
    let by_seed: Vec<f64> =
        (0..3).map(|seed| mean_of(&mut rows.iter().map(|row| row[seed]), 4.0)).collect();
    let seeds = 4.0 * squares(&mut by_seed.iter().map(|mean| mean - overall)) / 2.0;
    // However the parts are put together, the variance is at least what seeds alone come to: (t ≥ 1.96).
    let half = (ends[1] - ends[0]) / 2.0;
    assert!(half >= 1.96 * (seeds / 12.0).sqrt(), "{half} against {seeds}");
}

#[test]
fn ground_truth_is_never_a_reason_to_choose() {
    // A privileged holdout sets nothing aside: to draw its share is refused.
    let arguments = ["--holdout-source=privileged"];
    let refused = default_place().refused("search", 2, &arguments);
    assert!(refused.contains("early_stopping.holdout_fraction is drawn"), "{refused}");
    let searched = "[search]\n\"early_stopping.tolerance\" = { uniform = [0.01, 0.1] }\n";
    let place = Place::new(&format!("{FIXED}{searched}"));
    let arguments = ["--holdout-source=privileged", "--updates=60"];
    let (table, errors) = texts(&succeed(&mut place.search("search", 2, &arguments)));
    assert!(errors.contains("nothing will be chosen"), "{errors}");
    assert!(table.contains("none: a privileged holdout is the true return itself"), "{table}");
    assert!(!place.at("search/selected").exists());
    let rows = trials(&place.at("search"));
    assert!(rows.iter().all(|row| row.holdout_return.is_none() && row.selected_return.is_some()));
    assert!(table.contains("unlimited holdout"), "{table}");
}
