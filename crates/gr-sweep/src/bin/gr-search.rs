//! See [`gr_sweep::search_cli`].

fn main() -> std::process::ExitCode {
    gr_sweep::search_cli::main()
}
