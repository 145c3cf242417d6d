//! Writing batches: the rows of all their changes with one statement per table and kind of write.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;
use workforceos_core::change::{ANSWER_KEPT, Erasure};
use workforceos_core::id::CompanyId;

use crate::arg::Arg;
use crate::connection::Conn;
use crate::dialect::Dialect;
use crate::erase;
use crate::prepare::{Batch, Prepared, Put};
use crate::read::links_of;
use crate::sql::Sql;
use crate::statement::{Fault, Shape, insert, update};
use crate::table::Table;
use crate::tenancy;

/// Writes all batches. After a fault the transaction must be rolled back, wholly or to a savepoint.
pub(crate) async fn together(conn: &mut Conn<'_>, batches: &[&Batch]) -> Result<(), Fault> {
    let mut group = Group::default();
    for batch in batches {
        for change in &batch.changes {
            group.add(batch, change)?;
        }
    }
    group.write(conn).await?;
    heads(conn, batches).await
}

/// Writes the rows and entries of a part of a batch; its company's head stays where it is.
pub(crate) async fn part(conn: &mut Conn<'_>, batch: &Batch) -> Result<(), Fault> {
    let mut group = Group::default();
    for change in &batch.changes {
        group.add(batch, change)?;
    }
    group.write(conn).await
}

/// Writes one batch change by change. A fault comes with the index of its change.
pub(crate) async fn one_by_one(conn: &mut Conn<'_>, batch: &Batch) -> Result<(), (usize, Fault)> {
    for (index, change) in batch.changes.iter().enumerate() {
        let mut group = Group::default();
        group.add(batch, change).map_err(|fault| (index, fault))?;
        group.write(conn).await.map_err(|fault| (index, fault))?;
    }
    heads(conn, &[batch]).await.map_err(|fault| (0, fault))
}

/// Moves the companies' heads on.
async fn heads(conn: &mut Conn<'_>, batches: &[&Batch]) -> Result<(), Fault> {
    let row = |b: &&Batch| {
        let head = &b.head;
        vec![b.company_id.clone(), Arg::Int(head.seq), Arg::text(&head.chain), Arg::opt_int(head.due_at)]
    };
    let rows: Vec<Vec<Arg>> = batches.iter().map(row).collect();
    let rows: Vec<&[Arg]> = rows.iter().map(Vec::as_slice).collect();
    insert(conn, Shape::Tenant, &rows).await
}

/// The writes of a group, sorted by table and kind.
#[derive(Default)]
struct Group<'a> {
    /// The `n`th write of a row stands in wave `n`: one statement cannot write a row twice.
    waves: Vec<Wave<'a>>,
    /// Versions of the rows written so far.
    written: HashMap<(&'static str, Uuid), (i64, usize)>,
    /// What refers goes before what it refers to; of a table, company by company.
    purges: BTreeMap<(Reverse<usize>, CompanyId), Purges<'a>>,
    unchanged: HashMap<&'static str, HashMap<Uuid, i64>>,
    links: HashMap<(&'static str, Uuid), Links<'a>>,
    words: HashMap<(&'static str, Uuid), Words<'a>>,
    /// Of which company, and whom.
    erasures: Vec<(&'a Arg, &'a Erasure)>,
    journal: Vec<&'a [Arg]>,
    idempotency: Vec<&'a [Arg]>,
    /// Answers to callers of another tenant than the company whose turn it is: that tenant, and that company.
    answers_elsewhere: Vec<(CompanyId, CompanyId, &'a [Arg])>,
    outbox: Vec<&'a [Arg]>,
}

/// The rows of a company that go from a table.
type Purges<'a> = (&'static Table, &'a Arg, Vec<Uuid>);

/// By the tables' order: updates and inserts.
type Wave<'a> = BTreeMap<usize, (&'static Table, Vec<&'a Put>, Vec<&'a Put>)>;

/// The list that a row has in a link table after the group.
struct Links<'a> {
    company: &'a Arg,
    ids: &'a [Uuid],
    /// The row is new: there is nothing to compare with.
    is_new: bool,
}

/// The words by which a row is found after the group.
struct Words<'a> {
    company: &'a Arg,
    words: &'a [Arg],
    /// The row is new: it has none yet.
    is_new: bool,
}

