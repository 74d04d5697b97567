//! Results folders with known numbers, and readers for what is drawn of them.

#![allow(dead_code, reason = "every test file uses a part of it")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A sweep to be written.
#[derive(Clone)]
pub struct Sweep {
    pub methods: Vec<&'static str>,
    pub oversight: Vec<f64>,
    pub seeds: u64,
    pub updates: u64,
    pub every: u64,
    pub first_observation: &'static str,
    pub rows: usize,
    pub cols: usize,
    /// Share held out by runs of `naive_early_stopping`.
    pub holdout_fraction: f64,
    /// Updates at which policy tables are kept.
    pub tables: Vec<u64>,
}

impl Default for Sweep {
    fn default() -> Self {
        Self {
            methods: vec!["routing", "naive_outcomes", "oracle"],
            oversight: vec![0.1],
            seeds: 3,
            updates: 1000,
            every: 100,
            first_observation: "fresh",
            rows: 5,
            cols: 5,
            holdout_fraction: 0.5,
            tables: vec![],
        }
    }
}

/// True return of a synthetic run: a smooth rise, another height per method, level and seed.
pub fn true_return(method: &str, oversight: f64, seed: u64, share: f64) -> f64 {
    let height = match method {
        "routing" => 0.7,
        "naive_outcomes" => 0.3,
        "oracle" => 0.6,
        "filtering" => 0.4,
        _ => 0.5,
    };
    (height + 0.1 * oversight + 0.02 * seed as f64) * (1.0 - (-5.0 * share).exp())
}

pub fn is_routed(method: &str) -> bool {
    ["routing", "no_routing_control", "no_gate"].contains(&method)
}

pub fn run_id(method: &str, oversight: f64, seed: u64) -> String {
    format!("{method}_p{oversight}_s{seed}_0123abcd")
}

const RUNS_HEADER: &str = "run_id,run_label,oversight_prob,seed,first_observation,evaluation,\
    status,policy_type,planned_updates,updates,final_return,selected_return,selected_update,\
    stopped_update,labels_training,labels_holdout,holdout_source,holdout_fraction,holdout_return,\
    gaming_gap\n";

