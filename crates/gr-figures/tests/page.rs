//! The page of a sweep: what it carries, whom it takes along, and that files cannot write into it.

mod support;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::Value;
use support::{Sweep, gr_figures, is_routed, run_id};

/// Writes the page of `folder` and returns it with the exit code and what was said.
fn page(folder: &Path, further: &[&str]) -> (String, Option<i32>, String) {
    let file = folder.with_extension("html");
    let arguments = [folder.to_str().unwrap(), "--html", file.to_str().unwrap()];
    let output = gr_figures(&[&arguments[..], further].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    (fs::read_to_string(file).unwrap_or_default(), output.status.code(), said)
}

/// The document of a page.
fn document(page: &str) -> Value {
    let start = "<script type=\"application/json\" id=\"report\">";
    let rest = &page[page.find(start).unwrap() + start.len()..];
    serde_json::from_str(&rest[..rest.find("</script>").unwrap()]).unwrap()
}

/// The runs whose policies a page has.
fn runs(page: &str) -> Vec<String> {
    let document = document(page);
    let policies = document["policies"].as_array().unwrap();
    policies.iter().map(|run| run["run"].as_str().unwrap().to_string()).collect()
}

/// A policy with layers 3 wide on a 5 × 5 grid, every weight of which is `value`.
fn policy(routed: bool, value: f32) -> Vec<u8> {
    let experts: &[&str] = if routed { &["diamond_expert", "ghost_expert"] } else { &["expert"] };
    let mut layers = vec![("output".to_string(), [3, 4])];
    for expert in experts {
        layers.push((format!("{expert}.0"), [100, 3]));
        layers.push((format!("{expert}.1"), [3, 3]));
    }
    let parts = layers.iter().flat_map(|(name, [inputs, outputs])| {
        let bytes = |number: usize| value.to_le_bytes().repeat(number);
        [
            (format!("{name}.weight"), vec![*inputs, *outputs], bytes(inputs * outputs)),
            (format!("{name}.bias"), vec![1, *outputs], bytes(*outputs)),
        ]
    });
    let parts: Vec<(String, Vec<usize>, Vec<u8>)> = parts.collect();
    let views = parts.iter().map(|(name, shape, bytes)| {
        (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
    });
    let notes = "{\"rows\":\"5\",\"cols\":\"5\",\"update_idx\":\"999\"}".to_string();
    serialize(views, Some(HashMap::from([("gr".to_string(), notes)]))).unwrap()
}

/// A sweep of two methods, three seeds each, with policies.
fn write_sweep(folder: &Path) {
    let sweep = Sweep { methods: vec!["routing", "naive_outcomes"], ..Sweep::default() };
    sweep.write(folder);
    fs::create_dir(folder.join("checkpoints")).unwrap();
    for method in &sweep.methods {
        for seed in 0..sweep.seeds {
            let file = format!("checkpoints/{}.safetensors", run_id(method, 0.1, seed));
            fs::write(folder.join(file), policy(is_routed(method), 0.5)).unwrap();
        }
    }
}

#[test]
fn one_file_has_it_all_and_asks_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = folder.path().join("sweep");
    write_sweep(&sweep);
    let (first, code, said) = page(&sweep, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(first.contains("default-src 'none'"));
    for asks in ["src=", "@import", "url(", "<link", "<base", "<iframe"] {
        assert!(!first.contains(asks), "{asks}");
    }
    let addresses = first.match_indices("http").map(|(at, _)| &first[at..at + 30]);
    for address in addresses {
        let is_name =
            address.starts_with("http://www.w3.org/2000/svg") || address.starts_with("http-equiv");
        assert!(is_name, "{address}");
    }
    let (second, ..) = page(&sweep, &[]);
    assert!(first == second, "the same folder gives the same bytes");
}

#[test]
fn the_run_nearest_to_the_median_of_each_series_is_taken_along_unless_others_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = folder.path().join("sweep");
    write_sweep(&sweep);
    let id = |method, seed| run_id(method, 0.1, seed);
    // Returns rise with the seed.
    assert_eq!(runs(&page(&sweep, &[]).0), [id("routing", 1), id("naive_outcomes", 1)]);
    // Without its policy another one stands for the method.
    fs::remove_file(sweep.join(format!("checkpoints/{}.safetensors", id("routing", 1)))).unwrap();
    assert_ne!(runs(&page(&sweep, &[]).0)[0], id("routing", 1));
    assert_eq!(runs(&page(&sweep, &["--policies", "all"]).0).len(), 5);
    assert_eq!(runs(&page(&sweep, &["--policies", "none"]).0).len(), 0);
    let named = page(&sweep, &["--policies", "routing_p0.1_s2, naive_outcomes"]).0;
    assert_eq!(runs(&named).len(), 4);
    let (_, code, said) = page(&sweep, &["--policies", "routing,naive_s0"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("--policies naive_s0: no run"), "{said}");
}

#[test]
fn policies_over_training_are_taken_along_oldest_first() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = folder.path().join("sweep");
    write_sweep(&sweep);
    let id = run_id("naive_outcomes", 0.1, 1);
    // What is called as if it were one, and is none.
    for name in ["u0", "u400", "u100", "u999", "ux", "u1.tmp"] {
        let path = sweep.join(format!("checkpoints/{id}_{name}.safetensors"));
        fs::write(path, policy(false, 0.5)).unwrap();
    }
    let (page, code, said) = page(&sweep, &["--policies", "naive_outcomes_p0.1_s1"]);
    assert_eq!(code, Some(0), "{said}");
    let kept = document(&page)["policies"][0]["kept"].as_array().unwrap().len();
    // 0, 100 and 400; 999 is the kept one, which is there under its own name.
    assert_eq!(kept, 4);
}

#[test]
fn a_policy_that_is_damaged_is_left_out_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = folder.path().join("sweep");
    write_sweep(&sweep);
    let path = sweep.join(format!("checkpoints/{}.safetensors", run_id("routing", 0.1, 1)));
    for (bytes, reason) in [
        (policy(true, 0.5)[..900].to_vec(), "damaged or cut short"),
        (policy(true, f32::NAN), "no place in 16 bits"),
        (policy(true, 1e6), "no place in 16 bits"),
        (b"not a policy".to_vec(), "not a safetensors file"),
    ] {
        fs::write(&path, bytes).unwrap();
        let (page, code, _) = page(&sweep, &[]);
        assert_eq!(code, Some(1));
        assert_eq!(runs(&page), [run_id("naive_outcomes", 0.1, 1)]);
        let left_out = document(&page)["left_out"].to_string();
        assert!(left_out.contains(reason) && left_out.contains("routing_p0.1_s1"), "{left_out}");
    }
}