impl<'a> Group<'a> {
    fn add(&mut self, batch: &'a Batch, change: &'a Prepared) -> Result<(), Fault> {
        for (table, id, version) in &change.unchanged {
            match self.written.get(&(table.def.table, *id)) {
                Some((written, _)) if written == version => {}
                Some(_) => return Err(Fault::Stale),
                None => {
                    let before = self.unchanged.entry(table.def.table).or_default().insert(*id, *version);
                    if before.is_some_and(|before| before != *version) {
                        return Err(Fault::Stale);
                    }
                }
            }
        }
        for (table, id) in &change.purges {
            // Purges are written first.
            if self.written.contains_key(&(table.def.table, *id)) {
                return Err(Fault::Order);
            }
            let key = (Reverse(table.order), batch.company);
            self.purges.entry(key).or_insert_with(|| (table, &batch.company_id, Vec::new())).2.push(*id);
        }
        for put in &change.puts {
            self.put(batch, put);
        }
        self.erasures.extend(change.erasure.iter().map(|erasure| (&batch.company_id, erasure)));
        self.journal.extend(change.journal.iter().map(Vec::as_slice));
        match &change.idempotency {
            Some((tenant, row)) if *tenant != batch.company => self.answers_elsewhere.push((*tenant, batch.company, row)),
            Some((_, row)) => self.idempotency.push(row),
            None => {}
        }
        self.outbox.extend(change.outbox.iter().map(Vec::as_slice));
        Ok(())
    }

    fn put(&mut self, batch: &'a Batch, put: &'a Put) {
        let key = (put.table.def.table, put.id);
        let wave = self.written.get(&key).map_or(0, |(_, wave)| wave + 1);
        self.written.insert(key, (put.version, wave));
        if self.waves.len() <= wave {
            self.waves.push(Wave::new());
        }
        let (_, updates, inserts) =
            self.waves[wave].entry(put.table.order).or_insert_with(|| (put.table, Vec::new(), Vec::new()));
        if put.version > 1 {
            updates.push(put)
        } else {
            inserts.push(put)
        }
        for (link, ids) in &put.links {
            let links = Links { company: &batch.company_id, ids, is_new: put.version <= 1 };
            self.links.entry((link, put.id)).and_modify(|present| present.ids = ids).or_insert(links);
        }
        if let Some((table, words)) = &put.words {
            let kept = Words { company: &batch.company_id, words, is_new: put.version <= 1 };
            self.words.entry((table, put.id)).and_modify(|present| present.words = words).or_insert(kept);
        }
    }

    async fn write(&self, conn: &mut Conn<'_>) -> Result<(), Fault> {
        self.check(conn).await?;
        self.purge(conn).await?;
        for wave in &self.waves {
            for (table, updates, inserts) in wave.values() {
                update(conn, table, updates).await?;
                let mut rows: Vec<&[Arg]> = Vec::with_capacity(inserts.len());
                rows.extend(inserts.iter().map(|p| p.args.as_slice()));
                insert(conn, Shape::Insert(table), &rows).await?;
            }
        }
        self.write_links(conn).await?;
        self.write_words(conn).await?;
        insert(conn, Shape::Journal, &self.journal).await?;
        // Entries of this group that come before an erasure are about the person, too.
        for (company, erasure) in &self.erasures {
            erase::carry_out(conn, company, erasure).await.map_err(|e| Fault::of("journal", e))?;
        }
        keep_answers(conn, &self.idempotency).await?;
        for (tenant, company, row) in &self.answers_elsewhere {
            act_for(conn, *tenant).await?;
            keep_answers(conn, &[row]).await?;
            act_for(conn, *company).await?;
        }
        insert(conn, Shape::Outbox, &self.outbox).await
    }

    /// Rows that must still have the version on which a change was decided.
    async fn check(&self, conn: &mut Conn<'_>) -> Result<(), Fault> {
        for (table, expected) in &self.unchanged {
            let ids: Vec<Arg> = expected.keys().map(|id| Arg::id(*id)).collect();
            let mut found = 0;
            for chunk in ids.chunks(1024) {
                let mut sql = Sql::new(conn.dialect());
                sql.push("SELECT id, record_version FROM ").push(table).push(" WHERE id IN ").bind_list(chunk.to_vec());
                for row in conn.rows(sql.text, sql.args).await.map_err(|e| Fault::of(table, e))? {
                    let id = row.some_id(0).map_err(|e| Fault::of(table, e))?;
                    let version = row.some_int(1).map_err(|e| Fault::of(table, e))?;
                    found += usize::from(expected.get(&id) == Some(&version));
                }
            }
            if found != expected.len() {
                return Err(Fault::Stale);
            }
        }
        Ok(())
    }

    async fn purge(&self, conn: &mut Conn<'_>) -> Result<(), Fault> {
        for (table, company, ids) in self.purges.values() {
            for (_, link) in &table.links {
                delete_of(conn, link, ids).await?;
            }
            if let Some(words) = table.words {
                delete_of(conn, words, ids).await?;
            }
            for chunk in ids.chunks(1024) {
                let mut sql = Sql::new(conn.dialect());
                sql.push("DELETE FROM ").push(table.def.table).push(" WHERE id IN ");
                sql.bind_list(chunk.iter().map(|id| Arg::id(*id)).collect());
                sql.push(" AND ").push(table.company_column()).push(" = ").bind((*company).clone());
                conn.execute(sql.text.into(), sql.args).await.map_err(|e| Fault::of(table.def.table, e))?;
            }
        }
        Ok(())
    }

