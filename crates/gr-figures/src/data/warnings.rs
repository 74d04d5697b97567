//! What is not wrong enough to stop, gathered so that it is said once and in order.

use std::sync::Mutex;

/// Warnings in the order in which they arose.
#[derive(Debug, Default)]
pub struct Warnings(Mutex<Vec<String>>);

impl Warnings {
    /// Remembers a warning.
    pub fn add(&self, warning: String) {
        let mut warnings = self.0.lock().expect("nothing panics while it warns");
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// The warnings so far, which are then forgotten. Sorted: files are read in parallel.
    pub fn take(&self) -> Vec<String> {
        let mut warnings =
            std::mem::take(&mut *self.0.lock().expect("nothing panics while it warns"));
        warnings.sort();
        warnings
    }
}
