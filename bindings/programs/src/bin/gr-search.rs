//! See [`gr_sweep::cli::search`].

fn main() -> std::process::ExitCode {
    gr_sweep::cli::search::main()
}
