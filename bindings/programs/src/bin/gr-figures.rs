//! See [`gr_figures::cli`].

fn main() -> std::process::ExitCode {
    gr_figures::cli::main()
}
