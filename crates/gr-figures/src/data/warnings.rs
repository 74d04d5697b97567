//! What is not wrong enough to stop, gathered so that it is said once and in order.

use std::sync::Mutex;

/// Warnings, and what is left out, of everything that is read.
#[derive(Debug, Default)]
pub struct Warnings {
    odd: Mutex<Vec<String>>,
    left_out: Mutex<Vec<String>>,
}

impl Warnings {
    /// Remembers what is odd, but hides nothing.
    pub fn add(&self, warning: String) {
        remember(&self.odd, warning);
    }

    /// Remembers why a file, or a line of one, is in no figure.
    pub fn leave_out(&self, error: &anyhow::Error) {
        remember(&self.left_out, format!("{error:#}"));
    }

    /// The warnings so far, which are then forgotten. Sorted: files are read in parallel.
    pub fn take(&self) -> Vec<String> {
        sorted(&self.odd)
    }

    /// Why files and lines so far are left out, which is then forgotten. Sorted, too.
    pub fn take_left_out(&self) -> Vec<String> {
        sorted(&self.left_out)
    }
}

fn remember(texts: &Mutex<Vec<String>>, text: String) {
    let mut texts = texts.lock().expect("nothing panics while it warns");
    if !texts.contains(&text) {
        texts.push(text);
    }
}

fn sorted(texts: &Mutex<Vec<String>>) -> Vec<String> {
    let mut texts = std::mem::take(&mut *texts.lock().expect("nothing panics while it warns"));
    texts.sort();
    texts
}
