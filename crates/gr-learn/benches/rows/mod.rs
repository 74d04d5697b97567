//! The columns of what benchmarks append to. Apart from the benchmark, so that the test of docs/data.md reads
//! them too.

gr_runs::csv_rows! {
    /// What `scripts/bench.sh` and `cargo bench --bench updates` measured: updates of a trained policy. Times are per
    /// update of one run.
    "updates.csv": BenchmarkRow {
        /// What the row is said to measure; empty where nothing was said.
        label: String;
        /// Commit that was measured.
        commit: String;
        /// Name of the processor.
        cpu: String;
        /// `cpu`, `ndarray` or `wgpu`.
        device: String;
        /// Name of the GPU, else of the processor.
        adapter: String;
        /// Method label.
        method: String;
        /// Oversight level p.
        oversight: f64, "probability";
        /// `key=value ..` of settings that are not at their defaults; empty where all are.
        settings: String;
        /// Batches at once, each on a thread of its own.
        jobs: usize, "batches";
        /// Runs in each batch.
        runs_per_batch: usize, "runs";
        /// Update at which timing started.
        from_update: u64, "update";
        /// Updates that were timed.
        updates: u64, "updates";
        /// CPU time of the process.
        cpu_ms_per_update: f64, "ms";
        /// Time by the clock of an update of a batch, divided by its runs.
        wall_ms_per_update: f64, "ms";
        /// Different observations met in an update, on average.
        distinct_observations: f64, "observations";
        /// Speed of the products that the method needs, by CPU time, or on a GPU by the clock.
        useful_gflops: f64, "Gflop/s";
        /// Speed of a large product alone, measured beforehand.
        peak_gflops: f64, "Gflop/s";
        /// `useful_gflops` / `peak_gflops`.
        useful_share: f64, "share";
        /// Time of an exact evaluation of one policy.
        evaluation_cpu_ms_per_policy: f64, "ms";
        /// Largest memory of the process.
        peak_memory_mb: f64, "MB";
        /// CPU time without the threads of a GPU's driver.
        host_ms_per_update: f64, "ms";
        /// Bytes sent to the GPU; 0 without one, as the next three.
        bytes_to_device: u64, "bytes";
        /// Bytes read back from it.
        bytes_from_device: u64, "bytes";
        /// Kernels launched in an update of a whole batch.
        launches: u64, "launches";
        /// Kernels launched in an evaluation of all of a batch's runs at once.
        evaluation_launches: u64, "launches";
        /// `wall_ms_per_update` by the model of docs/performance.md, section 4, from what was counted and the device's
        /// own rates; empty without a GPU.
        predicted_ms_per_update: Option<f64>, "ms";
    }
}
