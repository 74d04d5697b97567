//! The space file of a search, and the trials that it draws.
#![no_main]

use gr_fuzz::file;
use gr_sweep::search::{Search, SearchPlan};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(search) = Search::load(&file("space.toml", bytes), None, Vec::new(), 2, 0) {
        let text = toml::to_string(&search.to_table()).expect("a search is plain data");
        toml::from_str::<toml::Table>(&text).expect("it reads back");
        let _ = SearchPlan::new(search);
    }
});
