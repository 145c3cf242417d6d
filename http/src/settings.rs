//! Settings: command line, environment, `.env`; and what follows from them.

use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::zone::Zone;
use workforceos_services::{Settings, mail_problems};
use workforceos_store::Database;

use crate::audit::Head;
use crate::{backup, models, s3, secrets};

/// The fewest characters of a signing key that is given.
const MIN_SECRET: usize = 16;
/// Calls a minute in production: of one login, and of one address without one.
const RATE: u32 = 3_000;
const PUBLIC_RATE: u32 = 60;

/// Workforce backend: employees, shifts, attendance, tasks, leave and announcements of many companies, over REST, live
/// streams and MCP.
#[derive(Debug, Parser)]
#[command(name = "workforceos", version, about, after_help = "Settings may also stand in a file .env in the working directory.")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub values: Values,
}

/// What the program shall do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve (what happens without a subcommand, too)
    Serve,
    /// Create or update the database's tables, then end
    Migrate,
    /// Fill the company babil with sample people, shifts and attendance, then serve (DATA_DIR: ./data/demo)
    Demo,
    /// Print the OpenAPI document
    Openapi,
    /// Copy the SQLite database, the kept keys and the files into a new directory, also while the server runs
    Backup {
        /// The directory to make; one that exists must be empty. A server started with it as DATA_DIR goes on from the copy
        target: PathBuf,
    },
    /// Look after the audit log
    Audit {
        #[command(subcommand)]
        what: Audit,
    },
    /// Import people, shifts or attendance from a CSV file into a company; with SQLite while no server runs on DATA_DIR
    #[command(
        after_help = "Ends with 0 if every row is good, 3 if some are not (nothing was written then, unless --partial), 1 if it could not \
                            run. However it ends, all rows are written or none, with --partial all good ones or none."
    )]
    Import {
        /// What the file holds
        #[arg(value_enum)]
        what: Imported,
        /// The file: CSV in UTF-8 with a header, separated by commas or semicolons
        file: PathBuf,
        /// The company's codename
        #[arg(long)]
        company: String,
        /// Import the good rows even if others are not
        #[arg(long)]
        partial: bool,
        /// Only say what would happen
        #[arg(long)]
        dry_run: bool,
    },
}

/// What is done about the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Audit {
    /// Prove that no entry of the journals was altered, removed or moved, also while the server runs
    #[command(after_help = "Ends with 0 if every journal is whole, 3 if one is not, 1 if it could not run.")]
    Verify {
        /// Only this company's, by its codename; root for the SaaS level's
        #[arg(long)]
        company: Option<String>,
        /// Also compare with where a journal stood, as `CODENAME:SEQ:CHAIN` says; again for each that is known
        #[arg(long, value_name = "HEAD")]
        expect: Vec<Head>,
        /// Also compare with every `journal head` line of a log that the server wrote
        #[arg(long, value_name = "FILE")]
        since_log: Option<PathBuf>,
    },
}

/// What can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Imported {
    People,
    Shifts,
    Attendance,
}

/// Where the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Environment {
    Development,
    Production,
}