impl Sweep {
    /// Writes every file of the sweep into `folder`.
    pub fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("plan.toml"), self.plan()).unwrap();
        let mut rows = RUNS_HEADER.to_string();
        for method in &self.methods {
            for oversight in &self.oversight {
                for seed in 0..self.seeds {
                    rows += &self.write_run(folder, method, *oversight, seed);
                }
            }
        }
        fs::write(folder.join("runs.csv"), rows).unwrap();
    }

    pub fn plan(&self) -> String {
        let methods: Vec<String> = self.methods.iter().map(|m| format!("\"{m}\"")).collect();
        format!(
            "methods = [{}]\noversight = {:?}\nseeds = \"0..{}\"\nupdates = {}\n[environment]\n\
             rows = {}\ncols = {}\nmax_step = 32\nspurious_oversight = 0.0\n\
             first_observation = \"{}\"\n[evaluation]\nmode = \"exact\"\n[training]\n\
             discount = 0.97\nlearning_rate = 5e-5\n",
            methods.join(", "),
            self.oversight,
            self.seeds,
            self.updates,
            self.rows,
            self.cols,
            self.first_observation,
        )
    }

    /// Writes the files of one run and returns its row of `runs.csv`.
    fn write_run(&self, folder: &Path, method: &str, oversight: f64, seed: u64) -> String {
        let id = run_id(method, oversight, seed);
        let planned = if method == "oracle" {
            (oversight * self.updates as f64) as u64
        } else {
            self.updates
        };
        let stops = method == "naive_early_stopping";
        let trained = if stops { planned * (6 + seed % 3) / 10 } else { planned };
        let mut updates: Vec<u64> = (0..trained).step_by(self.every as usize).collect();
        updates.push(trained - 1);
        updates.dedup();
        let at = |update: u64| {
            let share = (update + 1) as f64 / planned as f64;
            true_return(method, oversight, seed, share)
        };
        let world = format!("{seed},{},exact", self.first_observation);
        let mut evaluations = "update_idx,run_label,oversight_prob,policy_type,\
            reached_diamond_seen,reached_ghost_seen,reached_diamond_unseen,reached_ghost_unseen,\
            n_complete_eps,complete_ep_len,avg_return,run_id,seed,first_observation,evaluation,\
            gaming_gap,labels_training\n"
            .to_string();
        // What such a method records of its model.
        let has_model = method == "reward_model";
        let accuracy = |update: u64| 0.5 + 0.5 * at(update);
        if has_model {
            evaluations = evaluations.replace('\n', ",model_exact_accuracy\n");
        }
        let policies: &[(&str, f64)] = if is_routed(method) {
            &[("training_policy", 0.5), ("diamond", 1.0), ("ghost", -1.0)]
        } else {
            &[("training_policy", 1.0)]
        };
        for update in &updates {
            for (policy, sign) in policies {
                writeln!(
                    evaluations,
                    "{update},{method},{oversight},{policy},0.1,0.1,0.4,0.4,900,6.5,{},{id},{world},\
                     {},{update}{}",
                    sign * at(*update),
                    0.2 - 0.1 * at(*update),
                    if has_model { format!(",{}", accuracy(*update)) } else { String::new() },
                )
                .unwrap();
            }
        }
        let file = |kind: &str| folder.join(format!("{kind}_{id}.csv"));
        fs::write(file("eval_results"), evaluations).unwrap();
        let mut training =
            "global_step,avg_return,update_idx,run_label,labels_training,model_accuracy\n"
                .to_string();
        for update in &updates {
            let share = if has_model { accuracy(*update).to_string() } else { String::new() };
            let own = 0.2 + 0.9 * at(*update);
            writeln!(training, "{},{own},{update},{method},{update},{share}", update * 100)
                .unwrap();
        }
        fs::write(file("train_results"), training).unwrap();
        if !self.tables.is_empty() && trained == planned {
            fs::write(file("policy_tables"), self.policy_tables(method, oversight, &id)).unwrap();
        }
        let last = trained - 1;
        let headline = if is_routed(method) { "diamond" } else { "training_policy" };
        let (kept, stopped, holdout) = if stops {
            let kept = updates[updates.len() / 2];
            self.write_holdout(&file("holdout_results"), &id, &updates, kept, &at);
            (kept, last.to_string(), format!("512,hidden,{},0.4", self.holdout_fraction))
        } else {
            (last, String::new(), "0,,,".into())
        };
        format!(
            "{id},{method},{oversight},{world},finished,{headline},{planned},{trained},{},{},\
             {kept},{stopped},500,{holdout},{}\n",
            at(last),
            at(kept),
            0.2 - 0.1 * at(kept),
        )
    }

    fn write_holdout(
        &self,
        path: &Path,
        id: &str,
        updates: &[u64],
        kept: u64,
        at: &dyn Fn(u64) -> f64,
    ) {
        let mut text = "update_idx,run_label,oversight_prob,policy_type,holdout_return,run_id,\
            holdout_source,kept_update,stopped,labels_training,labels_holdout,kept_avg_return\n"
            .to_string();
        for update in updates {
            let noise = 0.03 * (*update as f64 * 0.7).sin();
            let value = at(*update) + noise;
            writeln!(
                text,
                "{update},naive_early_stopping,0.1,training_policy,{value},{id},hidden,{kept},0,\
                 {update},{},{}",
                5 + update,
                at(kept),
            )
            .unwrap();
        }
        fs::write(path, text).unwrap();
    }

    fn policy_tables(&self, method: &str, oversight: f64, id: &str) -> String {
        let mut text = "update_idx,run_label,oversight_prob,run_id,policy_type,rows,cols,\
            ghost_cell,diamond_cell,ghost_flag,diamond_flag,agent_cell,up,right,down,left,gate\n"
            .to_string();
        let policies: &[&str] = if is_routed(method) {
            &["training_policy", "diamond", "ghost"]
        } else {
            &["training_policy"]
        };
        let (rows, cols) = (self.rows, self.cols);
        let last_cell = rows * cols - 1;
        for update in &self.tables {
            let share = (update + 1) as f64 / self.updates as f64;
            for policy in policies {
                for flags in 0..4 {
                    for agent in 0..rows * cols {
                        let right = 0.25 + 0.6 * share;
                        let rest = (1.0 - right) / 3.0;
                        let gate = if is_routed(method) {
                            (agent as f64 / last_cell as f64).to_string()
                        } else {
                            String::new()
                        };
                        writeln!(
                            text,
                            "{update},{method},{oversight},{id},{policy},{rows},{cols},0,{last_cell},\
                             {},{},{agent},{rest},{right},{rest},{rest},{gate}",
                            flags & 1,
                            flags >> 1,
                        )
                        .unwrap();
                    }
                }
            }
        }
        text
    }
}

