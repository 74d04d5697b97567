//! Draws from known distributions.

use chacha20::ChaCha8Rng;
use chacha20::rand_core::Rng;
use statrs::distribution::{ContinuousCDF, Normal};

/// A draw from between 0 and 1, neither included.
pub fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

/// A draw from the standard normal distribution.
pub fn standard_normal(rng: &mut ChaCha8Rng) -> f64 {
    Normal::standard().inverse_cdf(uniform(rng))
}
