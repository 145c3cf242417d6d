//! Removes logins and codes that are over, whose rows are looked at by nobody any more since the journal tells of them, and agents'
//! answers that are old.

use workforceos_core::Timestamp;

use crate::arg::Arg;
use crate::dialect::Dialect;
use crate::effects::Statement;
use crate::sql::Sql;

/// The most rows that one statement removes: others want to write as well.
pub(crate) const BATCH: u32 = 500;

/// Why a row is looked at by nobody any more; each has an index.
const OVER: [(&str, &str); 4] = [
    ("user_session", "expires_at < "),
    ("user_session", "is_active = 0 AND updated_at < "),
    ("verification", "started_at < "),
    ("verification", "is_active = 0 AND updated_at < "),
];

/// Across companies: logins that had ended, or codes that were used up or begun, before this.
pub(crate) fn statements(dialect: Dialect, before: Timestamp) -> [Statement; 4] {
    OVER.map(|(table, over)| removal(dialect, table, over, before))
}

/// Across companies: answers of agents from before this.
pub(crate) fn old_answers(dialect: Dialect, before: Timestamp) -> Statement {
    removal(dialect, "sys_agent_execution", "created_at < ", before)
}

fn removal(dialect: Dialect, table: &str, over: &str, before: Timestamp) -> Statement {
    let mut sql = Sql::new(dialect);
    sql.push("DELETE FROM ").push(table).push(" WHERE id IN (SELECT id FROM ").push(table);
    sql.push(" WHERE ").push(over).bind(Arg::Int(before.0)).push(" LIMIT ").bind(Arg::Int(BATCH.into()));
    // The rows come back to be counted: the writer has but one kind of answer.
    sql.push(") RETURNING 1");
    sql.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Backend, Store};
    use crate::{Database, Settings};

    #[tokio::test]
    async fn what_is_over_is_found_by_an_index() {
        let folder = std::env::temp_dir().join(format!("workforceos-tidy-{}", std::process::id()));
        let database = Database::Sqlite(folder.join("test.db"));
        let store = Store::open(Settings { database, journal_key: [0; 32], readers: 1 }).await.expect("opens");
        let Backend::Sqlite(sqlite) = &store.0.backend else { panic!("this is SQLite's") };
        let indexes = ["user_session_expired", "user_session_ended", "verification_begun", "verification_ended"];
        let removals = statements(Dialect::Sqlite, Timestamp(1)).into_iter().zip(indexes);
        let answers = (old_answers(Dialect::Sqlite, Timestamp(1)), "sys_agent_execution_age");
        for (statement, index) in removals.chain([answers]) {
            let explain = Statement { sql: format!("EXPLAIN QUERY PLAN {}", statement.sql).into(), args: statement.args };
            let rows = sqlite.run(explain).await.expect("explains");
            let plan: Vec<&str> = rows.iter().map(|row| row.some_text(3).expect("a step")).collect();
            assert!(plan.iter().any(|step| step.contains(&format!("INDEX {index} "))), "{plan:?}");
            assert!(!plan.iter().any(|step| step.contains("SCAN")), "{plan:?}");
        }
        store.close().await;
        std::fs::remove_dir_all(folder).expect("removes");
    }
}