/// Every setting, as given.
#[derive(Clone, Debug, Args)]
pub struct Values {
    /// Address to listen on
    #[arg(long, env = "HOST", default_value = "127.0.0.1", global = true)]
    pub host: String,
    /// Port to listen on; 0: any free port, which is printed
    #[arg(long, env = "PORT", default_value_t = 3000, global = true)]
    pub port: u16,
    /// Directory of the database, secrets and files [default: ./data]
    #[arg(long, env = "DATA_DIR", global = true)]
    pub data_dir: Option<PathBuf>,
    /// sqlite://PATH or postgres://… [default: sqlite://{DATA_DIR}/workforceos.db]
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,
    /// Connections that read from the database [default: twice the number of cores, at least 4]
    #[arg(long, env = "DATABASE_READERS", global = true)]
    pub database_readers: Option<u32>,
    /// development or production
    #[arg(long, env = "APP_ENV", value_enum, default_value_t = Environment::Development, global = true)]
    pub app_env: Environment,
    /// Key that signs access tokens, at least 16 characters; in development made and kept in DATA_DIR if unset, required in production
    #[arg(long, env = "JWT_SECRET", hide_env_values = true, global = true)]
    pub jwt_secret: Option<String>,
    /// The key before, whose tokens stay valid while keys are exchanged
    #[arg(long, env = "JWT_SECRET_PREVIOUS", hide_env_values = true, global = true)]
    pub jwt_secret_previous: Option<String>,
    /// Key that seals the journal, 64 hexadecimal digits; made and kept in DATA_DIR if unset. Several nodes need the same
    #[arg(long, env = "JOURNAL_KEY", hide_env_values = true, global = true)]
    pub journal_key: Option<String>,
    /// E-mail of the superAdmin, made at the first start
    #[arg(long, env = "SUPER_ADMIN_EMAIL", default_value = "admin@admin.com", global = true)]
    pub super_admin_email: String,
    /// Password of the superAdmin; if unset, a random one is made at the first start and printed once
    #[arg(long, env = "SUPER_ADMIN_PASSWORD", hide_env_values = true, global = true)]
    pub super_admin_password: Option<String>,
    /// Time zone (IANA) of companies that name none
    #[arg(long, env = "DEFAULT_TIMEZONE", default_value = "Asia/Karachi", global = true)]
    pub default_timezone: String,
    /// Mail server, smtp://user:password@host:port; if unset, mails are written to the log in development
    #[arg(long, env = "SMTP_URL", hide_env_values = true, global = true)]
    pub smtp_url: Option<String>,
    /// Who writes the mails: an e-mail address, or Name <address> [default: the mail server's account, else no-reply@ the host of FRONTEND_URL]
    #[arg(long, env = "MAIL_FROM", global = true)]
    pub mail_from: Option<String>,
    /// Where the pages are that mails link to; required in production [default: http://localhost:5173]
    #[arg(long, env = "FRONTEND_URL", global = true)]
    pub frontend_url: Option<String>,
    /// Origins whose pages may call the server from a browser, separated by commas [default: none]
    #[arg(long, env = "CORS_ORIGINS", value_delimiter = ',', global = true)]
    pub cors_origins: Vec<String>,
    /// Addresses of the reverse proxies in front, separated by commas: whose X-Forwarded-For is believed [default: none]
    #[arg(long, env = "TRUSTED_PROXIES", value_delimiter = ',', global = true)]
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// S3-compatible storage for uploaded files
    #[command(flatten)]
    pub s3: s3::S3Values,
    /// Providers of language models
    #[command(flatten)]
    pub models: models::ModelValues,
    /// Calls a minute of one login or API key, a quarter of them at once; 0: as many as one likes [default: 3000 in production, 0 in development]
    #[arg(long, env = "RATE_LIMIT", global = true)]
    pub rate_limit: Option<u32>,
    /// Calls a minute of one address (IPv6: /64) that need no login and cost a hash or a mail; company reads without a login: ten times as many; 0: as many as one likes [default: 60 in production, 0 in development]
    #[arg(long, env = "PUBLIC_RATE_LIMIT", global = true)]
    pub public_rate_limit: Option<u32>,
    /// Whether webhooks may lead to private addresses, and over plain HTTP: for development and closed networks
    #[arg(long, env = "WEBHOOK_PRIVATE_ADDRESSES", default_value = "off", action = ArgAction::Set, value_parser = BoolishValueParser::new(), global = true)]
    pub webhook_private_addresses: bool,
    /// What is logged, to standard error: error, warn, info, debug, or per module (info,workforceos_http=debug)
    #[arg(long, env = "LOG", default_value = "info", global = true)]
    pub log: String,
    /// Whether a new user has to verify their e-mail address before logging in
    #[arg(long, env = "EMAIL_VERIFICATION", default_value = "true", action = ArgAction::Set, value_parser = BoolishValueParser::new(), global = true)]
    pub email_verification: bool,
    /// Whether a login needs a code sent by e-mail [default: true in production, false in development]
    #[arg(long, env = "EMAIL_TWO_FACTOR", value_parser = BoolishValueParser::new(), global = true)]
    pub email_two_factor: Option<bool>,
    /// Whether the sample company babil is made at the first start [default: true in development, false in production]
    #[arg(long, env = "SAMPLE_COMPANY", value_parser = BoolishValueParser::new(), global = true)]
    pub sample_company: Option<bool>,
    /// Whether MCP serves the tools, resources and prompts of the official conformance suite, too; refused in production
    #[arg(long, env = "MCP_CONFORMANCE_FIXTURES", default_value = "false", action = ArgAction::Set, value_parser = BoolishValueParser::new(), global = true)]
    pub mcp_conformance_fixtures: bool,
    /// Threads that serve HTTP [default: the number of cores]
    #[arg(long, env = "WORKERS", global = true)]
    pub workers: Option<usize>,
}

