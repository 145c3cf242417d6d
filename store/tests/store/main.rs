//! The store against real databases: SQLite always, PostgreSQL where `WORKFORCEOS_TEST_POSTGRES` names a server.

mod database;
mod effects;
mod journal;
mod nodes;
mod objects;
mod proofs;
mod reads;
mod schema;
mod tidy;
mod wall;
mod webhooks;
mod words;
mod writes;
