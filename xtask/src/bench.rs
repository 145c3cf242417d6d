//! The benches: the release server under the load client of `tests/`.

use std::process::Command;

use anyhow::Result;

use crate::command::{cargo, run as run_program, step};
use crate::workspace::Workspace;

/// Builds both sides and runs the named benches, or all of them.
pub fn run(workspace: &Workspace, names: &[String]) -> Result<()> {
    // Two builds, since one of both packages together would give the server their joint features.
    build(workspace, "workforceos-http", "workforceos")?;
    build(workspace, "workforceos-tests", "bench")?;
    let release = workspace.target.join("release");
    run_program(
        Command::new(release.join("bench"))
            .arg("--server")
            .arg(release.join("workforceos"))
            .args(names)
            .current_dir(&workspace.root),
    )
}

fn build(workspace: &Workspace, package: &str, binary: &str) -> Result<()> {
    step(format!("release build of {binary}"), || {
        run_program(cargo().args(["build", "--release", "-p", package, "--bin", binary]).current_dir(&workspace.root))
    })
}