    /// Writes the lists of new rows, and those of other rows that differ from what is stored.
    async fn write_links(&self, conn: &mut Conn<'_>) -> Result<(), Fault> {
        let mut by_link: HashMap<&'static str, Vec<(Uuid, &Links<'_>)>> = HashMap::new();
        for ((link, owner), links) in &self.links {
            by_link.entry(link).or_default().push((*owner, links));
        }
        for (link, mut lists) in by_link {
            let old: Vec<Uuid> = lists.iter().filter(|(_, l)| !l.is_new).map(|(owner, _)| *owner).collect();
            if !old.is_empty() {
                let stored = links_of(conn, link, &old).await.map_err(Fault::Trouble)?;
                let same = |owner: &Uuid, l: &Links<'_>| stored.get(owner).map_or(&[][..], Vec::as_slice) == l.ids;
                lists.retain(|(owner, l)| l.is_new || !same(owner, l));
                let changed = lists.iter().filter(|(owner, l)| !l.is_new && stored.contains_key(owner));
                let owners: Vec<Uuid> = changed.map(|(owner, _)| *owner).collect();
                delete_of(conn, link, &owners).await?;
            }
            let row = |owner: &Arg, (position, id): (usize, &Uuid), company: &Arg| {
                vec![owner.clone(), Arg::id(*id), Arg::Int(position as i64), company.clone()]
            };
            let mut rows = Vec::new();
            for (owner, links) in lists {
                let owner = Arg::id(owner);
                rows.extend(links.ids.iter().enumerate().map(|id| row(&owner, id, links.company)));
            }
            let rows: Vec<&[Arg]> = rows.iter().map(Vec::as_slice).collect();
            insert(conn, Shape::Link(link), &rows).await?;
        }
        Ok(())
    }

    /// Rows with words are written seldom: a changed one gets all of its words anew.
    async fn write_words(&self, conn: &mut Conn<'_>) -> Result<(), Fault> {
        let mut by_table: HashMap<&'static str, Vec<(Uuid, &Words<'_>)>> = HashMap::new();
        for ((table, owner), words) in &self.words {
            by_table.entry(table).or_default().push((*owner, words));
        }
        for (table, lists) in by_table {
            let old: Vec<Uuid> = lists.iter().filter(|(_, w)| !w.is_new).map(|(owner, _)| *owner).collect();
            delete_of(conn, table, &old).await?;
            let mut rows = Vec::new();
            for (owner, kept) in lists {
                let owner = Arg::id(owner);
                rows.extend(kept.words.iter().map(|word| [kept.company.clone(), word.clone(), owner.clone()]));
            }
            let rows: Vec<&[Arg]> = rows.iter().map(|row| row.as_slice()).collect();
            insert(conn, Shape::Words(table), &rows).await?;
        }
        Ok(())
    }
}

/// An answer that is no longer kept gives its key free, also if nobody has tidied up yet.
async fn keep_answers(conn: &mut Conn<'_>, rows: &[&[Arg]]) -> Result<(), Fault> {
    for row in rows {
        let [company, user, key, _, _, Arg::Int(at)] = row else { continue };
        let mut sql = Sql::new(conn.dialect());
        sql.push("DELETE FROM idempotency WHERE company_id = ").bind(company.clone());
        sql.push(" AND user_id = ").bind(user.clone()).push(" AND key = ").bind(key.clone());
        sql.push(" AND at < ").bind(Arg::Int(at - ANSWER_KEPT));
        conn.execute(sql.text.into(), sql.args).await.map_err(|e| Fault::of("idempotency", e))?;
    }
    insert(conn, Shape::Idempotency, rows).await
}

/// Takes up another company in the midst of a turn; only PostgreSQL's policies ask for whom one acts.
async fn act_for(conn: &mut Conn<'_>, company: CompanyId) -> Result<(), Fault> {
    match conn.dialect() {
        Dialect::Sqlite => Ok(()),
        Dialect::Postgres => {
            let set = conn.rows(tenancy::SET_COMPANY, vec![Arg::id(company)]).await;
            set.map(drop).map_err(|e| Fault::of("idempotency", e))
        }
    }
}

/// Deletes what these rows have in a table of links or words.
async fn delete_of(conn: &mut Conn<'_>, table: &'static str, owners: &[Uuid]) -> Result<(), Fault> {
    for chunk in owners.chunks(1024) {
        let mut sql = Sql::new(conn.dialect());
        sql.push("DELETE FROM ").push(table).push(" WHERE owner_id IN ");
        sql.bind_list(chunk.iter().map(|id| Arg::id(*id)).collect());
        conn.execute(sql.text.into(), sql.args).await.map_err(|e| Fault::of(table, e))?;
    }
    Ok(())
}
