//! The bundled font: how wide texts are, and where lines break.

use std::sync::Once;

use plotters::style::{FontDesc, FontFamily, FontStyle, FontTransform, register_font};

/// Name of the bundled font, with the fonts of the same widths that a viewer of an SVG may have.
pub const FAMILY: &str = "DejaVu Sans, Bitstream Vera Sans, Verdana, sans-serif";

/// Ascent and descent of the bundled font, together, in units of its size. The rasterizer's measure of
/// size is this height, not the em.
pub const HEIGHT_PER_EM: f64 = 1.164_062_5;

/// Size at which texts are measured: widths come in whole pixels.
const MEASURING_SIZE: f64 = 200.0;

/// The bundled font at `size`, in the rasterizer's measure.
pub fn font(size: f64, upwards: bool) -> FontDesc<'static> {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        let bytes = include_bytes!("../../fonts/DejaVuSans.ttf");
        if register_font(FAMILY, FontStyle::Normal, bytes).is_err() {
            unreachable!("the bundled font is a font");
        }
    });
    let font = FontDesc::new(FontFamily::Name(FAMILY), size, FontStyle::Normal);
    font.transform(if upwards { FontTransform::Rotate270 } else { FontTransform::None })
}

/// Width of a line of text.
pub fn text_width(text: &str, size: f64) -> f64 {
    let font = font(MEASURING_SIZE * HEIGHT_PER_EM, false);
    let ((left, _), (right, _)) = font.layout_box(text).expect("the bundled font is registered");
    f64::from(right - left) * size / MEASURING_SIZE
}

/// `text` in lines of at most `width`, broken at blanks, but not around `=` or before `%`.
pub fn wrap(text: &str, size: f64, width: f64) -> Vec<String> {
    let text = text.replace(" = ", "\u{a0}=\u{a0}").replace(" %", "\u{a0}%");
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if let Some(line) = lines.last_mut() {
            let longer = format!("{line} {word}");
            if text_width(&longer, size) <= width {
                *line = longer;
                continue;
            }
        }
        lines.push(word.into());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_font() {
        // Every digit of DejaVu Sans is 1303 of 2048 units wide.
        let width = text_width("0123456789", 20.0);
        assert!((width - 10.0 * 20.0 * 1303.0 / 2048.0).abs() < 0.5, "{width}");
    }

    #[test]
    fn lines_break_at_blanks_and_lose_no_word() {
        let text = "mean over seeds and 95\u{a0}% interval at p\u{a0}=\u{a0}0.01";
        let lines = wrap(text, 10.0, 120.0);
        assert!(lines.len() > 1 && lines.iter().all(|line| text_width(line, 10.0) <= 120.0));
        assert_eq!(lines.join(" "), text);
        assert_eq!(wrap("95 % at p = 0.01", 10.0, 1.0), ["95\u{a0}%", "at", "p\u{a0}=\u{a0}0.01"]);
    }
}