impl Values {
    pub fn production(&self) -> bool {
        self.app_env == Environment::Production
    }

    /// Settings of the services; makes DATA_DIR and what secrets it shall keep. Every bad setting is named at once.
    pub fn settings(&self, command: &Command) -> Result<Settings> {
        self.check()?;
        let production = self.production();
        let data_dir = self.data_directory(command);
        secrets::private_directory(&data_dir)?;
        Ok(Settings {
            production,
            database: self.database(&data_dir)?,
            readers: self.database_readers.unwrap_or_else(|| (2 * cores() as u32).max(4)),
            jwt_secret: match given(&self.jwt_secret) {
                Some(secret) => secret.as_bytes().to_vec(),
                None => secrets::kept(&data_dir, "jwt-secret")?.to_vec(),
            },
            jwt_previous: given(&self.jwt_secret_previous).map(|s| s.as_bytes().to_vec()),
            journal_key: match given(&self.journal_key).and_then(secrets::from_hex) {
                Some(key) => key,
                None => secrets::kept(&data_dir, "journal-key")?,
            },
            super_admin_email: self.super_admin_email.clone(),
            super_admin_password: given(&self.super_admin_password).map(str::to_owned),
            default_zone: Zone::parse(&self.default_timezone).unwrap_or(Zone::UTC),
            smtp_url: given(&self.smtp_url).map(str::to_owned),
            mail_from: given(&self.mail_from).map(str::to_owned),
            frontend_url: given(&self.frontend_url).unwrap_or("http://localhost:5173").trim_end_matches('/').to_owned(),
            email_verification: self.email_verification,
            email_two_factor: self.email_two_factor.unwrap_or(production),
            sample_company: self.sample_company.unwrap_or(!production) || *command == Command::Demo,
            s3: self.s3.settings(),
            rate_limit: self.rate_limit.unwrap_or(if production { RATE } else { 0 }),
            public_rate_limit: self.public_rate_limit.unwrap_or(if production { PUBLIC_RATE } else { 0 }),
            webhook_private_addresses: self.webhook_private_addresses,
            data_dir,
        })
    }

    /// What a backup copies. Nothing is made or checked for it: a server's other settings need not be known.
    pub fn source(&self) -> Result<backup::Source> {
        let data_dir = self.data_directory(&Command::Serve);
        Ok(backup::Source { database: self.database(&data_dir)?, data_dir })
    }

    /// The journals and their key, for whoever proves them. Nothing is made: with a new key nothing could be proved.
    pub fn journals(&self) -> Result<workforceos_store::Settings> {
        let data_dir = self.data_directory(&Command::Serve);
        let given = given(&self.journal_key);
        let bad = || Error::field("JOURNAL_KEY", "must be 64 hexadecimal digits");
        let journal_key = match given {
            Some(key) => secrets::from_hex(key).ok_or_else(bad)?,
            None => secrets::already_kept(&data_dir, "journal-key")?,
        };
        Ok(workforceos_store::Settings { database: self.database(&data_dir)?, journal_key, readers: 1 })
    }

