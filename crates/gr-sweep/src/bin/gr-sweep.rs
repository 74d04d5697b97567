//! See [`gr_sweep::cli::sweep`].

fn main() -> std::process::ExitCode {
    gr_learn::look_for_no_display();
    gr_sweep::cli::sweep::main()
}
