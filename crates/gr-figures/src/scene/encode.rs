//! Scenes as the bytes of SVG, PNG and GIF files. The same scene gives the same bytes.

use plotters::backend::{BitMapBackend, SVGBackend};
use rayon::prelude::*;

use super::paint::{Medium, paint};
use super::palette::Palette;
use super::{Scene, WIDTH};

/// Units of an SVG's inner coordinates per unit; backends know whole coordinates only.
const SVG_SCALE: f64 = 10.0;
/// PNG pixels per unit.
const PNG_SCALE: usize = 2;
/// GIF pixels per unit.
const GIF_SCALE: usize = 1;
/// Pixels are averages of this many squared, which smooths edges.
const SUPERSAMPLING: usize = 3;
/// Of 0 to 9: beyond it files hardly shrink.
const COMPRESSION: i32 = 6;
/// Time that a GIF shows a frame, and its last one, in hundredths of a second.
const FRAME_TIME: u16 = 50;
const LAST_FRAME_TIME: u16 = 300;

/// Red, green and blue bytes, row by row.
struct Pixels {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

/// The scene as SVG, with a description that screen readers read and that stays with the file.
pub fn svg(scene: &Scene, description: &str) -> Vec<u8> {
    let size = |scale: f64| ((WIDTH * scale) as u32, (scene.height.ceil() * scale) as u32);
    let mut text = String::new();
    let mut backend = SVGBackend::with_string(&mut text, size(SVG_SCALE));
    paint(scene, &mut backend, Medium::vector(SVG_SCALE)).expect("memory takes every shape");
    drop(backend);
    // The inner coordinates are fine; the picture itself has the size of the scene.
    let (fine, (width, height)) = (size(SVG_SCALE), size(1.0));
    let text = text.replacen(
        &format!("width=\"{}\" height=\"{}\" viewBox", fine.0, fine.1),
        &format!(
            "width=\"{width}\" height=\"{height}\" stroke-linejoin=\"round\" \
             stroke-linecap=\"butt\" viewBox"
        ),
        1,
    );
    text.replacen(">\n", &format!(">\n<desc>{}</desc>\n", escaped(description)), 1).into_bytes()
}

/// Text as it may stand in XML, which has no place for most control characters.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let has_no_place =
        |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}');
    text.replace(has_no_place, "\u{fffd}")
}

/// The scene as PNG, with a description in the chunk that the format has for it.
pub fn png(scene: &Scene, description: &str) -> Vec<u8> {
    let Pixels { width, height, bytes } = rasterize(scene, PNG_SCALE);
    let mut file = vec![0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
    // 8 bits, true colour, deflate, the standard filters, not interlaced.
    let mut header = Vec::new();
    header.extend((width as u32).to_be_bytes());
    header.extend((height as u32).to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    chunk(&mut file, b"IHDR", &header);
    // Not compressed, in no language that is named, with its keyword not translated.
    let text = [b"Description\0\0\0\0\0", description.trim_end().as_bytes()].concat();
    chunk(&mut file, b"iTXt", &text);
    // Filter 2: differences to the row above, of which most are 0 here.
    let stride = 3 * width;
    let mut filtered = Vec::with_capacity((stride + 1) * height);
    for (index, row) in bytes.chunks_exact(stride).enumerate() {
        filtered.push(2);
        match index.checked_sub(1) {
            None => filtered.extend(row),
            Some(above) => {
                let above = &bytes[above * stride..][..stride];
                filtered.extend(row.iter().zip(above).map(|(byte, up)| byte.wrapping_sub(*up)));
            }
        }
    }
    chunk(&mut file, b"IDAT", &compress(&filtered));
    chunk(&mut file, b"IEND", &[]);
    file
}

/// `bytes` compressed (RFC 1950). The same bytes give the same.
pub(crate) fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut room = vec![0; zlib_rs::compress_bound(bytes.len())];
    let config = zlib_rs::DeflateConfig::new(COMPRESSION);
    let (compressed, _) = zlib_rs::compress_slice(&mut room, bytes, config);
    let length = compressed.len();
    room.truncate(length);
    room
}

fn chunk(file: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    file.extend((data.len() as u32).to_be_bytes());
    let start = file.len();
    file.extend(name);
    file.extend(data);
    let checksum = crc32fast::hash(&file[start..]);
    file.extend(checksum.to_be_bytes());
}

/// Scenes of one height as an endless GIF.
pub fn gif(scenes: &[Scene]) -> Vec<u8> {
    let pixels: Vec<Pixels> = scenes.par_iter().map(|scene| rasterize(scene, GIF_SCALE)).collect();
    let mut file = Vec::new();
    let Some(Pixels { width, height, .. }) = pixels.first() else { return file };
    let (width, height) = (*width as u16, *height as u16);
    let palette = Palette::of(pixels.iter().map(|pixels| pixels.bytes.as_slice()));
    let indexed: Vec<Vec<u8>> =
        pixels.par_iter().map(|pixels| palette.indices(&pixels.bytes)).collect();
    let mut encoder = gif::Encoder::new(&mut file, width, height, &palette.to_bytes())
        .expect("memory takes every byte");
    encoder.set_repeat(gif::Repeat::Infinite).expect("memory takes every byte");
    for (index, buffer) in indexed.into_iter().enumerate() {
        let last = index + 1 == pixels.len();
        let delay = if last { LAST_FRAME_TIME } else { FRAME_TIME };
        let buffer = buffer.into();
        let frame = gif::Frame { width, height, buffer, delay, ..gif::Frame::default() };
        encoder.write_frame(&frame).expect("memory takes every byte");
    }
    drop(encoder);
    file
}

/// The scene at `scale` pixels per unit.
fn rasterize(scene: &Scene, scale: usize) -> Pixels {
    let (width, height) = (WIDTH as usize * scale, scene.height.ceil() as usize * scale);
    let (fine_width, fine_height) = (width * SUPERSAMPLING, height * SUPERSAMPLING);
    let mut fine = vec![255u8; 3 * fine_width * fine_height];
    let size = (fine_width as u32, fine_height as u32);
    let mut backend = BitMapBackend::with_buffer(&mut fine, size);
    let medium = Medium::bitmap((scale * SUPERSAMPLING) as f64);
    paint(scene, &mut backend, medium).expect("memory takes every shape");
    drop(backend);
    let stride = 3 * fine_width;
    let mut bytes = Vec::with_capacity(3 * width * height);
    let samples = (SUPERSAMPLING * SUPERSAMPLING) as u32;
    for row in fine.chunks_exact(stride * SUPERSAMPLING) {
        for x in 0..width {
            for channel in 0..3 {
                let at = |dx, dy| row[dy * stride + 3 * (x * SUPERSAMPLING + dx) + channel];
                let sum: u32 = (0..SUPERSAMPLING)
                    .flat_map(|dy| (0..SUPERSAMPLING).map(move |dx| (dx, dy)))
                    .map(|(dx, dy)| u32::from(at(dx, dy)))
                    .sum();
                bytes.push(((sum + samples / 2) / samples) as u8);
            }
        }
    }
    Pixels { width, height, bytes }
}
