//! The program `workforceos`: reads settings, starts what was asked for, ends when told to.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use workforceos_agents::provider::Providers;
use workforceos_core::id::IdSource;
use workforceos_core::time::SystemClock;
use workforceos_http::settings::{Audit, Cli, Command, Values, cores};
use workforceos_http::{Options, Running, audit, backup, demo, import, logs, openapi, start};
use workforceos_store::{Journals, Store};

fn main() -> ExitCode {
    // A missing .env is no error; a broken one is told with the first setting that is missed.
    let _ = dotenvy::dotenv();
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            if tracing::enabled!(tracing::Level::ERROR) {
                tracing::error!("{error:#}");
            } else {
                // There is no log yet, or LOG=off: it is told all the same.
                let _ = writeln!(std::io::stderr(), "workforceos: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let Cli { command, values } = cli;
    let command = command.unwrap_or(Command::Serve);
    logs::start(&values.log, values.production())?;
    // Fails only if a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    match command {
        Command::Openapi => print_openapi(),
        Command::Migrate => runtime.block_on(migrate(&values)),
        Command::Backup { target } => runtime.block_on(back_up(&values, &target)),
        Command::Audit { what: Audit::Verify { company, expect, since_log } } => {
            let asked = audit::Asked { company: company.as_deref(), expected: expect, log: since_log.as_deref() };
            runtime.block_on(verify(&values, asked))
        }
        Command::Import { .. } => Ok(runtime.block_on(import::run(&command, &values))?),
        Command::Serve | Command::Demo => runtime.block_on(serve(&command, &values)),
    }
}

fn print_openapi() -> anyhow::Result<ExitCode> {
    let document = openapi::document(&workforceos_services::registry()?);
    say(&serde_json::to_string_pretty(&document)?)?;
    Ok(ExitCode::SUCCESS)
}

async fn migrate(values: &Values) -> anyhow::Result<ExitCode> {
    let settings = values.settings(&Command::Migrate)?;
    let (database, readers) = (settings.database.clone(), settings.readers);
    let store = workforceos_store::Settings { database, journal_key: settings.journal_key, readers };
    Store::open(store).await.context("the database could not be brought up to date")?.close().await;
    say("The database is up to date")?;
    Ok(ExitCode::SUCCESS)
}

async fn back_up(values: &Values, target: &Path) -> anyhow::Result<ExitCode> {
    let written = backup::run(&values.source()?, target).await.context("there is no backup")?;
    say(&written.to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// Proves the journals; tells of each, and with the exit code whether all are whole.
async fn verify(values: &Values, asked: audit::Asked<'_>) -> anyhow::Result<ExitCode> {
    let mut whole = true;
    let mut journals = Journals::open(values.journals()?).await.context("the journals cannot be read")?;
    for task in asked.tasks(&journals.all)? {
        let told = task.run(&mut journals).await?;
        whole &= told.whole;
        say(&told.line)?;
    }
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

async fn serve(command: &Command, values: &Values) -> anyhow::Result<ExitCode> {
    let options = Options {
        settings: values.settings(command)?,
        host: values.host.clone(),
        port: values.port,
        workers: values.workers.unwrap_or_else(cores),
        proxies: values.trusted_proxies.clone(),
        cors: values.cors_origins.iter().filter(|origin| !origin.trim().is_empty()).cloned().collect(),
        mcp_fixtures: values.mcp_conformance_fixtures,
        providers: Providers::new(&values.models.settings()),
        weekly_insights: true,
        clock: Arc::new(SystemClock),
        ids: Arc::new(IdSource::random()),
    };
    if options.settings.production && options.settings.webhook_private_addresses {
        tracing::warn!("WEBHOOK_PRIVATE_ADDRESSES is on: every company's admins can have requests sent into this network");
    }
    for url in values.models.unencrypted() {
        tracing::warn!("{url} is not https: the key and all that is asked of the model go through the network unencrypted");
    }
    // From here on a signal is kept until somebody looks for it.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let running = start(options).await.context("the server could not start")?;
    introduce(command, &running).await?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = running.poisoned() => {
            tracing::error!("the database could not make a write durable: ending, so that a restart recovers what is on disk");
            std::process::exit(1);
        }
    }
    tracing::info!("stopping");
    running.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Tells what an operator needs to begin.
async fn introduce(command: &Command, running: &Running) -> anyhow::Result<()> {
    if let Some(password) = running.app.first_password() {
        let email = &running.app.settings.super_admin_email;
        say(&format!("First start: superAdmin {email} has the password {password} (it is shown only now)"))?;
    }
    let sample = match command {
        Command::Demo => Some(workforceos_services::sample::fill(&running.app).await.context("no sample company")?),
        _ => None,
    };
    say(&format!("WorkforceOS listens on http://{}", running.addr))?;
    if let Some(logins) = sample {
        say(&demo::introduction(running, &logins))?;
    }
    Ok(())
}

/// Standard output is for people who started the program; everything else goes to the log.
fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}
