//! See [`gr_sweep::policy_cli`].

fn main() -> std::process::ExitCode {
    gr_sweep::policy_cli::main()
}
