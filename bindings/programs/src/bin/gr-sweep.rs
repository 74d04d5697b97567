//! See [`gr_sweep::main_with`].

fn main() -> std::process::ExitCode {
    gr_sweep::main_with(&[])
}
