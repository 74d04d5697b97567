//! Times whole updates on a trained policy and appends one row to a CSV; `scripts/bench.sh` calls it
//! once per row, so that peak memory is that of the row. CPU time counts, because cores are shared.

mod machine;
mod rows;

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::time::Instant;

use clap::Parser;
use gr_grid::NUM_ACTIONS;
use gr_learn::{Architecture, ComputeDevice, HoldoutUse, Method, RunBatch, RunSnapshot, Traffic};
use gr_runs::{ConfigSources, RunSpec};

use machine::{GpuRates, cpu_seconds, peak_memory_mb, peak_product_gflops};
use rows::BenchmarkRow;

// As in the programs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often all policies are evaluated.
const EVALUATIONS: u64 = 3;

/// Times updates of trained policies.
#[derive(Clone, Debug, Parser)]
struct Arguments {
    #[arg(long, default_value = "naive_outcomes")]
    method: String,
    #[arg(long, default_value_t = 0.01)]
    oversight: f64,
    /// Update at which timing starts; the state there is trained once and kept
    #[arg(long, default_value_t = 2000)]
    from: u64,
    /// Updates to time
    #[arg(long, default_value_t = 200)]
    updates: u64,
    /// Batches at once, each on a thread of its own
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Runs in each batch
    #[arg(long, default_value_t = 1)]
    runs: usize,
    /// cpu, ndarray, wgpu, wgpu:N
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Further settings
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Where trained states are kept
    #[arg(long, default_value = "results/benchmark-states")]
    states: PathBuf,
    /// CSV file that gets the row
    #[arg(long)]
    out: Option<PathBuf>,
    /// What the row is said to measure
    #[arg(long, default_value = "")]
    label: String,
    /// Commit that is measured
    #[arg(long, default_value = "unknown")]
    commit: String,
    #[arg(long, hide = true)]
    bench: bool,
}

/// What one batch measured.
struct Timed {
    cpu_seconds: [f64; 2],
    wall_seconds: f64,
    traffic: Traffic,
    evaluation_traffic: Traffic,
    distinct_observations: u64,
    evaluation_seconds: f64,
    policies_evaluated: usize,
}

fn main() {
    let arguments = Arguments::parse();
    let device = ComputeDevice::open(arguments.device.parse().expect("a device name"))
        .expect("the device opens");
    let spec = spec(&arguments);
    let state = trained_state(&arguments, &spec);
    let peak = peak_product_gflops(&device.device);

    // CPU time is the process's: batches start and stop timing together.
    let together = Barrier::new(arguments.jobs);
    let timed: Vec<Timed> = std::thread::scope(|scope| {
        let jobs: Vec<_> = (0..arguments.jobs)
            .map(|job| {
                let (arguments, spec, state, device, together) =
                    (&arguments, &spec, &state, &device, &together);
                scope.spawn(move || time_batch(arguments, spec, state, device, job, together))
            })
            .collect();
        jobs.into_iter().map(|job| job.join().expect("a job ends")).collect()
    });

    let runs = (arguments.jobs * arguments.runs) as f64;
    let updates = arguments.updates as f64;
    let [cpu_seconds, host_seconds] = timed[0].cpu_seconds.map(|all| all / (runs * updates));
    let wall_seconds = timed[0].wall_seconds / (arguments.runs as f64 * updates);
    let distinct: u64 = timed.iter().map(|t| t.distinct_observations).sum();
    let distinct = distinct as f64 / (runs * updates);
    let traffic: Traffic = timed.iter().map(|t| t.traffic).sum();
    let per_run =
        |bytes: u64| bytes / (arguments.updates * (arguments.jobs * arguments.runs) as u64);
    let predicted = device.is_gpu.then(|| {
        let counted = Counted {
            rows_met: distinct,
            bytes_to_device: per_run(traffic.bytes_to_device) as f64,
            bytes_from_device: per_run(traffic.bytes_from_device) as f64,
            launches: traffic.launches as f64 / (runs * updates),
            host_seconds,
        };
        counted.predict(&Architecture::of(&spec), peak, &GpuRates::measure(&device.device))
    });
    let policies: usize = timed.iter().map(|t| t.policies_evaluated).sum();
    // On a GPU it is the wall clock that its products share.
    let seconds = if device.is_gpu { wall_seconds } else { cpu_seconds };
    let useful = distinct * flop_per_observation(&Architecture::of(&spec)) / seconds / 1e9;
    let row = BenchmarkRow {
        label: arguments.label,
        commit: arguments.commit,
        cpu: machine::cpu_name(),
        device: device.backend.into(),
        adapter: device.adapter.clone(),
        method: arguments.method,
        oversight: arguments.oversight,
        settings: arguments.set.join(" "),
        jobs: arguments.jobs,
        runs_per_batch: arguments.runs,
        from_update: arguments.from,
        updates: arguments.updates,
        cpu_ms_per_update: rounded(1e3 * cpu_seconds),
        wall_ms_per_update: rounded(1e3 * wall_seconds),
        distinct_observations: distinct.round(),
        useful_gflops: rounded(useful),
        peak_gflops: rounded(peak),
        useful_share: rounded(useful / peak),
        evaluation_cpu_ms_per_policy: rounded(1e3 * timed[0].evaluation_seconds / policies as f64),
        peak_memory_mb: peak_memory_mb(),
        host_ms_per_update: rounded(1e3 * host_seconds),
        bytes_to_device: per_run(traffic.bytes_to_device),
        bytes_from_device: per_run(traffic.bytes_from_device),
        launches: traffic.launches / (arguments.updates * arguments.jobs as u64),
        evaluation_launches: timed[0].evaluation_traffic.launches / EVALUATIONS,
        predicted_ms_per_update: predicted.map(|seconds| rounded(1e3 * seconds)),
    };
    println!("{}", serde_json::to_string_pretty(&row).expect("a row is plain data"));
    if let Some(predicted) = row.predicted_ms_per_update {
        let BenchmarkRow { method, runs_per_batch, wall_ms_per_update: measured, .. } = &row;
        eprintln!(
            "{method} × {runs_per_batch}: {measured} ms per run and update, predicted {predicted}"
        );
    }
    if let Some(path) = &arguments.out {
        append(path, &row);
    }
}

