//! The checks that need no running server.

use anyhow::{Result, bail};

use crate::command::{cargo, run as run_program, step};
use crate::crate_order;
use crate::workspace::Workspace;

/// Format, lints and crate order; stops at the first that fails.
pub fn run(workspace: &Workspace) -> Result<()> {
    step("cargo fmt --all --check", || run_program(cargo().args(["fmt", "--all", "--check"]).current_dir(&workspace.root)))?;
    step("cargo clippy --workspace --all-targets -- -D warnings", || {
        run_program(
            cargo().args(["clippy", "--workspace", "--all-targets"]).args(["--", "-D", "warnings"]).current_dir(&workspace.root),
        )
    })?;
    step("crate order", || {
        let violations = crate_order::violations(&workspace.metadata)?;
        if !violations.is_empty() {
            bail!("{}", violations.join("\n"));
        }
        Ok(())
    })
}
