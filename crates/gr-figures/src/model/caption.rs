//! The words of a picture. Below it stands what nobody may miss: what is drawn, of how many runs, what
//! is missing and what still rises. Everything else stands beside it, in files of the same name.

use std::fmt::Display;

use crate::data::Oversight;

/// Letters that stand below a picture: three lines. Where there are more, long sentences are put short.
const ROOM: usize = 335;

/// A series at an oversight level.
pub type Named = (String, Oversight);

/// Sentences below a picture and beside it, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Caption {
    sentences: Vec<Sentence>,
    notes: Vec<String>,
}

/// A sentence below a picture.
#[derive(Clone, Debug, PartialEq)]
struct Sentence {
    full: String,
    /// How it is put where the full one has no room.
    short: Option<String>,
}

impl Caption {
    /// A caption that begins with what the picture shows.
    pub fn new(shows: impl Into<String>) -> Self {
        let mut caption = Self::default();
        caption.say(shows);
        caption
    }

    /// Adds a sentence below the picture.
    pub fn say(&mut self, sentence: impl Into<String>) {
        self.sentences.push(Sentence { full: sentence.into(), short: None });
    }

    /// Adds a sentence below the picture, with how it is put where it has no room.
    pub fn say_or_short(&mut self, full: String, short: String) {
        self.sentences.push(Sentence { full, short: Some(short) });
    }

    /// Adds a sentence beside the picture.
    pub fn note(&mut self, sentence: impl Into<String>) {
        self.notes.push(sentence.into());
    }

    /// Adds who something holds for, by name where there is room. Nothing of nobody.
    pub fn say_who(&mut self, what: impl Display, who: &[Named]) {
        if !who.is_empty() {
            self.say_or_short(
                format!("{what}: {}.", by_level(who).join("; ")),
                format!("{what}: {} means, named beside.", who.len()),
            );
        }
    }

    /// Notes who something holds for. Nothing of nobody.
    pub fn note_who(&mut self, what: impl Display, who: &[Named]) {
        if !who.is_empty() {
            self.note(format!("{what}: {}.", by_level(who).join("; ")));
        }
    }

    /// What stands below the picture, as one paragraph: the longest sentences are put short until all
    /// has room.
    pub fn text(&self) -> String {
        let length = |text: &str| text.chars().count();
        let mut said: Vec<&str> = self.sentences.iter().map(|s| s.full.as_str()).collect();
        let shorter = self.sentences.iter().enumerate().filter_map(|(index, sentence)| {
            let short = sentence.short.as_deref()?;
            Some((length(&sentence.full).checked_sub(length(short))?, index, short))
        });
        let mut shorter: Vec<(usize, usize, &str)> = shorter.collect();
        shorter.sort_unstable();
        while said.iter().map(|sentence| length(sentence) + 1).sum::<usize>() > ROOM {
            let Some((_, index, short)) = shorter.pop() else { break };
            said[index] = short;
        }
        said.join(" ")
    }

    /// All that is said of the picture, in full, a sentence a line.
    pub fn description(&self) -> String {
        let sentences = self.sentences.iter().map(|sentence| &sentence.full);
        sentences.chain(&self.notes).map(|sentence| format!("{sentence}\n")).collect()
    }
}

/// A whole number with commas between thousands.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `name at p = a, b` for every name, in order of first appearance.
pub fn by_level(pairs: &[Named]) -> Vec<String> {
    let mut names: Vec<(&str, Vec<String>)> = Vec::new();
    for (name, oversight) in pairs {
        let level = oversight.0.to_string();
        match names.iter_mut().find(|(known, _)| known == name) {
            Some((_, levels)) => levels.push(level),
            None => names.push((name, vec![level])),
        }
    }
    names.iter().map(|(name, levels)| format!("{name} at p = {}", levels.join(", "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_levels_read_well() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1234567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
        let pair = |name: &str, p| (name.to_string(), Oversight(p));
        let pairs = [pair("Naive", 0.01), pair("Oracle", 0.01), pair("Naive", 0.3)];
        assert_eq!(by_level(&pairs), ["Naive at p = 0.01, 0.3", "Oracle at p = 0.01"]);
    }

    #[test]
    fn many_names_stand_beside_the_picture_and_their_number_below_it() {
        let mut caption = Caption::new("Something.");
        let many: Vec<Named> =
            (1..=20).map(|i| (format!("series {i}"), Oversight(f64::from(i) / 100.0))).collect();
        caption.say_who("Still rising at the end", &many);
        assert_eq!(caption.text(), "Something. Still rising at the end: 20 means, named beside.");
        let named = "Still rising at the end: series 1 at p = 0.01; series 2 at p = 0.02;";
        assert!(caption.description().contains(named), "{}", caption.description());
        caption.say_who("Without runs", &many[..1]);
        assert!(caption.text().ends_with(" Without runs: series 1 at p = 0.01."));
    }
}
