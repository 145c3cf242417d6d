//! The store: rows, journal, idempotency records and outbox on SQLite or PostgreSQL.
//!
//! [`Store::turn`] is the one way to write: a company's turn reads what its decisions need and commits them together. All
//! other reads run outside, each in a read transaction of its own.

mod alerts;
mod archived;
mod arg;
mod audit;
pub mod backup;
mod chain;
mod checkpoint;
mod condition;
mod connection;
mod dialect;
mod effects;
mod erase;
mod heads;
mod joined_lists;
mod journal;
mod lock;
mod migrations;
mod moves;
mod postgres;
mod prepare;
mod prove;
mod read;
mod search;
mod settings;
mod sql;
mod sqlite;
mod stage;
mod statement;
mod store;
mod table;
mod tenancy;
mod tidy;
mod totals;
mod turn;
mod walk;
mod webhooks;
mod words;
mod write;
mod writer;

pub use audit::{AuditQuery, Audited};
pub use prove::{Journal, Journals, Stand};
pub use settings::{Database, Settings};
pub use store::{Found, Moved, Page, Pending, Store, Verified};
pub use turn::{Due, Outcome, Turn};
pub use walk::Mark;
pub use webhooks::{Claim, Claimed, EventText, Next, Planned, Tried};

/// The statements that begin a company's transaction on PostgreSQL, for tests that leave out what else keeps companies apart.
#[doc(hidden)]
pub fn begin_for(store: &Store, company: workforceos_core::id::CompanyId) -> String {
    match &store.0.backend {
        store::Backend::Sqlite(_) => tenancy::Mode::Write.begin().to_owned(),
        store::Backend::Postgres(postgres) => postgres.begin_for(company),
    }
}
