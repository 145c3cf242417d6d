//! Totals of lists, kept until their rows move.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::RwLock;

use moka::sync::Cache;
use sha2::{Digest as _, Sha256};
use workforceos_core::Query;
use workforceos_core::id::CompanyId;

use crate::arg::Arg;
use crate::prepare::Batch;
use crate::read::Filter;

/// How many totals are kept.
const KEPT: u64 = 10_000;

/// Deliveries to webhooks are no change of a company ([`crate::webhooks`]), nor is it that old answers of agents go ([`crate::tidy`]).
const WRITTEN_BESIDE_TURNS: [&str; 2] = ["webhook_delivery", "sys_agent_execution"];

/// A digest of table and condition: a condition may name thousands of ids.
pub(crate) type Key = [u8; 32];

/// Exact totals by company, table and condition. Each has a stamp; it holds while the stamp is the present one.
pub(crate) struct Totals {
    cache: Cache<Key, (i64, u64)>,
    /// SQLite: how often the rows of a company's table have changed since the start. PostgreSQL goes by the company's
    /// sequence instead, since other nodes write too.
    changes: RwLock<HashMap<(Option<CompanyId>, &'static str), i64>>,
}

impl Totals {
    pub(crate) fn new() -> Totals {
        Totals { cache: Cache::new(KEPT), changes: RwLock::default() }
    }

    /// Whether totals of these rows are kept: not of those that are also written outside of turns, which no stamp tells.
    pub(crate) fn keeps(query: &Query) -> bool {
        !WRITTEN_BESIDE_TURNS.contains(&query.def.table)
    }

    /// The present stamp of the tables that a query looks at, a company's part or the whole. It must be read before the rows
    /// are. Counters only grow, so that their sum moves if one of them does.
    pub(crate) fn stamp(&self, query: &Query) -> i64 {
        let others = query.cond.others();
        let tables = others.iter().chain([&query.def]).map(|def| def.table);
        let Ok(changes) = self.changes.read() else { return -1 };
        tables.map(|table| changes.get(&(query.company, table)).copied().unwrap_or(0)).sum()
    }

    /// Must be called after the commit and before anybody is told of it.
    pub(crate) fn moved(&self, batches: &[&Batch]) {
        let Ok(mut changes) = self.changes.write() else { return };
        for batch in batches {
            let mut tables: Vec<&'static str> = batch.staged.clone();
            for change in &batch.changes {
                let written = change.puts.iter().map(|p| p.table.def.table);
                tables.extend(written.chain(change.purges.iter().map(|(table, _)| table.def.table)));
            }
            tables.sort_unstable();
            tables.dedup();
            for table in tables {
                for company in [Some(batch.company), None] {
                    *changes.entry((company, table)).or_insert(0) += 1;
                }
            }
        }
    }

    /// The name under which a filter's total is kept.
    pub(crate) fn key(filter: &Filter) -> Key {
        let mut key = String::with_capacity(filter.text.len() + 64);
        key.push_str(filter.table.def.table);
        key.push_str(&filter.text);
        for arg in &filter.args {
            // Writing to a string cannot fail. Lengths keep neighbouring texts apart.
            let _ = match arg {
                Arg::Text(text) => write!(key, "\n{}:{text}", text.len()),
                Arg::Int(int) => write!(key, "\ni{int}"),
                Arg::Double(double) => write!(key, "\nd{}", double.to_bits()),
                Arg::NoText | Arg::NoInt | Arg::NoDouble => write!(key, "\nn"),
            };
        }
        Sha256::digest(key.as_bytes()).into()
    }

    pub(crate) fn get(&self, key: &Key, stamp: i64) -> Option<u64> {
        self.cache.get(key).filter(|(kept, _)| *kept == stamp).map(|(_, total)| total)
    }

    pub(crate) fn keep(&self, key: Key, stamp: i64, total: u64) {
        self.cache.insert(key, (stamp, total));
    }
}
