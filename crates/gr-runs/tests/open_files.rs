//! Files that wait to be published stay open, and a process may open a few hundred: a test in a process of
//! its own, because all that wait in it count.

use std::fs;

use gr_runs::PendingWrites;

#[test]
fn many_runs_that_keep_policies_do_not_use_up_the_files_that_a_process_may_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut runs: Vec<PendingWrites> = Vec::new();
    runs.resize_with(64, PendingWrites::default);
    for update in 0..15 {
        for (run, pending) in runs.iter_mut().enumerate() {
            pending.write(&folder.path().join(format!("{run}_{update}")), b"policy").unwrap();
        }
        let entries = fs::read_dir(folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let waiting = names.filter(|name| name.starts_with('.')).count();
        assert!((1..=128).contains(&waiting), "{waiting}");
    }
    runs.iter_mut().try_for_each(PendingWrites::publish).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 64 * 15);
}
