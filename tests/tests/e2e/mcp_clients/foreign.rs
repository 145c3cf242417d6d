//! Where the programs of others are, and how they are run.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::process::Command;
use workforceos_tests::{DEADLINE, Db, Scratch};

/// A Python with the official SDK.
const PYTHON: &str = "WORKFORCEOS_TEST_PYTHON";
/// A folder with `node` and `node_modules`.
const NODE: &str = "WORKFORCEOS_TEST_NODE";

/// The scripts of a folder beside these tests.
pub fn scripts(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

#[expect(clippy::print_stdout, reason = "what is left out of a test is told")]
fn named(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable);
    if path.is_none() {
        println!("left out: {variable} is set by cargo xtask test");
    }
    path.map(PathBuf::from)
}

pub fn python() -> Option<PathBuf> {
    named(PYTHON)
}

/// Node in a folder of its own, with our scripts beside the packages.
pub struct Node {
    scratch: Scratch,
    place: PathBuf,
}

impl Node {
    pub async fn find() -> Option<Node> {
        let place = named(NODE)?;
        let scratch = Scratch::make(Db::Sqlite).await;
        let folder = scratch.folder();
        std::os::unix::fs::symlink(place.join("node_modules"), folder.join("node_modules")).expect("linked");
        for entry in std::fs::read_dir(scripts("node")).expect("scripts") {
            let path = entry.expect("a script").path();
            if path.extension().is_some_and(|extension| extension == "mjs") {
                std::fs::copy(&path, folder.join(path.file_name().expect("a name"))).expect("copied");
            }
        }
        Some(Node { scratch, place })
    }

    pub fn folder(&self) -> &Path {
        self.scratch.folder()
    }

    /// A command that runs a script of ours.
    pub fn command(&self, script: &str) -> Command {
        self.runs(&self.folder().join(script))
    }

    /// A command that runs a package's script.
    pub fn package(&self, script: &str) -> Command {
        // By its real path: some ask whether they are what was started.
        self.runs(&self.packages().join(script))
    }

    pub fn packages(&self) -> PathBuf {
        self.place.join("node_modules")
    }

    fn runs(&self, script: &Path) -> Command {
        let mut command = Command::new(self.program());
        // Nothing of the user's settings: what the clients keep, they keep here.
        let here = self.folder();
        let path = std::env::var("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("HOME", here).current_dir(here).arg(script);
        command
    }

    pub fn program(&self) -> PathBuf {
        self.place.join("node")
    }
}

/// Runs a command to its end.
pub async fn output(mut command: Command) -> (i32, String, String) {
    let running = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let Output { status, stdout, stderr } =
        tokio::time::timeout(DEADLINE * 4, running).await.expect("it ends within the deadline").expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}
