//! `cargo xtask test`: everything that must hold before a change is merged.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{ChildStdout, Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::checks;
use crate::command::{cargo, step};
use crate::node;
use crate::postgres::Cluster;
use crate::python;
use crate::summary::Summary;
use crate::workspace::Workspace;

const POSTGRES: &str = "WORKFORCEOS_TEST_POSTGRES";
const PYTHON: &str = "WORKFORCEOS_TEST_PYTHON";
const NODE: &str = "WORKFORCEOS_TEST_NODE";
const LONG: &str = "WORKFORCEOS_TEST_LONG";

/// How long the output may be silent before we look whether cargo has ended.
const SILENCE: Duration = Duration::from_millis(200);

#[derive(Debug, Default, PartialEq)]
pub struct Options {
    long: bool,
    sqlite_only: bool,
    filters: Vec<String>,
}

impl Options {
    pub fn parse(args: Vec<String>) -> Result<Self> {
        let mut options = Self::default();
        for arg in args {
            match arg.as_str() {
                "--long" => options.long = true,
                "--sqlite-only" => options.sqlite_only = true,
                flag if flag.starts_with('-') => bail!("unknown option {flag}"),
                _ => options.filters.push(arg),
            }
        }
        Ok(options)
    }
}

/// Runs all steps; the last line is the sum over all test binaries.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    checks::run(workspace)?;
    let cluster = if options.sqlite_only { None } else { Some(step("PostgreSQL", Cluster::start)?) };
    let python = step("official MCP client and SMTP server", || python::provide(workspace))?;
    let node = step("Node with MCP clients and the conformance suite", || node::provide(workspace, &python))?;
    let url = cluster.as_ref().map(Cluster::url);
    let summary =
        step("cargo test --workspace", || stream(cargo_test(workspace, options, url, [(PYTHON, &python), (NODE, &node)])))?;
    if let Some(cluster) = cluster {
        step("stopping PostgreSQL", || {
            drop(cluster);
            Ok(())
        })?;
    }
    for failure in &summary.failures {
        println!("FAILED: {failure}");
    }
    println!("{summary}");
    Ok(if summary.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn cargo_test(workspace: &Workspace, options: &Options, url: Option<&str>, foreign: [(&str, &Path); 2]) -> Command {
    let mut command = cargo();
    // The targets are named so that cargo does not look for examples in the documentation.
    command
        .args(["test", "--workspace", "--lib", "--bins", "--tests"])
        .args(["--no-fail-fast", "--"])
        .args(&options.filters)
        .current_dir(&workspace.root)
        .envs(foreign);
    match url {
        Some(url) => command.env(POSTGRES, url),
        None => command.env_remove(POSTGRES),
    };
    if options.long {
        command.env(LONG, "1");
    } else {
        command.env_remove(LONG);
    }
    command
}

/// Passes the output through, line by line, and counts.
fn stream(mut command: Command) -> Result<Summary> {
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
    let stdout = child.stdout.take().context("standard output is piped")?;
    let lines = read_lines(stdout);
    let mut summary = Summary::default();
    let mut take = |line: String| {
        println!("{line}");
        summary.read(&line);
    };
    // The end of the output is not awaited: a server that a crashed test left behind would hold
    // it open for ever.
    let status = loop {
        match lines.recv_timeout(SILENCE) {
            Ok(line) => take(line),
            Err(RecvTimeoutError::Disconnected) => break child.wait()?,
            Err(RecvTimeoutError::Timeout) => {
                if let Some(status) = child.try_wait()? {
                    break status;
                }
            }
        }
    };
    while let Ok(line) = lines.recv_timeout(SILENCE) {
        take(line);
    }
    summary.finish(status.success());
    Ok(summary)
}

fn read_lines(stdout: ChildStdout) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_filters_are_told_apart() {
        let parse = |args: &[&str]| Options::parse(args.iter().map(|arg| (*arg).into()).collect());
        assert_eq!(parse(&[]).unwrap(), Options::default());
        let expected = Options { long: true, sqlite_only: true, filters: vec!["shifts".into(), "tasks".into()] };
        let args = ["shifts", "--long", "--sqlite-only", "tasks"];
        assert_eq!(parse(&args).unwrap(), expected);
        assert!(parse(&["--quick"]).is_err());
    }

    #[test]
    fn a_leftover_process_does_not_hold_the_run() {
        let mut command = Command::new("sh");
        // The sleeper keeps the pipe open after its parent has ended.
        command.args(["-c", "sleep 20 & echo running 1 test; echo test result: ok. 1 passed"]);
        let start = std::time::Instant::now();
        let summary = stream(command).unwrap();
        assert_eq!(summary.to_string(), "1 passed, 0 failed, 0 skipped");
        assert!(start.elapsed() < Duration::from_secs(15));
    }
}
