//! How every method looks in every figure: colour, dash and marker, so that curves can be told apart
//! without colour. Colours are those of Okabe and Ito (2008), made for colour-blind readers.

mod unlisted;

use crate::data::Series;

use unlisted::PALETTE;

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

/// The methods that have looks of their own, in the order of legends. Others get one by their label.
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
    method("oracle", "Oracle", Color(0x00, 0x00, 0x00), &[2.0, 3.0], Marker::Diamond),
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

/// Dash and hollow marker of a method's second, third, ... series.
const FURTHER: [(Dash, Marker); 4] = [
    (&[12.0, 3.0, 4.0, 3.0], Marker::Circle),
    (&[6.0, 2.0], Marker::TriangleUp),
    (&[3.0, 3.0], Marker::Square),
    (&[1.5, 2.0], Marker::TriangleDown),
];

const fn method(
    label: &'static str,
    name: &'static str,
    color: Color,
    dash: Dash,
    marker: Marker,
) -> MethodStyle {
    MethodStyle { label, name, look: SeriesStyle { color, dash, marker, hollow: false } }
}

/// Place of a series in legends. Methods that are not in [`METHODS`] come last, by label.
pub fn order(series: &Series) -> (usize, String, String) {
    let known = METHODS.iter().position(|method| method.label == series.method);
    let variant = format!("{:?} {}", series.holdout, series.chosen);
    (known.unwrap_or(METHODS.len()), series.method.clone(), variant)
}

/// Looks of all series of a figure, in the order given. A method's further series (another holdout,
/// settings that were chosen) get other shades of its colour, hollow markers and dashes of their own.
pub fn looks(series: &[&Series]) -> Vec<SeriesStyle> {
    let labels = series.iter().map(|one| one.method.as_str());
    let unlisted = unlisted::places(&labels.filter(|label| listed(label).is_none()).collect());
    let look = |(index, one): (usize, &&Series)| {
        let earlier = series[..index].iter().filter(|other| other.method == one.method).count();
        let (mut look, round) = match listed(&one.method) {
            Some(method) => (method.look, 0),
            None => {
                let place = unlisted[one.method.as_str()];
                (PALETTE[place % PALETTE.len()], place / PALETTE.len())
            }
        };
        if let Some(further) = (earlier + round).checked_sub(1) {
            (look.dash, look.marker) = FURTHER[further % FURTHER.len()];
            // Darker, lighter, much darker, and again.
            look.color = match further % 3 {
                0 => look.color.darker(),
                1 => look.color.mixed(PAPER, 0.45),
                _ => look.color.mixed(INK, 0.65),
            };
            look.hollow = true;
        }
        look
    };
    series.iter().enumerate().map(look).collect()
}

/// The method called `label`, if it is in [`METHODS`].
pub fn listed(label: &str) -> Option<&'static MethodStyle> {
    METHODS.iter().find(|method| method.label == label)
}

/// Name of a method in figures: its label in words if it is not in [`METHODS`], or its label as it is if
/// those are the name of one that is.
pub fn method_name(label: &str) -> String {
    let words = unlisted::words(label);
    match listed(label) {
        Some(method) => method.name.into(),
        None if METHODS.iter().any(|method| method.name == words) => label.into(),
        None => words,
    }
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
        Series { method: method.into(), holdout, chosen: false }
    }

    #[test]
    fn no_two_methods_share_a_colour_a_dash_or_a_marker() {
        for (index, method) in METHODS.iter().enumerate() {
            let unlike = |look: &SeriesStyle| {
                look.color != method.look.color && look.dash != method.look.dash
            };
            assert!(PALETTE.iter().all(unlike), "{}", method.label);
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
    fn further_series_of_a_method_and_of_unlisted_ones_are_told_apart() {
        let all = [
            series("naive_early_stopping", Some(0.4)),
            series("naive_early_stopping", Some(0.5)),
            series("reward_model", None),
            series("reward_model", Some(0.4)),
            series("naive", None),
        ];
        let looks = looks(&all.iter().collect::<Vec<_>>());
        assert_eq!(looks[0], METHODS[2].look);
        assert_eq!(looks[1].color, looks[0].color.darker());
        assert!(PALETTE.contains(&looks[2]) && PALETTE.contains(&looks[4]));
        assert_eq!(looks[3].color, looks[2].color.darker());
        for (index, look) in looks.iter().enumerate() {
            assert!(looks[..index].iter().all(|other| other != look), "{index}");
        }
        assert_eq!(name(&all[1]), "Naive, early stopping (hidden holdout, h = 0.5)");
        assert_eq!(name(&all[2]), "Reward model");
        assert_eq!(name(&all[4]), "naive", "\"Naive\" is naive_outcomes");
    }

    #[test]
    fn unlisted_methods_keep_their_looks_whatever_else_is_drawn() {
        let labels: Vec<String> =
            (0..2 * PALETTE.len()).map(|n| format!("method_{n:02}")).collect();
        let all: Vec<Series> = labels.iter().map(|label| series(label, None)).collect();
        let drawn: Vec<&Series> = all.iter().collect();
        let together = looks(&drawn);
        for (index, look) in together.iter().enumerate() {
            assert!(together[..index].iter().all(|other| other != look), "{index}");
        }
        // In any order, and alone unless an earlier label has its place.
        let reversed: Vec<&Series> = all.iter().rev().collect();
        let mut backwards = looks(&reversed);
        backwards.reverse();
        assert_eq!(backwards, together);
        assert_eq!(looks(&drawn[..1])[0], together[0]);
    }
}
