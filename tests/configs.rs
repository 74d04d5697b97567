//! Every file in `configs/` loads, and there is one for every method.

mod support;

use std::path::PathBuf;

use gr_learn::METHODS;
use gr_runs::{ConfigSources, SweepFile, load};

fn configs() -> Vec<(PathBuf, SweepFile)> {
    gr_learn::register(&[]).unwrap();
    let folder = support::root().join("configs");
    let entries = [folder.clone(), folder.join("figures"), folder.join("masks")]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.is_file())
        .map(|path| {
            let sources = ConfigSources { file: Some(path.clone()), ..Default::default() };
            let file = load(&sources).unwrap_or_else(|error| panic!("{error}"));
            (path, file)
        })
        .collect()
}

#[test]
fn every_config_loads_names_known_methods_and_is_commented() {
    for (path, file) in configs() {
        for configured in file.configured().unwrap() {
            gr_learn::Method::find(&configured.variant.method).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# "), "{} does not say what it is for", path.display());
    }
}

#[test]
fn every_method_has_a_config_of_its_own() {
    let configs = configs();
    for method in METHODS {
        let name = format!("{}.toml", method.label);
        let (_, file) = configs.iter().find(|(path, _)| path.ends_with(&name)).expect(&name);
        assert_eq!(file.methods, [method.label]);
    }
}

#[test]
fn the_routing_config_spells_out_the_default_masks() {
    let configs = configs();
    let (_, routing) = configs.iter().find(|(path, _)| path.ends_with("routing.toml")).unwrap();
    assert_eq!(routing.settings, gr_runs::Settings::default());
}
