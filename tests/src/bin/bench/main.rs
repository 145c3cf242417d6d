//! The load client: starts the real server on a database that it has filled, measures it from this same machine, and says
//! what came out. Nothing here fails because a figure is bad.

mod agents;
mod audit;
mod beside;
mod checkins;
mod coldstart;
mod company;
mod figures;
mod http;
mod imports;
mod list;
mod load;
mod logins;
mod machine;
mod mcp;
mod report;
mod roster;
mod search;
mod server;
mod stream;
mod subscribers;

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::report::Row;

/// Every bench, in the report's order.
const ALL: [&str; 11] =
    ["checkins", "list", "search", "stream", "checkins-with-streams", "mcp", "agents", "coldstart", "logins", "imports", "audit"];
/// Sockets and files that the server and the client may each have open: 5,000 streams and some room.
const OPEN_FILES: u64 = 16_384;

/// Measures the server; without names, all that there is to measure.
#[derive(Parser)]
struct Cli {
    /// The server's program
    #[arg(long)]
    server: PathBuf,
    /// Where the databases are made; the disk matters [default: the system's temporary directory]
    #[arg(long)]
    dir: Option<PathBuf>,
    /// How often each figure is measured
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Writes docs/benchmarks.md; wants all benches
    #[arg(long)]
    write: bool,
    /// checkins, list, search, stream, checkins-with-streams, mcp, agents, coldstart, logins, imports, audit
    names: Vec<String>,
}

/// What every bench is told.
pub struct Setup {
    pub server: PathBuf,
    pub dir: PathBuf,
    pub rounds: usize,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let unknown = cli.names.iter().find(|name| !ALL.contains(&name.as_str()));
    if let Some(name) = unknown {
        bail!("there is no bench {name}; there are: {}", ALL.join(", "));
    }
    ensure!(!cli.write || cli.names.is_empty(), "--write wants all benches: the page shows figures of one run");
    ensure!(cli.rounds > 0, "--rounds must be at least 1");
    machine::allow_open_files(OPEN_FILES)?;
    let setup = Setup {
        server: cli.server.canonicalize().with_context(|| format!("{} is not there", cli.server.display()))?,
        dir: cli.dir.clone().unwrap_or_else(std::env::temp_dir),
        rounds: cli.rounds,
    };
    // One thread: the client shall leave the cores to the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        // What is dropped on the way out ends the server and removes its files.
        tokio::select! {
            done = run(&cli, &setup) => done,
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
            _ = terminate.recv() => bail!("terminated"),
        }
    })
}

async fn run(cli: &Cli, setup: &Setup) -> Result<()> {
    let machine = machine::describe(&setup.dir)?;
    say(&machine)?;
    let mut rows = Vec::new();
    for name in ALL.iter().filter(|name| cli.names.is_empty() || cli.names.iter().any(|n| n == *name)) {
        say(&format!("\n{name}"))?;
        let measured = measure(name, setup).await.with_context(|| format!("bench {name}"))?;
        for row in &measured {
            say(&row.line())?;
        }
        rows.extend(measured);
    }
    say(&format!("\n{}", report::table(&rows)))?;
    if cli.write {
        let path = std::env::current_dir()?.join("docs/benchmarks.md");
        std::fs::write(&path, report::page(&machine, &rows)).with_context(|| format!("{} cannot be written", path.display()))?;
        say(&format!("written: {}", path.display()))?;
    }
    Ok(())
}

async fn measure(name: &str, setup: &Setup) -> Result<Vec<Row>> {
    match name {
        "checkins" => checkins::run(setup).await,
        "list" => list::run(setup).await,
        "search" => search::run(setup).await,
        "stream" => stream::run(setup).await,
        "checkins-with-streams" => beside::run(setup).await,
        "mcp" => mcp::run(setup).await,
        "agents" => agents::run(setup).await,
        "coldstart" => coldstart::run(setup).await,
        "logins" => logins::run(setup).await,
        "imports" => imports::run(setup).await,
        _ => audit::run(setup).await,
    }
}

fn say(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}
