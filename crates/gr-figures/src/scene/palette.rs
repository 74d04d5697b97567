//! The 256 colours of a GIF. Figures have few colours and their mixtures at edges, so the commonest
//! are kept as they are; a quantizer that fits clusters loses a small flag's.

use std::collections::BTreeMap;

/// Most colours of a GIF.
const COLORS: usize = 256;
/// Bits of a channel by which colours are told apart.
const BITS: u32 = 5;
/// Number of different buckets.
const BUCKETS: usize = 1 << (3 * BITS);

/// Colours, and which of them stands for every other colour.
pub struct Palette {
    colors: Vec<[u8; 3]>,
    nearest: Vec<u8>,
}

impl Palette {
    /// The commonest colours of all `frames`, which are red, green and blue bytes in turn.
    pub fn of<'a>(frames: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut counts: BTreeMap<[u8; 3], usize> = BTreeMap::new();
        for frame in frames {
            for same in frame.as_chunks::<3>().0.chunk_by(|a, b| a == b) {
                *counts.entry(same[0]).or_default() += same.len();
            }
        }
        // Of each bucket its commonest colour, by the size of the bucket.
        let mut buckets: BTreeMap<usize, (usize, usize, [u8; 3])> = BTreeMap::new();
        for (color, count) in counts {
            let (total, best, kept) = buckets.entry(bucket(color)).or_insert((0, 0, color));
            *total += count;
            if count > *best {
                (*best, *kept) = (count, color);
            }
        }
        let mut common: Vec<(usize, usize, [u8; 3])> = buckets.into_values().collect();
        common.sort_by(|a, b| b.cmp(a));
        common.truncate(COLORS);
        let colors: Vec<[u8; 3]> = common.into_iter().map(|(_, _, color)| color).collect();
        let nearest = (0..BUCKETS).map(|bucket| nearest(&colors, middle(bucket))).collect();
        let mut palette = Self { colors, nearest };
        // A kept colour stands for its own bucket, whatever is nearest to the bucket's middle.
        for (index, color) in palette.colors.iter().enumerate() {
            palette.nearest[bucket(*color)] = index as u8;
        }
        palette
    }

    /// The place in the palette of every pixel.
    pub fn indices(&self, frame: &[u8]) -> Vec<u8> {
        frame.as_chunks::<3>().0.iter().map(|color| self.nearest[bucket(*color)]).collect()
    }

    /// The colours one after the other.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.colors.concat()
    }
}

fn bucket(color: [u8; 3]) -> usize {
    color.iter().fold(0, |bucket, part| bucket << BITS | usize::from(part >> (8 - BITS)))
}

/// The colour in the middle of a bucket.
fn middle(bucket: usize) -> [u8; 3] {
    [2, 1, 0].map(|channel| {
        let part = bucket >> (channel * BITS) & ((1 << BITS) - 1);
        (part << (8 - BITS)) as u8 + (1 << (7 - BITS))
    })
}

fn nearest(colors: &[[u8; 3]], wanted: [u8; 3]) -> u8 {
    let distance = |color: &[u8; 3]| -> u32 {
        color.iter().zip(wanted).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    };
    let best = colors.iter().enumerate().min_by_key(|(_, color)| distance(color));
    best.map_or(0, |(index, _)| index as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_large_and_small_areas_stay_as_they_are() {
        let (white, blue, yellow) = ([255; 3], [0x5b, 0xa3, 0xcf], [0xf0, 0xe4, 0x42]);
        let mut frame = white.repeat(10_000);
        frame.extend(blue.repeat(3_000));
        frame.extend(yellow.repeat(30));
        // Mixtures at edges.
        frame.extend((0..=255).flat_map(|grey| [grey; 3]));
        let palette = Palette::of([frame.as_slice()].into_iter());
        let indices = palette.indices(&frame);
        assert_eq!(indices.len(), frame.len() / 3);
        for (pixel, color) in [(0, white), (10_000, blue), (13_029, yellow)] {
            assert_eq!(palette.colors[usize::from(indices[pixel])], color);
        }
    }
}
