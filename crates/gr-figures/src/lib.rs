//! Pictures from the CSV files of a sweep or a search.
//!
//! Data goes one way: folders become checked [`data`], data becomes the numbers and sentences of a
//! [`model`], and a [`figures`] entry lays those out as a [`scene`], which is drawn into SVG, PNG and
//! GIF; a [`report`] is all of it as one page. Knows nothing of training, and never compiles a tensor library.

pub mod cli;
pub mod data;
pub mod figures;
pub mod layout;
pub mod model;
pub mod report;
pub mod scene;
pub mod style;
