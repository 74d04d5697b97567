//! What clusters do to a sweep, through the real binary. After each fault: no finished result lost, no
//! wrong result kept, a clear message, and the same command finishes with the same bytes.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, SystemTime};

use gr_runs::Store;
use support::{
    SMALL, assert_same, finished_and_intact, names, numbers, succeed, sweep, texts, wait_until,
};

/// Twelve runs of every kind.
const RUNS: usize = 12;
const SWEEP: &[&str] = &[
    "--methods=routing,no_gate,naive_outcomes,filtering,oracle,naive_early_stopping",
    "--oversight=0.3",
    "--seeds=0..2",
    "--checkpoint-every=30",
    "--jobs=2",
];
/// Saved so often that much of the time goes into writing.
const LONG: &[&str] = &["--updates=200", "--save-every=4"];
const SHORT: &[&str] = &["--updates=40"];

fn sweep_into(folder: &Path, size: &[&str]) -> Command {
    sweep(folder, &[SMALL, SWEEP, size].concat())
}

/// A folder with the sweep as nothing disturbs it, and one to disturb it in.
fn folders(size: &[&str]) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (whole, disturbed) = (folder.path().join("whole"), folder.path().join("disturbed"));
    succeed(&mut sweep_into(&whole, size));
    (folder, whole, disturbed)
}

/// Asserts that the same command finishes what `disturbed` was kept from, and loses nothing of what
/// was `finished`.
#[track_caller]
fn assert_it_finishes(whole: &Path, disturbed: &Path, finished: &BTreeSet<String>) {
    assert!(finished_and_intact(disturbed).is_superset(finished));
    let times = |folder: &Path| -> Vec<SystemTime> {
        let manifest = |run: &String| folder.join(format!("run_{run}.toml"));
        finished
            .iter()
            .map(|run| fs::metadata(manifest(run)).unwrap().modified().unwrap())
            .collect()
    };
    let before = times(disturbed);
    succeed(&mut sweep_into(disturbed, LONG));
    assert_eq!(times(disturbed), before, "a finished run was trained again");
    assert_same(whole, disturbed);
    assert_eq!(names(whole), names(disturbed));
}

fn wait_for_a_result(folder: &Path) {
    wait_until("a finished run", || support::plan(folder).is_some() && has_result(folder));
}

/// Whether a process trains a run in `folder`, or has nothing left to train.
fn is_at_work(folder: &Path) -> bool {
    let Ok((store, _)) = Store::open_existing(folder) else { return false };
    let Ok(listing) = store.listing() else { return false };
    listing.finished.len() == RUNS || listing.claimed.iter().any(|run| store.holder(run).is_some())
}

fn has_result(folder: &Path) -> bool {
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    fs::read_dir(folder).unwrap().any(|entry| name(entry.unwrap()).starts_with("run_"))
}

/// Standard error of a sweep that could not go on.
#[track_caller]
fn refused(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    let (_, errors) = texts(&output);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    errors
}

#[test]
fn a_hundred_kills_lose_nothing_and_spoil_nothing() {
    let (_guard, whole, folder) = folders(LONG);
    let mut moments = numbers(2410).map(|number| Duration::from_micros(number % 300_000));
    let mut kills = 0;
    // A sweep that is done is begun anew elsewhere, so that every kill hits one at work.
    for sweep in 0.. {
        let killed = folder.join(sweep.to_string());
        let mut finished = BTreeSet::new();
        while kills < 100 && finished.len() < RUNS {
            let mut child = sweep_into(&killed, LONG).spawn().unwrap();
            // Every other kill may hit the start of the program, too.
            if kills % 2 == 0 {
                wait_until("a run at work", || is_at_work(&killed));
            }
            std::thread::sleep(moments.next().expect("numbers do not end"));
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            let now = finished_and_intact(&killed);
            assert!(now.is_superset(&finished), "lost: {:?}", finished.difference(&now));
            finished = now;
        }
        assert_it_finishes(&whole, &killed, &finished);
        if kills == 100 {
            eprintln!("100 kills hit {} sweeps, {} runs finished", sweep + 1, finished.len());
            return;
        }
    }
}

