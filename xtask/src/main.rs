//! The project's own commands: `cargo xtask test`, `check`, `bench`, `postgres`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool speaks through its standard streams")]

mod bench;
mod checks;
mod command;
mod crate_order;
mod node;
mod postgres;
mod python;
mod summary;
mod test;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;

use crate::workspace::Workspace;

const USAGE: &str = "\
usage: cargo xtask <command>

  test [--long] [--sqlite-only] [filter...]
                  format, lints, crate order, then every test on both databases;
                  brings its own PostgreSQL, Python and Node with official MCP clients
  check           format, lints and crate order only
  bench [name...] release builds of the server and of the load client, then the benches
  postgres        a throwaway PostgreSQL until Ctrl-C, for running single tests";

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        // Without the backtrace: what failed is a program, and its command line is in the error.
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run() -> Result<ExitCode> {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    match command.as_str() {
        "test" => test::run(&Workspace::load()?, &test::Options::parse(rest)?),
        "check" => checks::run(&Workspace::load()?).map(|()| ExitCode::SUCCESS),
        "bench" => bench::run(&Workspace::load()?, &rest).map(|()| ExitCode::SUCCESS),
        "postgres" => postgres::serve(),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            println!("{USAGE}");
            Ok(ExitCode::from(2))
        }
    }
}
