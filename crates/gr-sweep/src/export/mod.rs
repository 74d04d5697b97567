//! What a sweep recorded, in the formats of other programs.

mod event_file;
pub mod tensorboard;