#[test]
fn damaged_results_are_found_named_and_trained_again() {
    let (_guard, whole, damaged) = folders(SHORT);
    succeed(&mut sweep_into(&damaged, SHORT));
    let file = |kind: &str, run: &str| {
        let start = format!("{kind}{run}");
        let matching = names(&damaged).into_iter().filter(|name| {
            let name = name.rsplit('/').next().unwrap();
            name.starts_with(&start) && !name.contains("_u") && !name.ends_with(".last")
        });
        let name = matching.min_by_key(String::len).unwrap();
        damaged.join(name.trim_start_matches('/'))
    };
    let truncate = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    };
    // One altered digit, and the length as it was.
    let garble = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        let digit = bytes.iter().rposition(u8::is_ascii_digit).unwrap();
        bytes[digit] = if bytes[digit] == b'7' { b'3' } else { b'7' };
        fs::write(path, bytes).unwrap();
    };
    let delete = |path: &Path| fs::remove_file(path).unwrap();
    type Damage<'a> = &'a dyn Fn(&Path);
    let kinds = ["eval_results_", "train_results_", "policy_tables_", "run_", ""];
    let damages: [(&str, Damage); 3] =
        [("truncated", &truncate), ("garbled", &garble), ("deleted", &delete)];
    let runs = ["routing_p0.3_s0", "filtering_p0.3_s1", "oracle_p0.3_s0"];
    for kind in kinds {
        // Three runs at once, each damaged in another way.
        let mut named = Vec::new();
        for ((how, damage), run) in damages.iter().zip(runs) {
            let path = file(kind, run);
            damage(&path);
            // A run whose manifest is gone is a run that was never trained.
            if (*how, kind) != ("deleted", "run_") {
                named.push(path);
            }
        }
        let (_, errors) = texts(&succeed(&mut sweep_into(&damaged, SHORT)));
        for path in &named {
            assert!(errors.contains(&path.display().to_string()), "{kind}: {errors}");
        }
        assert_eq!(errors.matches("is damaged: ").count(), named.len(), "{kind}: {errors}");
        assert_same(&whole, &damaged);
    }
    for kind in kinds {
        let (a, b) = (file(kind, "routing_p0.3_s0"), file(kind, "routing_p0.3_s1"));
        let aside = damaged.join("aside");
        fs::rename(&a, &aside).unwrap();
        fs::rename(&b, &a).unwrap();
        fs::rename(&aside, &b).unwrap();
        let (_, errors) = texts(&succeed(&mut sweep_into(&damaged, SHORT)));
        for path in [a, b] {
            assert!(errors.contains(&path.display().to_string()), "{kind}: {errors}");
        }
        assert_same(&whole, &damaged);
    }
    finished_and_intact(&damaged);
}

#[test]
fn merge_takes_damaged_results_out_and_the_sweep_brings_them_back() {
    let (_guard, whole, damaged) = folders(SHORT);
    succeed(&mut sweep_into(&damaged, SHORT));
    let victim =
        names(&damaged).into_iter().find(|name| name.contains("eval_results_rou")).unwrap();
    let victim = damaged.join(victim.trim_start_matches('/'));
    let text = fs::read_to_string(&victim).unwrap();
    fs::write(&victim, text.replace("diamond,0.", "diamond,1.")).unwrap();
    let output = support::looking("merge", &damaged, &[]).output().unwrap();
    let (_, errors) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains(&victim.display().to_string()), "{errors}");
    assert!(errors.contains("without a result: routing"), "{errors}");
    let rows = fs::read_to_string(damaged.join("runs.csv")).unwrap();
    assert_eq!(rows.matches(",missing,").count(), 1, "{rows}");
    succeed(&mut sweep_into(&damaged, SHORT));
    assert_same(&whole, &damaged);
}