/// Writes the folder of a search at p = 0.03 and p = 0.1, with `trials` random settings at each, a
/// failed one, the re-runs of the chosen ones, and re-runs of one that was chosen before.
pub fn write_search(folder: &Path, trials: u64) {
    let sweep = |level: f64| Sweep {
        methods: vec!["naive_early_stopping"],
        oversight: vec![level],
        ..Sweep::default()
    };
    sweep(0.1).write(&folder.join("trials"));
    fs::remove_file(folder.join("trials/plan.toml")).unwrap();
    fs::remove_file(folder.join("trials/runs.csv")).unwrap();
    let mut text =
        "trial,run_label,oversight_prob,seeds,n,status,first_observation,planned_updates,\
        early_stopping.holdout_fraction,holdout_return,selected_return,final_return,\
        selected_update,stopped_update,labels_training,labels_holdout,holdout_source\n"
            .to_string();
    for (level, fraction) in [(0.03, 0.4), (0.1, 0.2)] {
        let name = format!("naive_early_stopping_p{level}");
        let chosen = Sweep { holdout_fraction: fraction, ..sweep(level) };
        chosen.write(&folder.join("selected").join(&name));
        chosen.write(&folder.join("selected").join(format!("{name}_before_1")));
        for trial in 0..trials {
            let value = trial_return(trial);
            writeln!(
                text,
                "{trial},naive_early_stopping,{level},{trial},1,finished,fresh,1000,0.3,0.3,{value},\
                 0.2,500,700,100,512,hidden"
            )
            .unwrap();
        }
        writeln!(
            text,
            "{trials},naive_early_stopping,{level},99,0,failed,fresh,1000,0.3,,,,,,,,hidden"
        )
        .unwrap();
    }
    fs::write(folder.join("trials.csv"), text).unwrap();
    fs::write(folder.join("search.toml"), "seed = 0\n").unwrap();
}

/// True return of a trial's kept checkpoints.
pub fn trial_return(trial: u64) -> f64 {
    0.3 + 0.02 * trial as f64
}

/// Everything that any figure draws, in one sweep and one search. Returns their folders.
pub fn write_everything(folder: &Path) -> Vec<PathBuf> {
    let methods = [&METHODS[..], &["reward_model"]].concat();
    let sweep = Sweep { methods, tables: vec![0, 999], ..Sweep::default() };
    let folders = vec![folder.join("sweep"), folder.join("search")];
    sweep.write(&folders[0]);
    write_search(&folders[1], 12);
    folders
}

/// Labels of all methods.
pub const METHODS: [&str; 7] = [
    "routing",
    "naive_outcomes",
    "naive_early_stopping",
    "filtering",
    "oracle",
    "no_routing_control",
    "no_gate",
];

