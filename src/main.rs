//! The binary `nexus-crm`; see [`nexus_crm::cli`] for its subcommands.

fn main() -> std::process::ExitCode {
    nexus_crm::cli::run()
}
