//! The binary `nexus-crm`; see [`nexus_crm::cli`] for its subcommands.

/// The system's allocator took a twentieth of the machine when events come in at full speed.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    nexus_crm::cli::run()
}
