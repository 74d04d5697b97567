//! Settings that belong to a method, of which this crate knows nothing.

use gr_runs::{
    Accepts, ConfigSources, RunSpec, Settings, SweepFile, declare_method_keys, load,
    method_settings,
};

method_settings! {
    /// Settings of a method that is not there.
    dreaming: DreamingSettings {
        /// It dreams this often.
        dreams: usize = 3, Accepts::Whole(1, 9);
        /// It dreams of this.
        of: String = "sheep".into(), Accepts::OneOf(&["sheep", "goats"]);
    }
}

fn with(overrides: &[(&str, &str)]) -> Result<SweepFile, String> {
    declare_method_keys([DreamingSettings::KEYS]);
    let overrides = overrides
        .iter()
        .map(|(key, value)| (format!("--set {key}"), key.to_string(), value.to_string()));
    let sources = ConfigSources { overrides: overrides.collect(), ..Default::default() };
    load(&sources).map_err(|error| error.to_string())
}

fn key(settings: Settings) -> String {
    let method = "dreaming".to_string();
    RunSpec { method, oversight: 0.1, seed: 0, settings }.key()
}

#[test]
fn settings_of_a_method_are_read_checked_and_part_of_its_runs_alone() {
    let file = with(&[("dreaming.dreams", "5")]).unwrap();
    let read = DreamingSettings::of(&file.settings);
    assert_eq!((read.dreams, read.of.as_str()), (5, "sheep"));
    let plain = key(Settings::default());
    assert_ne!(key(file.settings.for_method("dreaming")), plain);
    assert_eq!(key(file.settings.for_method("waking")), plain);

    let text = toml::to_string(&file.to_table()).unwrap();
    let path = std::path::Path::new("plan.toml");
    assert_eq!(SweepFile::parse_complete(&text, path).unwrap(), file);
    let text = toml::to_string(&file.settings).unwrap();
    assert_eq!(toml::from_str::<Settings>(&text).unwrap(), file.settings);
}

#[test]
fn a_setting_at_its_default_is_no_part_of_a_run() {
    let file = with(&[("dreaming.dreams", "3"), ("dreaming.of", "sheep")]).unwrap();
    assert_eq!(file, with(&[]).unwrap());
    assert_eq!(key(file.settings), key(Settings::default()));
}

#[test]
fn wrong_values_and_unknown_keys_are_refused_as_everywhere() {
    let error = with(&[("dreaming.dreams", "10")]).unwrap_err();
    assert!(error.contains("dreaming.dreams = 10") && error.contains("1 to 9"), "{error}");
    let error = with(&[("dreaming.of", "goat")]).unwrap_err();
    assert!(error.contains("did you mean \"goats\"?"), "{error}");
    let error = with(&[("dreaming.dreamz", "1")]).unwrap_err();
    assert!(error.contains("did you mean \"dreaming.dreams\"?"), "{error}");
}

#[test]
fn tables_of_methods_that_nobody_declared_are_carried_as_they_stand() {
    let mut table = with(&[]).unwrap().to_table();
    let typed: toml::Table = toml::from_str("[strange]\nsize = 7\n").unwrap();
    table.extend(typed);
    let text = toml::to_string(&table).unwrap();
    let path = std::path::Path::new("plan.toml");
    let read = SweepFile::parse_complete(&text, path).unwrap();
    assert_eq!(read.to_table(), table);
    assert_ne!(key(read.settings.for_method("strange")), key(Settings::default()));
}

#[test]
fn a_plan_with_tables_where_no_table_belongs_is_read_without_them() {
    let plain = with(&[]).unwrap();
    let path = std::path::Path::new("plan.toml");
    let start = "methods = [\"routing\"]\noversight = [0.01]\nseeds = \"0..8\"\n";
    let read = |further: &str| SweepFile::parse_complete(&format!("{start}{further}"), path);
    for further in ["[updates]\nx = 1", "strange = 3", "[dreaming.dreams]\nx = 1"] {
        assert_eq!(read(further).unwrap().settings, plain.settings, "{further}");
    }
    // Names with dots are carried like all others.
    let strange = "[strange]\na = 1\n\"a.b\" = 2\n";
    let table = read(strange).unwrap().to_table();
    assert_eq!(table["strange"], toml::from_str::<toml::Table>(strange).unwrap()["strange"]);
}
