//! Who archived their profile long ago, of all companies.

use uuid::Uuid;
use workforceos_core::object::DataObject;
use workforceos_core::objects::User;
use workforceos_core::{Record, Result, Timestamp};

use crate::arg::Arg;
use crate::dialect::Ours as _;
use crate::sql::Sql;
use crate::store::Store;
use crate::table::Table;
use crate::tenancy::Mode;

impl Store {
    /// Users of all companies who archived their profile before an instant, deleted ones too: the next ones after an id.
    pub async fn archived(&self, before: Timestamp, after: Uuid, limit: u32) -> Result<Vec<Record>> {
        let mut held = self.0.reader_across(Mode::Read).await?;
        let mut conn = held.conn();
        let table = Table::of(User::def())?;
        let mut sql = Sql::new(conn.dialect());
        sql.push("SELECT ").push(&table.selected).push(" FROM ").push(User::def().table).push(" t");
        sql.push(" WHERE t.archive_date IS NOT NULL AND t.archive_date < ").bind(Arg::Int(before.0));
        sql.push(" AND t.id > ").bind(Arg::id(after)).push(" ORDER BY t.id LIMIT ").bind(Arg::Int(i64::from(limit)));
        let rows = conn.rows(sql.text, sql.args).await.ours()?;
        rows.iter().map(|row| table.record(row, 0)).collect::<Result<_, _>>().ours()
    }
}
