//! Removes logins and codes that are over. The journal tells of them; their rows are looked at by nobody any more.

use workforceos_core::Timestamp;

use crate::arg::Arg;
use crate::dialect::Dialect;
use crate::effects::Statement;
use crate::sql::Sql;

/// The most rows of a table that are removed at a time: others want to write as well.
const BATCH: i64 = 500;

/// Across companies: logins that had ended, or codes that were used up or begun, before this.
pub(crate) fn statements(dialect: Dialect, before: Timestamp) -> [Statement; 2] {
    ["user_session", "verification"].map(|table| statement(dialect, table, before))
}

fn statement(dialect: Dialect, table: &'static str, before: Timestamp) -> Statement {
    let mut sql = Sql::new(dialect);
    let over = if table == "user_session" { "expires_at" } else { "started_at" };
    sql.push("DELETE FROM ").push(table).push(" WHERE id IN (SELECT id FROM ").push(table);
    sql.push(" WHERE ").push(over).push(" < ").bind(Arg::Int(before.0));
    sql.push(" OR (is_active = 0 AND updated_at < ").bind(Arg::Int(before.0));
    sql.push(") LIMIT ").bind(Arg::Int(BATCH));
    // The rows come back to be counted: the writer has but one kind of answer.
    sql.push(") RETURNING 1");
    sql.into()
}
