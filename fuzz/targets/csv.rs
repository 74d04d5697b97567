//! A results folder with one damaged file, read and drawn.
#![no_main]

use std::fs;
use std::path::PathBuf;

use gr_figures::data::Results;
use gr_figures::figures::{FIGURES, Drawing};
use gr_figures::scene;
use gr_fuzz::scratch;

/// Where each file lies and what it holds when it is whole; seeds begin with the letter of theirs.
const FILES: [(&str, &str); 10] = [
    ("sweep/plan.toml", include_str!("../seeds/csv/a_plan")),
    ("sweep/runs.csv", include_str!("../seeds/csv/b_runs")),
    (
        "sweep/eval_results_routing_p0.1_s0_0123abcd.csv",
        include_str!("../seeds/csv/c_eval_results"),
    ),
    (
        "sweep/eval_results_naive_early_stopping_p0.1_s0_0123abcd.csv",
        include_str!("../seeds/csv/d_eval_results"),
    ),
    (
        "sweep/train_results_naive_early_stopping_p0.1_s0_0123abcd.csv",
        include_str!("../seeds/csv/e_train_results"),
    ),
    (
        "sweep/holdout_results_naive_early_stopping_p0.1_s0_0123abcd.csv",
        include_str!("../seeds/csv/f_holdout_results"),
    ),
    (
        "sweep/policy_tables_routing_p0.1_s0_0123abcd.csv",
        include_str!("../seeds/csv/g_policy_tables"),
    ),
    ("search/trials.csv", include_str!("../seeds/csv/h_trials")),
    // A sweep that is not over has no runs.csv: its plan and its manifests tell what there is.
    ("begun/plan.toml", include_str!("../seeds/csv/i_plan")),
    ("begun/run_routing_p0.1_s0_0123abcd.toml", include_str!("../seeds/csv/j_manifest")),
];

fn path(index: usize) -> PathBuf {
    scratch().join(FILES[index].0)
}

fn restore(index: usize) {
    fs::write(path(index), &FILES[index].1[1..]).expect("temporary files can be written");
}

libfuzzer_sys::fuzz_target!(
    init: {
        for index in 0..FILES.len() {
            let folder = path(index);
            fs::create_dir_all(folder.parent().expect("files lie in folders"))
                .expect("temporary folders can be made");
            restore(index);
        }
        let evaluations = "eval_results_routing_p0.1_s0_0123abcd.csv";
        fs::copy(scratch().join("sweep").join(evaluations), scratch().join("begun").join(evaluations))
            .expect("temporary files can be written");
    },
    |bytes: &[u8]| {
        let Some((letter, bytes)) = bytes.split_first() else { return };
        let index = usize::from(letter.wrapping_sub(b'a')) % FILES.len();
        fs::write(path(index), bytes).expect("temporary files can be written");
        let folder = path(index).parent().expect("files lie in folders").to_path_buf();
        if let Ok(results) = Results::open(&[folder], None, &|_| ()) {
            for figure in FIGURES {
                if let Ok(Drawing::Drawn(pictures)) = (figure.draw)(&results) {
                    for picture in pictures {
                        assert!(!picture.name.contains(['/', '\\']), "{}", picture.name);
                        assert!(picture.scene.height.is_finite());
                        scene::svg(&picture.scene);
                    }
                }
            }
        }
        restore(index);
    }
);