/// The run that the flags describe, with seed 0.
fn spec(arguments: &Arguments) -> RunSpec {
    let overrides = arguments.set.iter().map(|setting| {
        let (key, value) = setting.split_once('=').expect("--set takes KEY=VALUE");
        ("--set".into(), key.into(), value.into())
    });
    let sources = ConfigSources { overrides: overrides.collect(), ..Default::default() };
    let mut settings = gr_runs::load(&sources).expect("valid settings").settings;
    let method = Method::find(&arguments.method).expect("a known method");
    settings.early_stopping.enabled = method.early_stopping == HoldoutUse::Always;
    let oversight = arguments.oversight;
    RunSpec { method: method.label.into(), oversight, seed: 0, settings }
}

/// The state of `spec` at the update where timing starts, trained once.
fn trained_state(arguments: &Arguments, spec: &RunSpec) -> RunSnapshot {
    let path = arguments.states.join(format!("{}_u{}.state", spec.key(), arguments.from));
    if let Ok(bytes) = fs::read(&path) {
        let (state, ()) = RunSnapshot::from_bytes(&bytes).expect("a state of this version");
        return state;
    }
    let mut batch =
        RunBatch::new(vec![(spec.clone(), None)], &ComputeDevice::cpu()).expect("a new run");
    for update in 0..arguments.from {
        batch.update()[0].as_ref().expect("training stays finite");
        if (update + 1).is_multiple_of(500) {
            eprintln!("preparing {}: {} of {} updates", spec.id(), update + 1, arguments.from);
        }
    }
    let state = batch.snapshot(0);
    fs::create_dir_all(&arguments.states).expect("the states' folder can be made");
    fs::write(&path, state.to_bytes(&())).expect("the state can be written");
    state
}

