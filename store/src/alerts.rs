//! Up to where each company's changes were looked at for alerts, and whose alerts are to be mailed.

use workforceos_core::id::CompanyId;
use workforceos_core::{Result, Timestamp};

use crate::arg::Arg;
use crate::connection::Row;
use crate::dialect::Ours as _;
use crate::effects::Statement;
use crate::sql::Sql;
use crate::store::Store;
use crate::tenancy::Mode;

/// Companies in one statement.
const ROWS: usize = 200;

impl Store {
    /// The companies of whose journal something was not looked at: up to where it was, and where it ends.
    pub async fn alert_positions(&self) -> Result<Vec<(CompanyId, i64, i64)>> {
        let sql = "SELECT t.id, coalesce(p.seq, 0), t.seq FROM tenant t LEFT JOIN alert_position p ON p.company_id = t.id \
             WHERE t.seq > coalesce(p.seq, 0)";
        let mut held = self.0.reader_across(Mode::Read).await?;
        let rows = held.conn().rows(sql, Vec::new()).await.ours()?;
        let read = |row: &Row| Ok((CompanyId(row.some_id(0)?), row.some_int(1)?, row.some_int(2)?));
        rows.iter().map(read).collect::<Result<_, sqlx::Error>>().ours()
    }

    /// Writes down up to where companies were looked at. A position never goes back.
    pub async fn move_alert_positions(&self, positions: &[(CompanyId, i64)]) -> Result<()> {
        let mut sorted = positions.to_vec();
        // Two nodes that write the same rows take them in the same order.
        sorted.sort_unstable();
        let statements = sorted.chunks(ROWS).map(|chunk| {
            let mut sql = Sql::new(self.0.dialect());
            sql.push("INSERT INTO alert_position (company_id, seq) VALUES ");
            for (i, (company, seq)) in chunk.iter().enumerate() {
                sql.push(if i == 0 { "(" } else { ", (" }).bind(Arg::id(*company)).push(", ").bind(Arg::Int(*seq)).push(")");
            }
            sql.push(" ON CONFLICT (company_id) DO UPDATE SET seq = excluded.seq WHERE alert_position.seq < excluded.seq");
            Statement::from(sql)
        });
        let statements: Vec<Statement> = statements.collect();
        if statements.is_empty() { Ok(()) } else { self.0.run_all_across(statements).await.map(drop) }
    }

    /// The companies with alerts whose e-mail is due to be written.
    pub async fn alerts_to_mail(&self, now: Timestamp) -> Result<Vec<CompanyId>> {
        let mut sql = Sql::new(self.0.dialect());
        sql.push("SELECT DISTINCT company_id FROM alert WHERE email_status = 'queued' AND mailed_at IS NULL AND is_active = 1");
        sql.push(" AND mail_due_at <= ").bind(Arg::Int(now.0));
        let mut held = self.0.reader_across(Mode::Read).await?;
        let rows = held.conn().rows(sql.text, sql.args).await.ours()?;
        rows.iter().map(|row| row.some_id(0).map(CompanyId)).collect::<Result<_, _>>().ours()
    }
}