    /// Refuses what cannot be meant, before anything is made.
    fn check(&self) -> Result<()> {
        let mut problems = Vec::new();
        let mut refuse = |wrong: bool, setting: &str, problem: &str| {
            if wrong {
                problems.push(Problem::new(setting, problem));
            }
        };
        let (secret, key) = (given(&self.jwt_secret), given(&self.journal_key));
        refuse(Zone::parse(&self.default_timezone).is_none(), "DEFAULT_TIMEZONE", "names no time zone");
        refuse(secret.is_some_and(|s| s.len() < MIN_SECRET), "JWT_SECRET", "must have at least 16 characters");
        refuse(secret.is_none() && self.production(), "JWT_SECRET", "is required in production");
        refuse(key.is_some_and(|k| secrets::from_hex(k).is_none()), "JOURNAL_KEY", "must be 64 hexadecimal digits");
        let shared = given(&self.database_url).is_some_and(|url| url.starts_with("postgres"));
        let alone = key.is_none() && shared && self.production();
        refuse(alone, "JOURNAL_KEY", "is required in production with PostgreSQL: every node seals one journal with it");
        refuse(given(&self.frontend_url).is_none() && self.production(), "FRONTEND_URL", "is required in production");
        refuse(
            self.mcp_conformance_fixtures && self.production(),
            "MCP_CONFORMANCE_FIXTURES",
            "is for tests, never for production",
        );
        let origins = self.cors_origins.iter().filter(|origin| !origin.trim().is_empty());
        for origin in origins.filter(|origin| !is_origin(origin)) {
            problems
                .push(Problem::new("CORS_ORIGINS", format!("{origin} is no origin: write scheme://host or scheme://host:port")));
        }
        problems.extend(self.s3.problems());
        problems.extend(self.models.problems());
        problems.extend(mail_problems(given(&self.smtp_url), given(&self.mail_from)));
        if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
    }

    fn database(&self, data_dir: &Path) -> Result<Database> {
        match given(&self.database_url) {
            Some(url) => Database::parse(url),
            None => Ok(Database::Sqlite(data_dir.join("workforceos.db"))),
        }
    }

    fn data_directory(&self, command: &Command) -> PathBuf {
        let default = if *command == Command::Demo { "./data/demo" } else { "./data" };
        self.data_dir.clone().unwrap_or_else(|| default.into())
    }
}

/// A setting's text; an empty one counts as unset, as compose files write it.
fn given(setting: &Option<String>) -> Option<&str> {
    setting.as_deref().filter(|text| !text.is_empty())
}

/// Whether a text is what browsers send as `Origin`; never a pattern, as cookies go along.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.trim().trim_end_matches('/').split_once("://") else { return false };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) && !host.is_empty() && host.bytes().all(plain)
}

/// Cores that the process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Cli, is_origin};

    #[test]
    fn production_refuses_what_is_there_for_tests() {
        let problems = |environment: &str, fixtures: &str| {
            let given = ["workforceos", "--app-env", environment, "--mcp-conformance-fixtures", fixtures];
            let rest = ["--jwt-secret", "a secret that is long enough", "--frontend-url", "https://acme.test"];
            let cli = Cli::try_parse_from(given.into_iter().chain(rest)).expect("settings");
            cli.values.check().err().and_then(|error| error.detail).map(|detail| detail.to_string()).unwrap_or_default()
        };
        assert!(problems("production", "on").contains("MCP_CONFORMANCE_FIXTURES"));
        assert!(!problems("production", "off").contains("MCP_CONFORMANCE_FIXTURES"));
        assert!(!problems("development", "on").contains("MCP_CONFORMANCE_FIXTURES"));
    }

    #[test]
    fn origins_are_written_as_browsers_send_them() {
        for good in ["https://app.acme.test", "http://localhost:5173/", "http://[::1]:80", "capacitor://localhost"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in ["*", "https://*.acme.test", "app.acme.test", "https://", "https://app.acme.test/page", "https://a@b", "null"]
        {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
