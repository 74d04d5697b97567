//! See [`gr_sweep::cli::sweep`].

fn main() -> std::process::ExitCode {
    gr_sweep::main_with(&[])
}
