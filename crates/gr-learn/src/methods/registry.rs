//! Which methods there are: those built in, and those that a program of somebody's own adds at its start.

use std::sync::OnceLock;

use gr_runs::{ConfigError, declare_method_keys};

use super::METHODS;
use super::method::Method;

static REGISTERED: OnceLock<Vec<&'static Method>> = OnceLock::new();

/// Adds `further` to the methods that are built in, and declares the settings of all to whoever reads
/// configurations. To be called once, when a program starts; what comes later is not taken.
///
/// # Errors
/// [`ConfigError`] for a label that another method has, or that is no plain word of lower-case letters:
/// it is part of the names of files and of tables. Then none is added.
pub fn register(further: &[&'static Method]) -> Result<(), ConfigError> {
    check_labels(further)?;
    REGISTERED.get_or_init(|| further.to_vec());
    declare_method_keys(methods().map(|method| method.settings));
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
    REGISTERED.get().map(Vec::as_slice).unwrap_or_default()
}

/// Refuses labels of methods to add that are no words or not theirs alone.
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

    /// The method called `label`, or a stand-in by whose name results of a method that this program does
    /// not have can be read. It cannot train what they are of.
    pub fn find_or_stand_in(label: &str) -> &'static Method {
        Self::find(label).unwrap_or_else(|_| {
            let label = Box::leak(label.to_string().into_boxed_str());
            Box::leak(Box::new(Method { label, ..Method::SINGLE_EXPERT }))
        })
    }
}
