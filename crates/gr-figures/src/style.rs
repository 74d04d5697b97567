//! How every method looks in every figure: colour, dash and marker, so that curves can be told apart
//! without colour. Colours are those of Okabe and Ito (2008), made for colour-blind readers.

use std::collections::{BTreeMap, BTreeSet};

use crate::data::Series;

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Color(pub u8, pub u8, pub u8);

impl Color {
    /// The colour mixed with a third of black.
    pub fn darker(self) -> Self {
        self.mixed(Self(0, 0, 0), 1.0 / 3.0)
    }

    /// The colour with a share of another in it.
    pub fn mixed(self, other: Self, share: f64) -> Self {
        let mix = |ours: u8, theirs: u8| {
            (f64::from(ours) + share * (f64::from(theirs) - f64::from(ours))).round() as u8
        };
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }
}

/// Text and axes.
pub const INK: Color = Color(0x22, 0x22, 0x22);
/// Secondary text and reference lines.
pub const MUTED: Color = Color(0x66, 0x66, 0x66);
/// Grid lines.
pub const GRID: Color = Color(0xe4, 0xe4, 0xe4);
/// Background.
pub const PAPER: Color = Color(0xff, 0xff, 0xff);
/// The diamond in policy pictures, bluish green.
pub const DIAMOND: Color = Color(0x00, 0x9e, 0x73);
/// The ghost in policy pictures, vermillion.
pub const GHOST: Color = Color(0xd5, 0x5e, 0x00);

/// Shape of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Marker {
    /// Filled circle.
    Circle,
    /// Filled square.
    Square,
    /// Filled triangle pointing up.
    TriangleUp,
    /// Filled triangle pointing down.
    TriangleDown,
    /// Filled square on its corner.
    Diamond,
    /// Upright cross.
    Plus,
    /// Diagonal cross.
    Cross,
}

/// Lengths of strokes and gaps in turn; empty is a solid line.
pub type Dash = &'static [f64];

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesStyle {
    /// Colour of line and markers.
    pub color: Color,
    /// Dashes of the line.
    pub dash: Dash,
    /// Marker.
    pub marker: Marker,
    /// Whether the marker is an outline.
    pub hollow: bool,
}

/// How a method is drawn and called.
#[derive(Clone, Copy, Debug)]
pub struct MethodStyle {
    /// Label in files.
    pub label: &'static str,
    /// Name in figures.
    pub name: &'static str,
    /// Its look.
    pub look: SeriesStyle,
}

/// The methods of the paper and of the post that answered it, in the order of legends. Every other one has
/// a look of its own from [`FURTHER_COLORS`] and is called by its label.
pub const METHODS: &[MethodStyle] = &[
    method("routing", "Gradient routing", Color(0x00, 0x72, 0xb2), &[], Marker::Circle),
    method("naive_outcomes", "Naive", Color(0xd5, 0x5e, 0x00), &[9.0, 4.0], Marker::Square),
    method(
        "naive_early_stopping",
        "Naive, early stopping",
        Color(0xcc, 0x79, 0xa7),
        &[4.0, 2.5],
        Marker::Cross,
    ),
    method(
        "filtering",
        "Data filtering",
        Color(0x00, 0x9e, 0x73),
        &[10.0, 3.0, 2.0, 3.0],
        Marker::TriangleUp,
    ),
    method(
        "oracle",
        "Full supervision, p × updates",
        Color(0x00, 0x00, 0x00),
        &[2.0, 3.0],
        Marker::Diamond,
    ),
    method(
        "no_routing_control",
        "No-routing control",
        Color(0xe6, 0x9f, 0x00),
        &[14.0, 3.5],
        Marker::TriangleDown,
    ),
    method(
        "no_gate",
        "No gate",
        Color(0x56, 0xb4, 0xe9),
        &[9.0, 3.0, 2.0, 3.0, 2.0, 3.0],
        Marker::Plus,
    ),
];

/// Dash and hollow marker of a method's second, third, ... series and of unknown methods.
const FURTHER: [(Dash, Marker); 4] = [
    (&[12.0, 3.0, 4.0, 3.0], Marker::Circle),
    (&[6.0, 2.0], Marker::TriangleUp),
    (&[3.0, 3.0], Marker::Square),
    (&[1.5, 2.0], Marker::TriangleDown),
];

/// Colours of methods that are not in [`METHODS`], after Tol's muted scheme for colour-blind readers.
const FURTHER_COLORS: [Color; 8] = [
    Color(0x88, 0x22, 0x55),
    Color(0x33, 0x22, 0x88),
    Color(0x11, 0x77, 0x33),
    Color(0x99, 0x99, 0x33),
    Color(0xaa, 0x44, 0x99),
    Color(0x44, 0xaa, 0x99),
    Color(0x8c, 0x56, 0x4b),
    Color(0x77, 0x77, 0x77),
];

/// The look of a method in place `place` of [`FURTHER_COLORS`]: methods beyond them repeat colours with
/// other dashes and markers.
fn further_look(place: usize) -> SeriesStyle {
    let (dash, marker) = FURTHER[(place + place / FURTHER_COLORS.len()) % FURTHER.len()];
    let color = FURTHER_COLORS[place % FURTHER_COLORS.len()];
    SeriesStyle { color, dash, marker, hollow: true }
}

/// Places in [`FURTHER_COLORS`] for methods of these labels: each by its own name, whichever others are
/// drawn, unless that place is taken by one before it in the alphabet.
fn further_places(labels: &BTreeSet<&str>) -> BTreeMap<String, usize> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for label in labels {
        // FNV-1a.
        let hash = label.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let number = FURTHER_COLORS.len();
        let first = (hash >> 32) as usize % number;
        let taken = |place: &usize| places.values().any(|other| other == place);
        let free = (0..number).map(|ahead| (first + ahead) % number).find(|place| !taken(place));
        let place = free.unwrap_or(places.len());
        places.insert((*label).to_string(), place);
    }
    places
}

