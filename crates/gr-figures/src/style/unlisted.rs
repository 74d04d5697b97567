//! How methods look that are in no table: those of later versions, and of programs of somebody's own. A look
//! is found by the label, so that it stays the same from figure to figure.

use std::collections::{BTreeMap, BTreeSet};

use super::{Color, Dash, Marker, SeriesStyle};

/// Looks for such methods. Chosen one after the other as far as can be, in OKLab, from those before, from
/// the colours of listed methods and from white, for ordinary and for colour-blind readers (Machado et al.
/// 2009). Every dash is another one; markers are outlines, which those of listed methods are not.
pub(super) const PALETTE: [SeriesStyle; 9] = [
    look(Color(0x55, 0x00, 0x00), &[11.0, 2.5], Marker::Circle),
    look(Color(0x00, 0x00, 0x77), &[5.0, 2.0], Marker::Square),
    look(Color(0x33, 0x55, 0x00), &[12.0, 3.0, 2.0, 3.0], Marker::TriangleUp),
    look(Color(0x55, 0x00, 0xdd), &[2.5, 2.0], Marker::TriangleDown),
    look(Color(0x77, 0xdd, 0x99), &[7.0, 2.0, 7.0, 4.0], Marker::Circle),
    look(Color(0x77, 0x33, 0x77), &[5.0, 2.5, 1.5, 2.5], Marker::Square),
    look(Color(0xdd, 0x33, 0xdd), &[16.0, 2.0], Marker::TriangleUp),
    look(Color(0x33, 0x00, 0x33), &[10.0, 2.0, 4.0, 2.0, 4.0, 2.0], Marker::TriangleDown),
    look(Color(0x55, 0x00, 0x99), &[3.0, 1.5, 3.0, 4.5], Marker::Circle),
];

const fn look(color: Color, dash: Dash, marker: Marker) -> SeriesStyle {
    SeriesStyle { color, dash, marker, hollow: true }
}

/// Places in [`PALETTE`] of the methods called `labels`: where the label's hash points, or behind it if a
/// label before it in the alphabet is there. A place beyond the palette's end is one of its looks again.
pub(super) fn places<'a>(labels: &BTreeSet<&'a str>) -> BTreeMap<&'a str, usize> {
    let mut places = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for (index, label) in labels.iter().enumerate() {
        let round = index / PALETTE.len() * PALETTE.len();
        let start = hash(label) as usize % PALETTE.len();
        let mut following = (start..start + PALETTE.len()).map(|at| round + at % PALETTE.len());
        let place = following.find(|place| taken.insert(*place)).expect("a round has room for all");
        places.insert(*label, place);
    }
    places
}

/// FNV-1a: a look needs no more than to differ.
fn hash(label: &str) -> u32 {
    label.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// A label in words: `reward_model` is "Reward model".
pub(super) fn words(label: &str) -> String {
    let words = label.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
