//! The server as a process, and the directory that it runs in.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::Setup;
use crate::http::Connection;
use crate::machine;

/// Signs the tokens that the client makes for the people it has written into the database.
pub const JWT_SECRET: &str = "of benchmarks, and of nobody else";
/// Seals the journal that the client begins and the server continues.
pub const JOURNAL_KEY: [u8; 32] = [0x77; 32];
const PASSWORD: &str = "benchmarks-only";

/// A data directory of its own, removed at the end.
pub struct Site {
    pub path: PathBuf,
}

impl Site {
    pub fn new(setup: &Setup) -> Result<Site> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = setup.dir.join(format!("workforceos-bench-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Site { path })
    }

    pub fn database(&self) -> PathBuf {
        self.path.join("workforceos.db")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// A server that runs; killed at the end.
pub struct Server {
    child: Child,
    pub addr: SocketAddr,
    /// From its start until it told its address.
    pub started: Instant,
}

impl Server {
    /// Starts the program and waits until it listens.
    pub fn start(program: &Path, site: &Site) -> Result<Server> {
        Server::start_with(program, site, &[])
    }

    /// As [`Server::start`], with further settings.
    pub fn start_with(program: &Path, site: &Site, settings: &[(&str, String)]) -> Result<Server> {
        let key: String = JOURNAL_KEY.iter().map(|b| format!("{b:02x}")).collect();
        let mut command = Command::new(program);
        // No settings but these: neither the caller's environment nor a .env may change what is measured.
        command.env_clear().current_dir(&site.path).stdin(Stdio::null()).stdout(Stdio::piped());
        command.env("DATA_DIR", &site.path).env("HOST", "127.0.0.1").env("PORT", "0").env("LOG", "warn");
        command.env("SUPER_ADMIN_PASSWORD", PASSWORD).env("EMAIL_VERIFICATION", "false").env("SAMPLE_COMPANY", "false");
        command.env("JWT_SECRET", JWT_SECRET).env("JOURNAL_KEY", key);
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        let started = Instant::now();
        let mut child = command.spawn().with_context(|| program.display().to_string())?;
        match listening(&mut child) {
            Ok(addr) => Ok(Server { child, addr, started }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn rss_kib(&self) -> Result<u64> {
        machine::rss_kib(self.pid())
    }

    pub async fn connect(&self, count: usize) -> Result<Vec<Connection>> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(Connection::open(self.addr).await?);
        }
        Ok(connections)
    }

    /// Ends it as an operator does, and waits until it has ended.
    pub fn stop(mut self) -> Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let limit = Instant::now() + Duration::from_secs(30);
        while self.child.try_wait()?.is_none() {
            if Instant::now() > limit {
                bail!("the server did not end");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address that it tells.
fn listening(child: &mut Child) -> Result<SocketAddr> {
    let out = child.stdout.take().context("no standard output")?;
    for line in BufReader::new(out).lines() {
        if let Some(addr) = line?.strip_prefix("WorkforceOS listens on http://") {
            return Ok(addr.trim().parse()?);
        }
    }
    bail!("the server ended without listening")
}
