//! A Python environment under `target/` with the pinned official MCP client and an SMTP server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{capture, install_debian};
use crate::workspace::Workspace;

/// The Python to run them with; the environment is made anew only when the pins changed.
pub fn provide(workspace: &Workspace) -> Result<PathBuf> {
    let wanted = workspace.root.join("tests/requirements.txt");
    let environment = workspace.target.join("python");
    let installed = environment.join("installed.txt");
    let python = environment.join("bin/python");

    let pins = fs::read(&wanted).with_context(|| format!("cannot read {}", wanted.display()))?;
    let is_current = fs::read(&installed).is_ok_and(|old| old == pins);
    // A cached environment outlives the Python that it links to: see that it still runs.
    if is_current && capture(Command::new(&python).arg("--version")).is_ok() {
        println!("    the Python environment has the pinned packages already");
        return Ok(python);
    }

    println!("    installing the Python packages of tests/requirements.txt from the Python package index with pip");
    capture(Command::new(base_python()?).args(["-m", "venv", "--clear"]).arg(&environment))?;
    capture(Command::new(&python).args(["-m", "pip", "install", "--disable-pip-version-check", "-r"]).arg(&wanted))?;
    // Written last: an interrupted installation is not taken for a whole one.
    fs::write(&installed, pins)?;
    Ok(python)
}

/// A Python that can make environments; Debian has that part in a package of its own.
fn base_python() -> Result<&'static Path> {
    let known = ["python3", "/usr/bin/python3"].map(Path::new);
    let usable = || known.into_iter().find(|python| makes_environments(python));
    if let Some(python) = usable() {
        return Ok(python);
    }
    install_debian(&["python3", "python3-venv"], "Python 3 with venv")?;
    usable().context("python3 cannot make environments, though python3-venv is installed")
}

fn makes_environments(python: &Path) -> bool {
    capture(Command::new(python).args(["-c", "import venv, ensurepip"])).is_ok()
}
