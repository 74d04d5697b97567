//! The registry of methods: those built in, and those that a program brings.

use std::sync::OnceLock;

use gr_runs::{ConfigError, declare_method_keys};

use super::METHODS;
use super::method::Method;

static FURTHER: OnceLock<Vec<&'static Method>> = OnceLock::new();

/// Makes `further` known beside the methods that are built in, and the settings of all methods to
/// whoever reads configurations. To be called once, when a program starts; what comes later is not taken.
///
/// # Panics
/// If a label is taken, or is no word of lower-case letters, digits and underscores: it is part of the
/// names of files and of tables.
pub fn register(further: &[&'static Method]) {
    for (index, method) in further.iter().enumerate() {
        let label = method.label;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let is_word =
            label.starts_with(|c: char| c.is_ascii_lowercase()) && label.chars().all(plain);
        assert!(is_word, "\"{label}\" is no label of a method: lower-case letters, digits and _");
        let mut others = METHODS.iter().chain(&further[..index]);
        assert!(others.all(|other| other.label != label), "there is a method \"{label}\" already");
    }
    FURTHER.get_or_init(|| further.to_vec());
    declare_method_keys(methods().map(|method| method.settings));
}

/// Every method, those built in first.
pub fn methods() -> impl Iterator<Item = &'static Method> {
    METHODS.iter().chain(FURTHER.get().into_iter().flatten()).copied()
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

    #[test]
    fn labels_that_are_taken_or_no_words_are_refused() {
        static TAKEN: Method = Method { label: "routing", ..Method::SINGLE_EXPERT };
        static NO_WORD: Method = Method { label: "../mine", ..Method::SINGLE_EXPERT };
        static FINE: Method = Method { label: "mine_2", ..Method::SINGLE_EXPERT };
        for refused in [&[&TAKEN][..], &[&NO_WORD], &[&FINE, &FINE]] {
            assert!(std::panic::catch_unwind(|| register(refused)).is_err());
        }
        assert!(Method::find("mine_2").is_err());
        register(&[&FINE]);
        assert_eq!(Method::find("mine_2").unwrap().label, "mine_2");
        assert_eq!(methods().count(), METHODS.len() + 1);
    }
}