#[test]
fn a_clock_that_jumps_changes_nothing() {
    let (_guard, whole, folder) = folders(LONG);
    let day = Duration::from_secs(24 * 60 * 60);
    let moments = [SystemTime::UNIX_EPOCH + day, SystemTime::now() + 4000 * day];
    for (index, moment) in moments.into_iter().enumerate() {
        let folder = folder.join(index.to_string());
        let mut child = sweep_into(&folder, LONG).spawn().unwrap();
        wait_for_a_result(&folder);
        child.kill().unwrap();
        child.wait().unwrap();
        for name in names(&folder) {
            let path = folder.join(name.trim_start_matches('/'));
            if path.is_file() {
                fs::File::options().write(true).open(&path).unwrap().set_modified(moment).unwrap();
            }
        }
        assert_it_finishes(&whole, &folder, &finished_and_intact(&folder));
    }
}

#[test]
fn a_device_that_fails_costs_what_was_not_saved() {
    let (_guard, whole, failing) = folders(LONG);
    let mut finished = BTreeSet::new();
    for after in [0, 200, 1000, 2000] {
        let mut command = sweep_into(&failing, LONG);
        command.env("GR_TEST_DEVICE_FAILS_AFTER", after.to_string());
        let errors = refused(command.spawn().unwrap());
        for mention in ["cpu (", ") failed while ", "the device is lost", "the same command"] {
            assert!(errors.contains(mention), "{errors}");
        }
        for noise in ["panicked", "bug", "backtrace"] {
            assert!(!errors.contains(noise), "{errors}");
        }
        let now = finished_and_intact(&failing);
        assert!(now.is_superset(&finished));
        finished = now;
    }
    assert!(finished.len() < RUNS);
    assert_it_finishes(&whole, &failing, &finished);
}

#[test]
fn a_bug_is_told_as_one_and_costs_what_was_not_saved() {
    let (_guard, whole, failing) = folders(LONG);
    let mut command = sweep_into(&failing, LONG);
    command.env("GR_TEST_PROGRAM_FAILS_AFTER", "1000");
    let output = command.output().unwrap();
    let (_, errors) = texts(&output);
    assert_eq!(output.status.code(), Some(101), "{errors}");
    for mention in ["bug: a bug shows", "fault.rs:", " trained", "Please report", "What was saved"]
    {
        assert!(errors.contains(mention), "{mention}: {errors}");
    }
    assert!(!errors.contains("failed while"), "a bug is no failed device: {errors}");
    let finished = finished_and_intact(&failing);
    assert!(finished.len() < RUNS);
    assert_it_finishes(&whole, &failing, &finished);
}

#[test]
fn runs_that_turn_nan_fail_and_leave_the_others_alone() {
    // Oracle trains one update of 20, too little to get there.
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        SMALL,
        &["--methods=oracle,naive_outcomes", "--oversight=0.05", "--seeds=0..2"],
        &["--updates=20", "--set=training.learning_rate=1e12"],
    ]
    .concat();
    let first = sweep(folder.path(), &arguments).output().unwrap();
    assert_eq!(first.status.code(), Some(1), "{first:?}");
    let (table, errors) = texts(&first);
    assert!(errors.contains("failed in update"), "{errors}");
    assert!(table.contains("failed: naive_outcomes_p0.05_s0"), "{table}");
    assert!(!table.contains("failed: oracle"), "{table}");
    let before = support::results(folder.path());
    let finished = finished_and_intact(folder.path());
    assert_eq!(finished.len(), 2);
    let again = sweep(folder.path(), &arguments).output().unwrap();
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(support::results(folder.path()), before);
    let merged = support::looking("merge", folder.path(), &[]).output().unwrap();
    assert_eq!(merged.status.code(), Some(1));
    assert_eq!(support::results(folder.path()), before);
}

#[cfg(target_os = "linux")]
mod as_root {
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::os::unix::process::CommandExt;

    use super::*;

    /// Somebody without rights.
    const NOBODY: u32 = 65_534;

    /// Whether this test runs as root; says so if it does not.
    fn is_root(test: &str) -> bool {
        let output = Command::new("id").arg("-u").output().unwrap();
        let is_root = output.stdout == b"0\n";
        if !is_root {
            eprintln!("{test} is skipped: only root can mount and become somebody else");
        }
        is_root
    }

    /// A file system of its own, for as long as it is needed.
    struct Mounted(PathBuf);

