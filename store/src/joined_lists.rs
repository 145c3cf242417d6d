//! Lists of ids inside objects that a row joins: the people of an assignment in the answer about one of its tasks.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use uuid::Uuid;
use workforceos_core::answer::Join;
use workforceos_core::object::{Joined, Property};
use workforceos_core::value::Kind;
use workforceos_core::{Result, Value};

use crate::connection::Conn;
use crate::read::{Asked, links_of};
use crate::store::Found;

/// Fills the lists of what is joined one by one, with one statement per link table. Rows that join the same object share it.
pub(crate) async fn load(conn: &mut Conn<'_>, joins: &[Asked], found: &mut [Found]) -> Result<()> {
    for (position, asked) in joins.iter().enumerate().filter(|(_, asked)| asked.many.is_none()) {
        let links: Vec<(usize, &str)> = asked.fields.iter().enumerate().filter_map(link).collect();
        if links.is_empty() {
            continue;
        }
        let one = |f: &Found| match &f.joins[position].1 {
            Join::One(Some(joined)) => Some(joined.clone()),
            Join::One(None) | Join::Many(_) => None,
        };
        let ids: Vec<Uuid> = found.iter().filter_map(one).map(|j| j.id).collect::<BTreeSet<_>>().into_iter().collect();
        let mut lists = Vec::with_capacity(links.len());
        for (field, table) in links {
            lists.push((field, links_of(conn, table, &ids).await?));
        }
        let mut whole: HashMap<Uuid, Joined> = HashMap::with_capacity(ids.len());
        for row in found.iter_mut() {
            if let Some(joined) = one(row) {
                let filled = whole.entry(joined.id).or_insert_with(|| filled(&joined, &lists));
                row.joins[position].1 = Join::One(Some(filled.clone()));
            }
        }
    }
    Ok(())
}

fn link((position, property): (usize, &&'static Property)) -> Option<(usize, &'static str)> {
    match property.kind {
        Kind::Ids(table) => Some((position, table)),
        _ => None,
    }
}

fn filled(joined: &Joined, lists: &[(usize, HashMap<Uuid, Vec<Uuid>>)]) -> Joined {
    let mut fields: Vec<(&'static Property, Value)> = joined.fields.to_vec();
    for (field, lists) in lists {
        fields[*field].1 = Value::Ids(lists.get(&joined.id).cloned().unwrap_or_default());
    }
    Joined { id: joined.id, fields: Arc::from(fields) }
}
