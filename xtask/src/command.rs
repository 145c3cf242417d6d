//! Running other programs, and saying what is being done.

use std::env;
use std::fmt::Display;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Runs one step of a command between two lines that name it; the second has the elapsed time.
pub fn step<T>(name: impl Display, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("==> {name}");
    let start = Instant::now();
    let outcome = work();
    let word = if outcome.is_ok() { "done" } else { "failed" };
    println!("    {word} in {:.1} s", start.elapsed().as_secs_f32());
    outcome
}

/// Cargo, without the variables that the `cargo run` around us set for its own package: build
/// scripts that watch them would be run, and their crates be compiled, again and again.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a program whose output belongs to ours; an unsuccessful end is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs a program and gives its standard output; all it said is shown only when it fails.
pub fn capture(command: &mut Command) -> Result<String> {
    let Output { status, stdout, stderr } = command.output().with_context(|| format!("cannot start {}", shown(command)))?;
    let stdout = String::from_utf8_lossy(&stdout);
    if !status.success() {
        let stderr = String::from_utf8_lossy(&stderr);
        bail!("{} ended with {status}\n{stdout}{stderr}", shown(command));
    }
    Ok(stdout.into_owned())
}

/// Whether this process may install packages and change owners.
pub fn is_root() -> Result<bool> {
    // std has no call for the user id, and unsafe code is denied here.
    Ok(capture(Command::new("id").arg("-u"))?.trim() == "0")
}

/// Installs Debian packages when we may, and else says which are missing.
pub fn install_debian(packages: &[&str], purpose: &str) -> Result<()> {
    let names = packages.join(", ");
    if !is_root()? {
        bail!("{purpose} is missing: install it (on Debian, the package {names}) and try again");
    }
    println!("    {purpose} is missing: installing the Debian package {names} with apt-get");
    capture(apt().arg("update"))?;
    capture(apt().args(["install", "--yes", "--no-install-recommends"]).args(packages))?;
    Ok(())
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.arg("-qq").env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// The command line, with the program's bare name, for messages.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let mut text = format!("`{}", name.to_string_lossy());
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text.push('`');
    text
}
