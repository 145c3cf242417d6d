//! Erasing a person from the journal: entries about them lose their content and keep their places in the chain, which is
//! made over the content's digest.

use workforceos_core::change::Erasure;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::{ObjectDef, Result, objects};

use crate::arg::Arg;
use crate::connection::Conn;
use crate::dialect::Ours as _;
use crate::journal;
use crate::sql::Sql;

/// Entries looked at with one statement: a long journal is walked without keeping anybody waiting.
const ENTRIES: i64 = 5_000;
/// Entries erased with one statement.
const ERASED: usize = 500;

/// Looks at the next entries after those that `erasure` has seen; `true` once it has seen all that there are now.
pub(crate) async fn look(conn: &mut Conn<'_>, company: CompanyId, erasure: &mut Erasure) -> Result<bool> {
    let head = journal::head(conn, company, false).await.ours()?.seq;
    let until = head.min(erasure.up_to + ENTRIES);
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT seq FROM journal WHERE company_id = ").bind(Arg::id(company));
    sql.push(" AND seq > ").bind(Arg::Int(erasure.up_to)).push(" AND seq <= ").bind(Arg::Int(until)).push(" AND ");
    about(&mut sql, erasure.user);
    for row in conn.rows(sql.text, sql.args).await.ours()? {
        erasure.found.push(row.some_int(0).ours()?);
    }
    erasure.up_to = until;
    Ok(until == head)
}

/// Erases what was found, and what came since, before this entry.
pub(crate) async fn carry_out(conn: &mut Conn<'_>, company: &Arg, erasure: &Erasure, before: i64) -> Result<(), sqlx::Error> {
    for chunk in erasure.found.chunks(ERASED) {
        let mut sql = erasing(conn, company);
        sql.push("seq IN ").bind_list(chunk.iter().map(|seq| Arg::Int(*seq)).collect());
        conn.execute(sql.text.into(), sql.args).await?;
    }
    let mut sql = erasing(conn, company);
    sql.push("seq > ").bind(Arg::Int(erasure.up_to)).push(" AND seq < ").bind(Arg::Int(before)).push(" AND ");
    about(&mut sql, erasure.user);
    conn.execute(sql.text.into(), sql.args).await.map(drop)
}

fn erasing(conn: &Conn<'_>, company: &Arg) -> Sql {
    let mut sql = Sql::new(conn.dialect());
    sql.push("UPDATE journal SET after = NULL, before = NULL, extra = NULL, salt = NULL WHERE company_id = ");
    sql.bind(company.clone()).push(" AND ");
    sql
}

/// Whether an entry with content is about a person: about the user, or about an object that says it is theirs.
fn about(sql: &mut Sql, user: UserId) {
    sql.push("after IS NOT NULL AND (object_id = ").bind(Arg::id(user));
    for (object, owned_by) in owned() {
        let theirs = format!("%\"{owned_by}\":\"{user}\"%");
        sql.push(" OR (object = ").bind(Arg::text(object)).push(" AND (after LIKE ").bind(Arg::text(&theirs));
        sql.push(" OR before LIKE ").bind(Arg::text(&theirs)).push("))");
    }
    sql.push(")");
}

/// The objects that say whose they are, and the properties by which they do.
fn owned() -> impl Iterator<Item = (&'static str, &'static str)> {
    let theirs = |def: &'static ObjectDef| Some((def.name, def.owned_by.filter(|property| *property != "id")?));
    objects::all().into_iter().filter_map(theirs)
}
