//! The machine, and what processes use of it.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::figures::Samples;

/// Kernel ticks per second in `/proc/*/stat`: fixed for programs, whatever the kernel's own rate.
const TICKS: f64 = 100.0;
/// Writes made to learn how long one takes to be durable.
const PROBES: usize = 300;

/// Raises this process's limit of open files, which the server inherits, as far as the system lets it.
pub fn allow_open_files(wanted: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|now| now < wanted) {
        let current = Some(limit.maximum.map_or(wanted, |most| most.min(wanted)));
        setrlimit(Resource::Nofile, Rlimit { current, maximum: limit.maximum }).context("the limit of open files")?;
    }
    Ok(())
}

/// The machine in one line.
pub fn describe(dir: &Path) -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let info = fs::read_to_string("/proc/cpuinfo")?;
    let model = field(&info, "model name").unwrap_or("unknown processor");
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let synced = fdatasync(dir)?;
    let (half, most) = (synced.quantile(0.5), synced.quantile(0.99));
    Ok(format!("{cores} cores, {model}, Linux {}; fdatasync of 4 KiB: {half:.2} ms (p99 {most:.2} ms)", kernel.trim(),))
}

/// How long appended pages take to be on the disk of `dir`.
fn fdatasync(dir: &Path) -> Result<Samples> {
    let path = dir.join(format!("workforceos-bench-sync-{}", std::process::id()));
    let probe = || -> Result<Samples> {
        let mut file = File::create(&path)?;
        let mut samples = Samples::begin();
        for _ in 0..PROBES {
            file.write_all(&[7; 4096])?;
            let started = Instant::now();
            file.sync_data()?;
            samples.add(started.elapsed());
        }
        Ok(samples.end())
    };
    let samples = probe();
    let _ = fs::remove_file(&path);
    samples
}

/// Seconds of processor time that a process has used.
pub fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is the program's name, which may hold anything.
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: Vec<f64> = after.split_whitespace().skip(11).take(2).filter_map(|t| t.parse().ok()).collect();
    Ok(ticks.iter().sum::<f64>() / TICKS)
}

/// KiB of memory that a process occupies.
pub fn rss_kib(pid: u32) -> Result<u64> {
    kib(pid, "VmRSS")
}

/// KiB of memory that a process has occupied at most.
pub fn peak_kib(pid: u32) -> Result<u64> {
    kib(pid, "VmHWM")
}

fn kib(pid: u32, name: &'static str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let text = field(&status, name).context(name)?;
    Ok(text.trim_end_matches("kB").trim().parse()?)
}

fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}

/// Processor time used since a moment.
pub struct Meter {
    server: u32,
    started: Instant,
    before: Cpu,
}

/// Seconds of processor time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    pub server: f64,
    pub client: f64,
    /// Of all other programs, and of other machines on the same hardware.
    pub others: f64,
    /// Of all cores together, used or not.
    pub there: f64,
}

impl Meter {
    pub fn start(server: u32) -> Result<Meter> {
        Ok(Meter { server, started: Instant::now(), before: used(server)? })
    }

    pub fn read(&self) -> Result<Cpu> {
        let (now, before) = (used(self.server)?, self.before);
        let there = self.started.elapsed().as_secs_f64() * std::thread::available_parallelism()?.get() as f64;
        let (server, client) = (now.server - before.server, now.client - before.client);
        Ok(Cpu { server, client, others: (now.others - before.others - server - client).max(0.0), there })
    }
}

/// What was used until now; `others` is still everybody's.
fn used(server: u32) -> Result<Cpu> {
    let stat = fs::read_to_string("/proc/stat")?;
    let all: Vec<f64> =
        stat.lines().next().unwrap_or_default().split_whitespace().skip(1).filter_map(|t| t.parse().ok()).collect();
    // user, nice, system, and what the hypervisor gave to others; interrupts are nobody's.
    let ticks: f64 = [0, 1, 2, 7].iter().filter_map(|i| all.get(*i)).sum();
    Ok(Cpu { server: cpu_seconds(server)?, client: cpu_seconds(std::process::id())?, others: ticks / TICKS, there: 0.0 })
}