const fn method(
    label: &'static str,
    name: &'static str,
    color: Color,
    dash: Dash,
    marker: Marker,
) -> MethodStyle {
    MethodStyle { label, name, look: SeriesStyle { color, dash, marker, hollow: false } }
}

/// Place of a series in legends. Unknown methods come last.
pub fn order(series: &Series) -> (usize, String, usize, String) {
    let known = METHODS.iter().position(|method| method.label == series.method);
    let place = series.variant.as_ref().map_or(0, |variant| variant.place);
    let holdout = format!("{:?} {}", series.holdout, series.chosen);
    (known.unwrap_or(METHODS.len()), series.method.clone(), place, holdout)
}

/// Looks of all series of a figure, in the order given. A method's further series (another holdout,
/// settings that were chosen) get other shades of its colour, hollow markers and dashes of their own; where
/// it is the only method, shades would be too many, and they have the colours of others.
pub fn looks(series: &[&Series]) -> Vec<SeriesStyle> {
    let known = |label: &str| METHODS.iter().find(|method| method.label == label);
    let labels = series.iter().map(|one| one.method.as_str());
    let places = further_places(&labels.filter(|label| known(label).is_none()).collect());
    let is_alone = series.iter().all(|one| one.method == series[0].method);
    let mut looks = Vec::new();
    for (index, one) in series.iter().enumerate() {
        let earlier = series[..index].iter().filter(|other| other.method == one.method).count();
        let own = known(&one.method).map(|method| method.look);
        let mut look = own.unwrap_or_else(|| further_look(places[&one.method]));
        if let Some(further) = earlier.checked_sub(1) {
            (look.dash, look.marker) = FURTHER[further % FURTHER.len()];
            // Darker, lighter, much darker, and again.
            look.color = match further % 3 {
                _ if is_alone => FURTHER_COLORS[further % FURTHER_COLORS.len()],
                0 => look.color.darker(),
                1 => look.color.mixed(PAPER, 0.45),
                _ => look.color.mixed(INK, 0.65),
            };
            look.hollow = true;
        }
        looks.push(look);
    }
    looks
}

/// Name of a method in figures: its label in words if it is not in [`METHODS`].
pub fn method_name(label: &str) -> String {
    if let Some(method) = METHODS.iter().find(|method| method.label == label) {
        return method.name.into();
    }
    let words = label.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// Name of a series in figures.
pub fn name(series: &Series) -> String {
    let mut name = method_name(&series.method);
    if let Some(holdout) = &series.holdout {
        name += &match holdout.fraction {
            Some(fraction) => format!(" ({} holdout, h = {fraction})", holdout.source),
            None => format!(" ({} holdout)", holdout.source),
        };
    }
    if let Some(variant) = series.variant.as_ref().filter(|variant| !variant.name.is_empty()) {
        name += &format!(", {}", variant.name);
    }
    if series.chosen {
        name += ", chosen on holdout, unseen seeds";
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Holdout;

    fn series(method: &str, fraction: Option<f64>) -> Series {
        let holdout = fraction.map(|h| Holdout::new("hidden".into(), Some(h)));
        Series { method: method.into(), holdout, ..Series::default() }
    }

    #[test]
    fn no_two_methods_share_a_colour_a_dash_or_a_marker() {
        assert_eq!(METHODS.len(), 7);
        for (index, method) in METHODS.iter().enumerate() {
            for other in &METHODS[..index] {
                let who = format!("{} and {}", method.label, other.label);
                assert_ne!(method.look.color, other.look.color, "{who}");
                assert_ne!(method.look.dash, other.look.dash, "{who}");
                assert_ne!(method.look.marker, other.look.marker, "{who}");
                assert_ne!((method.label, method.name), (other.label, other.name));
            }
        }
    }

    #[test]
    fn further_series_of_a_method_and_unknown_methods_are_told_apart() {
        let all = [
            series("naive_early_stopping", Some(0.4)),
            series("naive_early_stopping", Some(0.5)),
            series("mine", None),
            series("yours", None),
        ];
        let looks = looks(&all.iter().collect::<Vec<_>>());
        assert_eq!(looks[0], METHODS[2].look);
        assert_eq!(looks[1].color, looks[0].color.darker());
        for (index, look) in looks.iter().enumerate() {
            assert!(looks[..index].iter().all(|other| other != look), "{index}");
        }
        assert_eq!(name(&all[1]), "Naive, early stopping (hidden holdout, h = 0.5)");
        assert_eq!(name(&all[2]), "Mine");
    }

    #[test]
    fn methods_that_nobody_styled_have_colours_of_their_own_whoever_else_is_drawn() {
        let labels = [
            "reward_model",
            "reward_table",
            "zero_unseen",
            "inverse_propensity",
            "surrogate_reward",
            "placebo_routing",
            "corrective_actions",
            "mine",
        ];
        let all = labels.map(|label| series(label, None));
        let drawn = looks(&all.iter().collect::<Vec<_>>());
        let known = METHODS.iter().map(|method| method.look.color);
        let colors: BTreeSet<[u8; 3]> = drawn
            .iter()
            .map(|look| look.color)
            .chain(known)
            .map(|Color(red, green, blue)| [red, green, blue])
            .collect();
        assert_eq!(colors.len(), labels.len() + METHODS.len());
        let alone = looks(&[&all[0]]);
        assert_eq!(looks(&[&series("routing", None), &all[0]])[1], alone[0]);
        assert_eq!(method_name("reward_model"), "Reward model");
    }
}
