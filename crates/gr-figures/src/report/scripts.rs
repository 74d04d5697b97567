//! The scripts of a page: modules of `page/`, joined in the order in which they are listed.
//!
//! A module may import from those before it. In a page all of them share one scope, so that imports and the word
//! `export` fall away; as they are, editors and tests can load them one by one.

/// Modules that show.
pub const PAGE: &[(&str, &str)] = &[
    ("dom.js", include_str!("../../page/dom.js")),
    ("embedded.js", include_str!("../../page/embedded.js")),
    ("state.js", include_str!("../../page/state.js")),
    ("numbers.js", include_str!("../../page/numbers.js")),
    ("head.js", include_str!("../../page/head.js")),
    ("axis.js", include_str!("../../page/axis.js")),
    ("marks.js", include_str!("../../page/marks.js")),
    ("panel.js", include_str!("../../page/panel.js")),
    ("charts.js", include_str!("../../page/charts.js")),
    ("rows.js", include_str!("../../page/rows.js")),
    ("figure.js", include_str!("../../page/figure.js")),
    ("grid.js", include_str!("../../page/grid.js")),
    ("engine.js", include_str!("../../page/engine.js")),
    ("board.js", include_str!("../../page/board.js")),
    ("walk.js", include_str!("../../page/walk.js")),
    ("returns.js", include_str!("../../page/returns.js")),
    ("explorer.js", include_str!("../../page/explorer.js")),
    ("main.js", include_str!("../../page/main.js")),
];

/// Modules that evaluate policies, beside the page.
pub const WORKER: &[(&str, &str)] = &[
    ("grid.js", include_str!("../../page/grid.js")),
    ("network.js", include_str!("../../page/network.js")),
    ("endings.js", include_str!("../../page/endings.js")),
    ("window.js", include_str!("../../page/window.js")),
    ("gaming.js", include_str!("../../page/gaming.js")),
    ("worker.js", include_str!("../../page/worker.js")),
];

/// The modules as one script, which leaves no name behind.
pub fn joined(modules: &[(&str, &str)]) -> String {
    let lines = modules.iter().flat_map(|(_, text)| text.lines());
    let code = lines.filter(|line| !line.starts_with("import "));
    let code: String =
        code.map(|line| line.strip_prefix("export ").unwrap_or(line).to_string() + "\n").collect();
    format!("\"use strict\";\n(() => {{\n{code}}})();\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What a module declares outside of functions.
    fn declared(text: &str) -> Vec<&str> {
        let lines = text.lines().map(|line| line.strip_prefix("export ").unwrap_or(line));
        let lines = lines.map(|line| line.strip_prefix("async ").unwrap_or(line));
        let kinds = ["function* ", "function ", "const ", "let ", "class "];
        let names = lines.filter_map(|line| kinds.iter().find_map(|kind| line.strip_prefix(kind)));
        let is_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        names.map(|rest| rest.split(|c| !is_of_name(c)).next().unwrap_or_default()).collect()
    }

    #[test]
    fn modules_share_a_scope_without_sharing_a_name_and_import_what_stands_before_them() {
        for modules in [PAGE, WORKER] {
            let mut known = BTreeSet::new();
            for (file, text) in modules {
                for line in text.lines().filter(|line| line.starts_with("import ")) {
                    let names =
                        line.split(['{', '}']).nth(1).unwrap_or_else(|| panic!("{file}: {line}"));
                    for name in names.split(',').map(str::trim) {
                        assert!(
                            known.contains(name),
                            "{file} imports {name}, which no module before it has"
                        );
                    }
                }
                for name in declared(text).into_iter().filter(|name| !name.is_empty()) {
                    assert!(known.insert(name), "{file} declares {name} again");
                }
            }
        }
    }

    #[test]
    fn nothing_turns_text_into_markup_or_script_or_asks_a_network() {
        let ways = [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "</script",
            "fetch(",
            "XMLHttpRequest",
            "import(",
            "WebSocket",
            "sendBeacon",
        ];
        for (file, text) in PAGE.iter().chain(WORKER) {
            for way in ways {
                assert!(!text.contains(way), "{file} has {way}");
            }
            for (number, line) in text.lines().enumerate() {
                assert!(
                    !line.contains("http") || line.contains("http://www.w3.org/2000/svg"),
                    "{file}:{number}"
                );
            }
        }
    }
}
