//! The store: rows, journal, idempotency records and outbox on SQLite or PostgreSQL.
//!
//! [`Store::turn`] is the one way to write: a company's turn reads what its decisions need and commits them together. All
//! other reads run outside, each in a read transaction of its own.

mod arg;
mod chain;
mod condition;
mod connection;
mod dialect;
mod effects;
mod journal;
mod moves;
mod postgres;
mod prepare;
mod read;
mod settings;
mod sql;
mod sqlite;
mod store;
mod table;
mod tidy;
mod totals;
mod turn;
mod write;
mod writer;

pub use settings::{Database, Settings};
pub use store::{Found, Moved, Page, Pending, Store, Verified};
pub use turn::{Due, Outcome, Turn};
