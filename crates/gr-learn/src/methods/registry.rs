//! Which methods there are: those built in, and those that a program of somebody's own adds at its start.

use std::sync::OnceLock;

use gr_runs::ConfigError;

use super::{
    Method, filtering, naive_early_stopping, naive_outcomes, no_gate, no_routing_control, oracle,
    routing,
};

/// Every built-in method, in the order in which they are listed.
pub static METHODS: [&Method; 7] = [
    &routing::METHOD,
    &no_routing_control::METHOD,
    &no_gate::METHOD,
    &naive_outcomes::METHOD,
    &naive_early_stopping::METHOD,
    &filtering::METHOD,
    &oracle::METHOD,
];

static REGISTERED: OnceLock<&'static [&'static Method]> = OnceLock::new();

/// Adds `methods` to those built in, once and before anything asks for a method: names of runs and
/// their files begin with a method's label.
///
/// # Errors
/// [`ConfigError`] for a label that another method has or that is no plain lower-case identifier; then
/// none is added.
///
/// # Panics
/// If methods have been registered before.
pub fn register(methods: &'static [&'static Method]) -> Result<(), ConfigError> {
    check_labels(methods)?;
    assert!(REGISTERED.set(methods).is_ok(), "methods are registered once, at a program's start");
    Ok(())
}

/// Every method: those built in, then those that were registered.
pub fn methods() -> impl Iterator<Item = &'static Method> {
    METHODS.iter().chain(registered()).copied()
}

/// Whether the program has methods that are not built in.
pub fn has_registered() -> bool {
    !registered().is_empty()
}

fn registered() -> &'static [&'static Method] {
    REGISTERED.get().copied().unwrap_or_default()
}

/// Refuses labels of methods to add that are no identifiers or not theirs alone.
fn check_labels(added: &[&'static Method]) -> Result<(), ConfigError> {
    for (index, method) in added.iter().enumerate() {
        let label = method.label;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let refuse = |accepted| Err(ConfigError::value("method", label, accepted));
        if !label.starts_with(|c: char| c.is_ascii_lowercase()) || !label.chars().all(plain) {
            return refuse("a label of lower-case letters, digits and _ that begins with a letter");
        }
        if METHODS.iter().chain(&added[..index]).any(|other| other.label == label) {
            return refuse("a label that no other method has");
        }
    }
    Ok(())
}

impl Method {
    /// The method called `label`.
    ///
    /// # Errors
    /// [`ConfigError::UnknownName`] with the nearest label and the list.
    pub fn find(label: &str) -> Result<&'static Method, ConfigError> {
        methods().find(|method| method.label == label).ok_or_else(|| {
            let labels: Vec<&str> = methods().map(|method| method.label).collect();
            ConfigError::unknown_name("method", label, &labels)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static MINE: Method = Method { label: "mine_2", ..routing::METHOD };

    #[test]
    fn labels_that_are_taken_or_no_identifiers_are_refused() {
        let refused =
            |methods: &'static [&'static Method]| check_labels(methods).unwrap_err().to_string();
        static CAPITAL: Method = Method { label: "Mine", ..routing::METHOD };
        static EMPTY: Method = Method { label: "", ..routing::METHOD };
        static PATH: Method = Method { label: "../mine", ..routing::METHOD };
        for (methods, mention) in [
            (&[&CAPITAL][..], "Mine"),
            (&[&EMPTY], "begins with a letter"),
            (&[&MINE, &PATH], "../mine"),
            (&[&routing::METHOD], "no other method"),
            (&[&MINE, &MINE], "no other method"),
        ] {
            assert!(refused(methods).contains(mention), "{mention}");
        }
    }

    #[test]
    fn a_registered_method_is_found_and_listed_behind_those_built_in() {
        assert!(Method::find("mine_2").is_err() && !has_registered());
        register(&[&MINE]).unwrap();
        assert_eq!(Method::find("mine_2").unwrap().label, "mine_2");
        let error = Method::find("mine").unwrap_err().to_string();
        assert!(
            error.contains("did you mean \"mine_2\"?") && error.contains("oracle, mine_2"),
            "{error}"
        );
        assert_eq!(methods().count(), METHODS.len() + 1);
        assert!(has_registered() && methods().last().unwrap().label == "mine_2");
    }
}
