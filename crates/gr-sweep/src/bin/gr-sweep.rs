//! See [`gr_sweep::sweep_cli`].

fn main() -> std::process::ExitCode {
    gr_sweep::sweep_cli::main()
}