    impl Mounted {
        fn with_bytes(folder: &Path, bytes: u64) -> Self {
            fs::create_dir_all(folder).unwrap();
            let size = format!("size={bytes}");
            let mut mount = Command::new("mount");
            succeed(mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder));
            Self(folder.into())
        }

        fn grow(&self, bytes: u64) {
            let size = format!("remount,size={bytes}");
            succeed(Command::new("mount").args(["-o", &size]).arg(&self.0));
        }
    }

    impl Drop for Mounted {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
        }
    }

    #[test]
    fn a_full_disk_is_named_and_space_is_all_that_is_needed() {
        if !is_root("a full disk") {
            return;
        }
        let (_guard, whole, full) = folders(LONG);
        let pages = |name: String| {
            let path = whole.join(name.trim_start_matches('/'));
            fs::metadata(path).unwrap().len().div_ceil(4096)
        };
        let all: u64 = names(&whole).into_iter().map(pages).sum::<u64>() * 4096;
        let mounted = Mounted::with_bytes(&full, all / 8);
        let mut finished = BTreeSet::new();
        for eighths in [1, 3, 5, 7] {
            let bytes = all * eighths / 8;
            mounted.grow(bytes);
            let errors = refused(sweep_into(&full, LONG).spawn().unwrap());
            assert!(errors.contains("No space left on device"), "{bytes}: {errors}");
            let now = finished_and_intact(&full);
            assert!(now.is_superset(&finished), "{bytes}");
            finished = now;
        }
        mounted.grow(64 << 20);
        assert!(!finished.is_empty() && finished.len() < RUNS, "{finished:?}");
        assert_it_finishes(&whole, &full, &finished);
    }

    #[test]
    fn a_folder_that_turns_read_only_is_named_and_loses_nothing() {
        if !is_root("a read-only folder") {
            return;
        }
        let (guard, whole, folder) = folders(LONG);
        // Root may write everywhere, so somebody else trains.
        fs::set_permissions(guard.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir_all(folder.join("checkpoints")).unwrap();
        let places = [folder.clone(), folder.join("checkpoints")];
        let set_mode = |mode: u32| {
            for place in &places {
                fs::set_permissions(place, fs::Permissions::from_mode(mode)).unwrap();
            }
        };
        for place in &places {
            chown(place, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let mut command = sweep_into(&folder, LONG);
        let Ok(child) = command.uid(NOBODY).gid(NOBODY).spawn() else {
            eprintln!("a read-only folder is skipped: the binary lies where only root can read it");
            return;
        };
        wait_for_a_result(&folder);
        set_mode(0o555);
        let errors = refused(child);
        assert!(errors.contains("Permission denied") && errors.contains("disturbed"), "{errors}");
        let finished = finished_and_intact(&folder);
        assert!(!finished.is_empty());
        // As long as it is read-only, it is refused at once.
        let mut again = sweep_into(&folder, LONG);
        let errors = refused(again.uid(NOBODY).gid(NOBODY).spawn().unwrap());
        assert!(errors.contains("cannot write to"), "{errors}");
        set_mode(0o755);
        assert_it_finishes(&whole, &folder, &finished);
    }
}

/// A software driver has the machine's memory, so the test says how much a device has.
#[test]
fn a_batch_that_a_gpu_has_not_the_memory_for_is_trained_in_smaller_ones() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "--methods=naive_outcomes",
        "--oversight=0.3",
        "--seeds=0..6",
        "--updates=4",
        "--device=wgpu",
    ];
    let mut command = sweep(folder.path(), &[&SMALL[1..], &arguments, &["--json"]].concat());
    // The evaluation of one run reads 3,072 rows of four numbers at once.
    command.env("GR_TEST_DEVICE_FITS", "60000");
    let output = command.output().unwrap();
    let (text, errors) = texts(&output);
    if errors.contains("no wgpu adapter found") {
        return println!("skipped: {errors}");
    }
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert!(errors.contains("they go on from what was saved in batches of 1"), "{errors}");
    assert_eq!(finished_and_intact(folder.path()).len(), 6);
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    for counted in ["bytes_to_device", "bytes_from_device", "launches", "bytes_sent_once"] {
        assert!(summary[counted].as_u64().unwrap() > 0, "{counted}: {text}");
    }
}