/// Runs the binary.
pub fn gr_figures(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gr-figures")).args(arguments).output().unwrap()
}

/// Runs the binary on `folders` and returns its standard error. It must succeed.
pub fn draw(folders: &[&Path], out: &Path, further: &[&str]) -> String {
    let mut arguments: Vec<&str> = folders.iter().map(|folder| folder.to_str().unwrap()).collect();
    arguments.extend(["--out", out.to_str().unwrap()]);
    arguments.extend(further);
    let output = gr_figures(&arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {errors}");
    errors
}

/// The texts of those elements of an SVG, which must be well-formed, that are wanted.
fn svg_texts(path: &Path, wanted: impl Fn(&roxmltree::Node<'_, '_>) -> bool) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let nodes = document.descendants().filter(|node| node.is_element() && wanted(node));
    nodes.filter_map(|node| node.text().map(String::from)).collect()
}

/// All text of an SVG in one string with single blanks.
pub fn svg_text(path: &Path) -> String {
    let texts = svg_texts(path, |_| true).join(" ");
    texts.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words of an SVG's picture, without those of its description.
pub fn svg_text_without_description(path: &Path) -> String {
    let texts = svg_texts(path, |node| node.has_tag_name("text")).join(" ");
    texts.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The lines of the caption of an SVG, which is set in type of its own, at the left margin.
pub fn svg_caption(path: &Path) -> Vec<String> {
    let is_caption = |node: &roxmltree::Node<'_, '_>| {
        node.attribute("x") == Some("240") && node.attribute("font-size") == Some("115")
    };
    let lines = svg_texts(path, is_caption).into_iter();
    lines.map(|line| line.trim().replace('\u{a0}', " ")).collect()
}

/// The description of an SVG.
pub fn svg_description(path: &Path) -> String {
    svg_texts(path, |node| node.has_tag_name("desc")).concat()
}

/// The description of a PNG, in its `iTXt` chunk.
pub fn read_png_description(path: &Path) -> Option<String> {
    let bytes = fs::read(path).unwrap();
    let start = b"iTXtDescription\0\0\0\0\0";
    let at = bytes.windows(start.len()).position(|window| window == start)?;
    let length = u32::from_be_bytes(bytes[at - 4..at].try_into().unwrap()) as usize;
    let text = &bytes[at + start.len()..at + 4 + length];
    Some(String::from_utf8(text.to_vec()).unwrap())
}

/// Width, height and pixels of a PNG as this crate writes them.
pub fn read_png(path: &Path) -> (usize, usize, Vec<[u8; 3]>) {
    let bytes = fs::read(path).unwrap();
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let (width, height) = (number(16), number(20));
    let mut data = Vec::new();
    let mut at = 8;
    while at < bytes.len() {
        let length = number(at);
        let name = &bytes[at + 4..at + 8];
        let checksum = crc32fast::hash(&bytes[at + 4..at + 8 + length]) as usize;
        assert_eq!(checksum, number(at + 8 + length), "{name:?}");
        if name == b"IDAT" {
            data.extend(&bytes[at + 8..at + 8 + length]);
        }
        at += 12 + length;
    }
    let stride = 3 * width;
    let mut rows = vec![0; (stride + 1) * height];
    let (filled, code) =
        zlib_rs::decompress_slice(&mut rows, &data, zlib_rs::InflateConfig::default());
    assert_eq!((filled.len(), format!("{code:?}")), ((stride + 1) * height, "Ok".into()));
    let mut above = vec![0u8; stride];
    let mut pixels = Vec::new();
    for row in rows.chunks_exact(stride + 1) {
        assert_eq!(row[0], 2, "rows are differences to the row above");
        for (up, byte) in above.iter_mut().zip(&row[1..]) {
            *up = up.wrapping_add(*byte);
        }
        pixels.extend(above.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]));
    }
    (width, height, pixels)
}

/// Replaces `from`, which must be there, in a file.
pub fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{}: no {from:?}", path.display());
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}
