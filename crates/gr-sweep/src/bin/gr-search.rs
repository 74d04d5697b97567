//! See [`gr_sweep::cli::search`].

fn main() -> std::process::ExitCode {
    gr_learn::look_for_no_display();
    gr_sweep::cli::search::main()
}
