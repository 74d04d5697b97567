//! Weights as 16-bit floats, which halves what a page carries.

/// Largest number that has a 16-bit float next to it.
const LARGEST: f32 = 65_504.0;

/// The bits of the 16-bit float nearest to `value`, the even one of two as near; `None` where it is out of reach.
pub fn half_bits(value: f32) -> Option<u16> {
    if value.is_nan() || value.abs() > LARGEST {
        return None;
    }
    let sign = ((value.to_bits() >> 16) & 0x8000) as u16;
    let magnitude = value.abs();
    // Below the smallest normal number the steps are all 2⁻²⁴, above it they grow with the exponent. Scaling by
    // a power of two is exact, so rounding happens once.
    let exponent = (magnitude.to_bits() >> 23) as i32 - 127;
    if exponent < -14 {
        return Some(sign | (magnitude * 16_777_216.0).round_ties_even() as u16);
    }
    let steps = (magnitude * 2f32.powi(10 - exponent)).round_ties_even() as u32;
    // 1024 to 2048 steps: a carry into the exponent is the next power of two.
    let bits = (((exponent + 15) as u32) << 10) + steps - 1024;
    (bits < 0x7c00).then_some(sign | bits as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(bits: u16) -> f64 {
        let (exponent, steps) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
        let magnitude = match exponent {
            0 => steps * 2f64.powi(-24),
            exponent => (1024.0 + steps) * 2f64.powi(exponent - 25),
        };
        if bits & 0x8000 == 0 { magnitude } else { -magnitude }
    }

    #[test]
    fn every_16_bit_float_is_itself() {
        for bits in (0..=0xffff).filter(|bits| bits & 0x7c00 != 0x7c00) {
            assert_eq!(half_bits(value(bits) as f32), Some(bits), "{bits:#x}");
        }
    }

    #[test]
    fn what_lies_between_goes_to_the_nearest_and_from_the_middle_to_the_even_one() {
        for bits in 0..0x7bff_u16 {
            let (low, high) = (value(bits), value(bits + 1));
            let at = |share: f64| half_bits((low + share * (high - low)) as f32);
            assert_eq!((at(0.25), at(0.75)), (Some(bits), Some(bits + 1)), "{bits:#x}");
            assert_eq!(at(0.5), Some(bits + (bits & 1)), "{bits:#x}");
        }
    }

    #[test]
    fn what_is_out_of_reach_is_none() {
        for number in [f32::NAN, f32::INFINITY, -70_000.0, 65_505.0] {
            assert_eq!(half_bits(number), None, "{number}");
        }
    }
}
