//! See [`gr_sweep::cli::policy`].

fn main() -> std::process::ExitCode {
    gr_sweep::cli::policy::main()
}
