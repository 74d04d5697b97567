//! Configurations that are not what they should be: no reader panics, whatever stands in them.

use std::fs;
use std::path::Path;

use gr_runs::{ConfigSources, Seed, SeedSet, SweepFile, default_config, keys, load};
use proptest::collection::vec;
use proptest::prelude::*;

/// What people and broken tools put where a value belongs.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<f64>().prop_map(|number| number.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        Just("[]".to_string()),
        Just("[0.1, nan, inf, -0.0]".to_string()),
        Just("../../etc".to_string()),
        Just("\"a\\u0000b\"".to_string()),
        "[a-z0-9.,=\\[\\]{}\"' -]{0,24}",
        any::<String>(),
    ]
}

#[test]
fn any_key_with_any_value_is_taken_or_refused() {
    let key = prop_oneof![
        4 => proptest::sample::select(keys().map(|key| key.path.to_string()).collect::<Vec<_>>()),
        1 => any::<String>(),
    ];
    proptest!(ProptestConfig::with_cases(1500), |(overrides in vec((key, value()), 1..4))| {
        let overrides =
            overrides.into_iter().map(|(key, value)| ("--set".into(), key, value)).collect();
        if let Ok(file) = load(&ConfigSources { overrides, ..Default::default() }) {
            // What was taken is a configuration like any other.
            let text = toml::to_string(&file.to_table()).unwrap();
            prop_assert_eq!(SweepFile::parse_complete(&text, Path::new("plan.toml")).unwrap(), file);
        }
    });
}

#[test]
fn a_damaged_plan_is_taken_or_refused() {
    let whole = toml::to_string(&default_config().to_table()).unwrap();
    let changes = vec((0..whole.len(), any::<char>()), 0..5);
    proptest!(ProptestConfig::with_cases(1500), |(changes in changes, cut in 0..=whole.len())| {
        let mut text: Vec<char> = whole.chars().collect();
        changes.iter().for_each(|(at, character)| text[*at] = *character);
        for text in [text.iter().collect::<String>(), text[..cut].iter().collect()] {
            let _ = SweepFile::parse_complete(&text, Path::new("plan.toml"));
        }
    });
}

#[test]
fn a_file_of_any_bytes_is_taken_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    proptest!(ProptestConfig::with_cases(500), |(bytes in vec(any::<u8>(), 0..200))| {
        fs::write(&path, &bytes).unwrap();
        let _ = load(&ConfigSources { file: Some(path.clone()), ..Default::default() });
    });
}

#[test]
fn any_text_is_a_bounded_set_of_seeds_or_none() {
    let text = prop_oneof![
        "[0-9.,= ]{0,40}",
        any::<String>(),
        any::<(Seed, Seed)>().prop_map(|(first, end)| format!("{first}..{end}"))
    ];
    proptest!(ProptestConfig::with_cases(2000), |(text in text)| {
        if let Ok(seeds) = text.parse::<SeedSet>() {
            prop_assert!(seeds.as_slice().len() <= 1_000_000);
            prop_assert_eq!(seeds.to_string().parse::<SeedSet>().unwrap(), seeds);
        }
    });
}

#[test]
fn text_that_goes_deeper_and_deeper_is_refused() {
    let deep = |times: usize, open: &str, middle: &str, close: &str| {
        [&open.repeat(times), middle, &close.repeat(times)].concat()
    };
    for times in [100, 20_000] {
        for text in [
            format!("updates = {}", deep(times, "[", "", "]")),
            format!("updates = {}", deep(times, "{a = ", "1", "}")),
            deep(times, "a.", "a = 1", ""),
            format!("[{}]", deep(times, "a.", "a", "")),
            format!("[[{}]]", deep(times, "a.", "a", "")),
        ] {
            assert!(SweepFile::parse_complete(&text, Path::new("plan.toml")).is_err());
            let set = ("--set".to_string(), "updates".to_string(), text);
            assert!(load(&ConfigSources { overrides: vec![set], ..Default::default() }).is_err());
        }
    }
}
