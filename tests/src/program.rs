//! The server as the program that it is: started, killed, started again.

use std::collections::HashMap;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::DEADLINE;
use crate::client::Client;
use crate::company::{PASSWORD, ROOT_EMAIL};

/// The built program: named by `WORKFORCEOS_TEST_BIN`, else where cargo puts it beside this test.
pub fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("WORKFORCEOS_TEST_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("the path of this test");
    let built = test.parent().and_then(Path::parent).expect("cargo's folders").join("workforceos");
    assert!(built.is_file(), "{} is missing: cargo build -p workforceos-http --bin workforceos", built.display());
    built
}

/// A process of the server.
pub struct Program {
    child: Child,
    /// Where it listens.
    pub base: String,
    pub client: Client,
    log: JoinHandle<String>,
}

impl Program {
    /// Starts the server on a data directory and waits until it listens.
    pub async fn start(data_dir: &Path) -> Program {
        let command = Program::command(data_dir);
        Program::run(command).await.unwrap_or_else(|said| panic!("the server did not start: {said}"))
    }

    /// The command that starts the server, without what this process was given.
    pub fn command(data_dir: &Path) -> std::process::Command {
        Program::command_of(std::process::Command::new(program()), data_dir)
    }

    /// The command that writes a backup of a data directory.
    pub fn backup(data_dir: &Path, target: &Path) -> std::process::Command {
        let mut command = Program::command(data_dir);
        command.arg("backup").arg(target);
        command
    }

    /// As [`Program::command`], of a copy of the program.
    pub fn command_with(program: &Path, data_dir: &Path) -> std::process::Command {
        Program::command_of(std::process::Command::new(program), data_dir)
    }

    /// As [`Program::command`], where a shell's file size limit holds: in KiB, without the signal that would end it.
    pub fn limited(data_dir: &Path, kib: u64) -> std::process::Command {
        let mut shell = std::process::Command::new("bash");
        shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\"")]).arg(program());
        Program::command_of(shell, data_dir)
    }

    fn command_of(mut command: std::process::Command, data_dir: &Path) -> std::process::Command {
        let settings = HashMap::from([
            ("HOST", "127.0.0.1"),
            ("PORT", "0"),
            ("SUPER_ADMIN_EMAIL", ROOT_EMAIL),
            ("SUPER_ADMIN_PASSWORD", PASSWORD),
            ("EMAIL_VERIFICATION", "false"),
            ("SAMPLE_COMPANY", "false"),
            ("DEFAULT_TIMEZONE", "UTC"),
            ("LOG", "error"),
            ("WORKERS", "2"),
        ]);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().envs(settings).env("PATH", path).env("DATA_DIR", data_dir).current_dir(data_dir);
        // Interrupting the test run is for the test to notice, which then ends its server.
        command.process_group(0);
        command
    }

    /// Starts a command that is the server; the error is what it said before it ended.
    pub async fn run(command: std::process::Command) -> Result<Program, String> {
        let mut command = Command::from(command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the program starts");
        let mut errors = BufReader::new(child.stderr.take().expect("standard error is piped"));
        let log = tokio::spawn(async move {
            let mut log = Vec::new();
            let _ = errors.read_to_end(&mut log).await;
            String::from_utf8_lossy(&log).into_owned()
        });
        let mut lines = BufReader::new(child.stdout.take().expect("standard output is piped")).lines();
        let mut said = String::new();
        let listening = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some((_, base)) = line.split_once("listens on ") {
                    return Some(base.trim().to_owned());
                }
                said.push_str(&line);
            }
            None
        };
        let base = tokio::time::timeout(DEADLINE, listening).await.expect("the server starts or ends within the deadline");
        match base {
            Some(base) => {
                // Whatever it says later must not fill the pipe.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                Ok(Program { child, client: Client::of(&base), base, log })
            }
            None => {
                let status = child.wait().await.expect("its status");
                Err(format!("{status} {said} {}", log.await.unwrap_or_default()))
            }
        }
    }

    /// Kills it on the spot: SIGKILL.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("killed");
    }

    /// Asks it to end, as a service manager does, and waits until it has: whether all went well, and what it logged.
    pub async fn terminate(mut self) -> (bool, String) {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill runs");
        assert!(sent.success(), "the signal is sent");
        let ended = tokio::time::timeout(DEADLINE, self.child.wait()).await.expect("it ends within the deadline");
        (ended.expect("its status").success(), self.log.await.unwrap_or_default())
    }

    /// Megabytes that it has in memory.
    pub fn resident(&self) -> u64 {
        let id = self.child.id().expect("it runs");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("a process of Linux");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
        let kilobytes: u64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
        kilobytes / 1024
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("its status").is_none()
    }
}