#[test]
fn no_prefix_of_a_policy_file_and_no_changed_letter_of_its_head_is_more_than_refused() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = folder.path().join("sweep");
    write_sweep(&sweep);
    let path = sweep.join(format!("checkpoints/{}.safetensors", run_id("routing", 0.1, 1)));
    let whole = policy(true, 0.5);
    for at in (0..700).step_by(23) {
        let mut changed = whole.clone();
        changed[at] = changed[at].wrapping_add(1);
        for bytes in [&whole[..at], &changed] {
            fs::write(&path, bytes).unwrap();
            let (page, code, said) = page(&sweep, &["--only", "final-returns"]);
            assert!(matches!(code, Some(0 | 1)) && page.ends_with("</html>\n"), "{at}: {said}");
        }
    }
}

#[test]
fn labels_stay_text() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = folder.path().join("sweep");
    Sweep { methods: vec!["routing"], ..Sweep::default() }.write(&sweep);
    fs::remove_file(sweep.join("plan.toml")).unwrap();
    let (clean, ..) = page(&sweep, &[]);
    for entry in fs::read_dir(&sweep).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace(",routing,", ",</script><script>alert(1)</script>,"))
            .unwrap();
    }
    let (page, code, said) = page(&sweep, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(!page.contains("alert(1)</script>") && page.contains("alert(1)"));
    let scripts = |page: &str| page.matches("</script").count();
    assert_eq!(scripts(&page), scripts(&clean));
    let names = document(&page)["series"].to_string();
    assert!(names.contains("</script><script>alert(1)</script>"), "{names}");
}

#[test]
fn pictures_and_page_are_written_together_or_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (sweep, out) = (folder.path().join("sweep"), folder.path().join("out"));
    Sweep::default().write(&sweep);
    let (alone, code, _) = page(&sweep, &[]);
    assert_eq!((code, out.exists()), (Some(0), false));
    let (together, ..) = page(&sweep, &["--out", out.to_str().unwrap()]);
    assert!(out.join("learning-curves.svg").exists());
    assert!(alone == together);
    for flag in [&["--policies", "all"][..], &["--watch"]] {
        let arguments = [&[sweep.to_str().unwrap(), "--out", out.to_str().unwrap()], flag].concat();
        let output = gr_figures(&arguments);
        assert_eq!(output.status.code(), Some(2), "{flag:?} is of a page");
    }
}

#[test]
fn runs_under_way_are_shown_with_how_far_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = folder.path().join("sweep");
    Sweep { methods: vec!["routing"], seeds: 2, ..Sweep::default() }.write(&sweep);
    fs::remove_file(sweep.join("runs.csv")).unwrap();
    fs::create_dir(sweep.join("checkpoints")).unwrap();
    let name = format!("eval_results_{}.csv", run_id("routing", 0.1, 0));
    let text = fs::read_to_string(sweep.join(&name)).unwrap();
    let begun: Vec<&str> = text.lines().take(1 + 3 * 4).collect();
    fs::write(sweep.join("checkpoints").join(&name), begun.join("\n") + "\n").unwrap();
    fs::remove_file(sweep.join(&name)).unwrap();
    let (page, code, said) = page(&sweep, &[]);
    assert_eq!(code, Some(0), "{said}");
    let document = document(&page);
    let training = document["training"].as_array().unwrap();
    let first = training.iter().find(|run| run["run"] == run_id("routing", 0.1, 0)).unwrap();
    assert_eq!((&first["updates"], &first["planned"]), (&Value::from(301), &Value::from(1000)));
    assert!(document["groups"][0]["finished"] == 0 && document["reload_seconds"].is_null());
}
