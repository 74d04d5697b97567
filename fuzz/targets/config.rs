//! A configuration file, `--set` flags, a plan and a range of seeds. What is taken is a configuration
//! like any other: it can be written down, and reads back as the same.
#![no_main]

use std::path::Path;

use gr_fuzz::file;
use gr_runs::{ConfigSources, SeedSet, SweepFile, load};

// The part before a line of `--` is a file, the lines behind it are flags `key=value`.
libfuzzer_sys::fuzz_target!(|text: &str| {
    let (toml, flags) = text.split_once("\n--\n").unwrap_or((text, ""));
    let overrides = flags.lines().filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        Some(("--set".into(), key.into(), value.into()))
    });
    let sources = ConfigSources {
        file: Some(file("config.toml", toml.as_bytes())),
        overrides: overrides.collect(),
        ..Default::default()
    };
    let plan = Path::new("plan.toml");
    for file in [load(&sources), SweepFile::parse_complete(toml, plan)].into_iter().flatten() {
        let text = toml::to_string(&file.to_table()).expect("a configuration is plain data");
        assert_eq!(SweepFile::parse_complete(&text, plan).expect("it was accepted before"), file);
        assert!(file.seeds.as_slice().len() <= 1_000_000);
    }
    if let Ok(seeds) = text.parse::<SeedSet>() {
        assert_eq!(seeds.to_string().parse::<SeedSet>().expect("seeds read back"), seeds);
    }
});