/// Times a batch of runs that begin as the trained one and differ in their seeds.
fn time_batch(
    arguments: &Arguments,
    spec: &RunSpec,
    state: &RunSnapshot,
    device: &ComputeDevice,
    job: usize,
    together: &Barrier,
) -> Timed {
    let first = (job * arguments.runs) as u64;
    let runs = (first..first + arguments.runs as u64).map(|seed| {
        let spec = RunSpec { seed, ..spec.clone() };
        let state = RunSnapshot { key: spec.key(), ..state.clone() };
        (spec, Some(state))
    });
    let mut batch = RunBatch::new(runs.collect(), device).expect("states fit their runs");
    update(&mut batch, arguments.runs);
    together.wait();

    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let all = || (0..arguments.updates).map(|_| update(&mut batch, arguments.runs)).sum();
    let (distinct_observations, traffic) = Traffic::of(all);
    together.wait();
    let (cpu_seconds_used, wall_seconds) = (cpu_since(cpu), wall.elapsed().as_secs_f64());
    together.wait();

    let cpu = cpu_seconds();
    let runs: Vec<usize> = (0..arguments.runs).collect();
    let evaluate = || (0..EVALUATIONS).flat_map(|_| batch.evaluate(&runs));
    let number = || evaluate().map(|all| all.expect("policies are finite").len()).sum();
    let (policies_evaluated, evaluation_traffic) = Traffic::of(number);
    together.wait();
    let [evaluation_seconds, _] = cpu_since(cpu);
    // The time of a thread that has ended is no longer found.
    together.wait();
    Timed {
        cpu_seconds: cpu_seconds_used,
        wall_seconds,
        traffic,
        evaluation_traffic,
        distinct_observations,
        evaluation_seconds,
        policies_evaluated,
    }
}

/// CPU seconds since there were `before`.
fn cpu_since(before: [f64; 2]) -> [f64; 2] {
    let now = cpu_seconds();
    [0, 1].map(|part| now[part] - before[part])
}

/// One update and what follows it in training; the observations that it met, over all runs.
fn update(batch: &mut RunBatch, runs: usize) -> u64 {
    let reports = batch.update();
    let met = reports.into_iter().map(|report| report.expect("finite").distinct_observations);
    let met = met.sum();
    let all: Vec<usize> = (0..runs).collect();
    assert!(batch.check_holdouts(&all).iter().all(Result::is_ok));
    met
}

/// Multiplications and additions that one observation is worth: forward, and both halves of the
/// backward pass, of the hidden layer of each expert and gate. The one-hot first layer counts as
/// nothing, because it could be looked up.
fn flop_per_observation(architecture: &Architecture) -> f64 {
    let stacks = architecture.kind.cost_per_update() as f64;
    let hidden = architecture.hidden as f64;
    stacks * 3.0 * 2.0 * hidden * hidden
}

/// What an update of one run was counted to take.
struct Counted {
    rows_met: f64,
    bytes_to_device: f64,
    bytes_from_device: f64,
    /// Its share of those of the batch.
    launches: f64,
    /// On one core.
    host_seconds: f64,
}

impl Counted {
    /// Seconds that the update takes if nothing overlaps and every part goes at the device's best: products,
    /// passes over activations, bus, launches, and the host's work on all cores.
    fn predict(&self, architecture: &Architecture, gflops: f64, rates: &GpuRates) -> f64 {
        let stacks = architecture.kind.cost_per_update() as f64;
        let has_gate = architecture.kind.has_gate();
        let (inputs, hidden) = (architecture.num_inputs() as f64, architecture.hidden as f64);
        let bytes_per_row = 4.0 * (NUM_ACTIONS + usize::from(has_gate)) as f64;
        let rows_evaluated = self.bytes_from_device / bytes_per_row;
        let (first, second) = (inputs * hidden, hidden * hidden);
        // Forward both layers; back the gradients of both, and through the second.
        let products = stacks
            * 2.0
            * (rows_evaluated * (first + second) + self.rows_met * (first + 2.0 * second));
        let bytes = 4.0 * stacks * hidden;
        let passed = bytes * (PASSES_FORWARD * rows_evaluated + PASSES_BACKWARD * self.rows_met);
        let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        products / (gflops * 1e9)
            + passed * rates.seconds_per_memory_byte
            + (self.bytes_to_device + self.bytes_from_device) * rates.seconds_per_bus_byte
            + self.launches * rates.seconds_per_launch
            + self.host_seconds / cores
    }
}

/// How often a hidden activation is read or written by element-wise work, forward: bias and ReLU of two layers.
const PASSES_FORWARD: f64 = 8.0;
/// And back: two selections, two ReLUs with their masks, column sums.
const PASSES_BACKWARD: f64 = 16.0;

fn append(path: &Path, row: &BenchmarkRow) {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).expect("the table's folder can be made");
    }
    let begins = !path.exists();
    let file = OpenOptions::new().create(true).append(true).open(path);
    let file = file.expect("the table can be written");
    let mut writer = csv::WriterBuilder::new().has_headers(begins).from_writer(file);
    writer.serialize(row).expect("the row can be written");
    writer.flush().expect("the row can be written");
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
