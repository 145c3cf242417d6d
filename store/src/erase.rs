//! Erasing a person from the journal: entries about them lose their content and keep their places in the chain, which is
//! made over the content's digest. The erasure's own entry, which the chain proves, names them: content that is missing without such
//! an entry was not erased by us.

use serde_json::{Map, Value as Json, json};
use uuid::Uuid;
use workforceos_core::change::Erasure;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::objects::{self, Alert, User};
use workforceos_core::{DataObject, ObjectDef, Result};

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

/// Erases what was found.
pub(crate) async fn carry_out(conn: &mut Conn<'_>, company: &Arg, erasure: &Erasure) -> Result<(), sqlx::Error> {
    for chunk in erasure.found.chunks(ERASED) {
        let mut sql = Sql::new(conn.dialect());
        sql.push("UPDATE journal SET after = NULL, before = NULL, extra = NULL, salt = NULL WHERE company_id = ");
        sql.bind(company.clone()).push(" AND seq IN ").bind_list(chunk.iter().map(|seq| Arg::Int(*seq)).collect());
        conn.execute(sql.text.into(), sql.args).await?;
    }
    Ok(())
}

/// The name under which an erasure's own entry tells, beside whatever else it tells, which entries were erased.
const ERASED_NAME: &str = "erased";

/// The entry of an erasure as it is written: with the places of what is erased.
pub(crate) fn confessed(extra: Option<Json>, erasure: &Erasure) -> Json {
    let mut extra = match extra {
        Some(Json::Object(extra)) => extra,
        _ => Map::new(),
    };
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    let mut found = erasure.found.clone();
    found.sort_unstable();
    found.dedup();
    for seq in found {
        match ranges.last_mut() {
            Some((_, to)) if *to + 1 == seq => *to = seq,
            _ => ranges.push((seq, seq)),
        }
    }
    extra.insert(ERASED_NAME.to_owned(), json!(ranges));
    Json::Object(extra)
}

/// The places that an entry says were erased, both ends included.
pub(crate) fn covered(object: &str, extra: &str) -> Vec<(i64, i64)> {
    if object != User::def().name || !extra.contains(ERASED_NAME) {
        return Vec::new();
    }
    let extra: Json = serde_json::from_str(extra).unwrap_or_default();
    serde_json::from_value(extra[ERASED_NAME].clone()).unwrap_or_default()
}

/// As [`look`] finds entries in the journal, whether one that is about to be written is about a person.
pub(crate) fn concerns(user: UserId, object: &str, object_id: Uuid, after: &str, before: &str) -> bool {
    let theirs = |owned_by: &str| format!("\"{owned_by}\":\"{user}\"");
    let owned = || owned().filter(|(name, _)| *name == object).map(|(_, owned_by)| theirs(owned_by));
    object_id == user.0 || owned().any(|text| after.contains(&text) || before.contains(&text))
}

/// Whether an entry with content is about a person: about the user, or about an object that says it is theirs. What tells of an
/// erasure stays.
fn about(sql: &mut Sql, user: UserId) {
    sql.push("after IS NOT NULL AND NOT (object = ").bind(Arg::text(User::def().name));
    sql.push(" AND extra LIKE ").bind(Arg::text(&format!("%\"{ERASED_NAME}\":[%"))).push(")");
    sql.push(" AND (object_id = ").bind(Arg::id(user));
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
    // What others are told about a person is about the person, too.
    objects::all().into_iter().filter_map(theirs).chain([(Alert::def().name, "subjectUserId")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_covers_what_it_names_and_nothing_else() {
        let told = |object: &str, extra: &str| covered(object, extra);
        assert_eq!(told("user", r#"{"purged":true,"erased":[[3,5],[9,9]]}"#), [(3, 5), (9, 9)]);
        for extra in [r#"{"purged":true}"#, r#"{"erased":true}"#, r#"{"erased":[[1]]}"#, r#"["erased"]"#, r#""erased""#, "erased"]
        {
            assert_eq!(told("user", extra), [], "{extra}");
        }
        assert_eq!(told("shift", r#"{"erased":[[3,5]]}"#), [], "people alone are forgotten");
    }
}
