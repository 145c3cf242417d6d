//! The log: one line per event to standard error, for people in development, as JSON in production.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use workforceos_core::error::{Error, Result};

/// Crates that tell of every connection, and at `debug` of addresses with tokens in them; naming one in `LOG` overrides it.
const QUIET: &str = "rmcp=warn,rmcp_actix_web=warn,actix_server=warn";

/// Starts logging. `filter` is `info`, or per module as in `info,workforceos_http=debug`.
pub fn start(filter: &str, production: bool) -> Result<()> {
    let filter = EnvFilter::try_new(format!("{QUIET},{filter}")).map_err(|e| Error::field("LOG", e.to_string()))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if production {
        builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    } else {
        builder.with_ansi(std::io::stderr().is_terminal()).try_init()
    };
    started.map_err(Error::internal)
}
