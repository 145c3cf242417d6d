//! Changes made ready to be written: rows as arguments, events as journal entries with their places in the chain.

use std::sync::Arc;

use rand::RngCore as _;
use uuid::Uuid;
use workforceos_core::answer::journal_json;
use workforceos_core::change::{Changes, Entry, Erasure, Event, RowChange, Taken};
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::objects::User;
use workforceos_core::{DataObject, Error, ObjectDef, Record, Result, Timestamp, Value, words};

use crate::arg::Arg;
use crate::chain::{self, Head, Link, Sealer};
use crate::erase;
use crate::table::Table;

/// What a content column holds when an event has none; NULL is content that was erased.
pub(crate) const NOTHING: &str = "null";

/// The most rows that an entry names: whoever missed more of them reads everything again anyway.
const MAX_TOUCHED: usize = 1_000;
/// Stands in place of the names of more rows; no list of names reads like it.
const EVERYTHING: &str = "\"everything\"";

/// A row to be written.
pub(crate) struct Put {
    pub(crate) table: &'static Table,
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    /// In the order of the table's columns.
    pub(crate) args: Vec<Arg>,
    /// Link tables and the lists to keep there.
    pub(crate) links: Vec<(&'static str, Vec<Uuid>)>,
    /// The table of its words, and the words to keep there.
    pub(crate) words: Option<(&'static str, Vec<Arg>)>,
}

/// One change, ready to be written.
pub(crate) struct Prepared {
    pub(crate) puts: Vec<Put>,
    pub(crate) purges: Vec<(&'static Table, Uuid)>,
    pub(crate) unchanged: Vec<(&'static Table, Uuid, i64)>,
    pub(crate) journal: Vec<Vec<Arg>>,
    /// With the tenant under which its caller asks again: for a registration that is not the new company.
    pub(crate) idempotency: Option<(CompanyId, Vec<Arg>)>,
    pub(crate) outbox: Vec<Vec<Arg>>,
    pub(crate) erasure: Option<Erasure>,
    pub(crate) taken: Option<Taken>,
}

/// All changes of one commit, and where the journal then stands.
pub(crate) struct Batch {
    pub(crate) company: CompanyId,
    /// The company's id as an argument.
    pub(crate) company_id: Arg,
    pub(crate) changes: Vec<Prepared>,
    pub(crate) entries: Vec<Arc<[Entry]>>,
    pub(crate) head: Head,
    /// The tables of rows that are written with it and stand elsewhere.
    pub(crate) staged: Vec<&'static str>,
}

impl Batch {
    /// How many rows it writes, roughly.
    pub(crate) fn weight(&self) -> usize {
        self.changes.iter().map(Prepared::weight).sum::<usize>() + 1
    }
}

impl Prepared {
    fn weight(&self) -> usize {
        let links = |p: &Put| p.links.iter().map(|(_, ids)| ids.len()).sum::<usize>();
        self.puts.iter().map(|p| 1 + links(p)).sum::<usize>() + self.purges.len() + self.journal.len()
    }

    /// Whether there is more to it than rows and entries.
    pub(crate) fn is_special(&self) -> bool {
        let plain = self.purges.is_empty() && self.unchanged.is_empty() && self.idempotency.is_none() && self.outbox.is_empty();
        !plain || self.erasure.is_some()
    }
}

/// Makes changes of one company into a batch that follows `head`. An error comes with the index of its change. `many`: they are
/// of so many that whoever missed them reads everything again.
pub(crate) fn batch(
    company: CompanyId,
    key: &[u8; 32],
    head: &Head,
    changes: Vec<Changes>,
    now: Timestamp,
    many: bool,
) -> Result<Batch, (usize, Error)> {
    let company_id = Arg::id(company);
    let erased = changes.iter().filter_map(|change| change.erasure.as_ref()).map(|erasure| (erasure.user, Vec::new())).collect();
    let mut writer =
        Writer { company, sealer: Sealer::new(key), company_id: company_id.clone(), head: head.clone(), now, many, erased };
    let prepared = Vec::with_capacity(changes.len());
    let mut batch =
        Batch { company, company_id, changes: prepared, entries: Vec::new(), head: Head::default(), staged: Vec::new() };
    for (index, change) in changes.into_iter().enumerate() {
        let (prepared, entries) = writer.change(change).map_err(|error| (index, error))?;
        batch.changes.push(prepared);
        batch.entries.push(entries);
    }
    batch.head = writer.head;
    batch.head.stored = true;
    Ok(batch)
}

struct Writer {
    company: CompanyId,
    sealer: Sealer,
    company_id: Arg,
    head: Head,
    now: Timestamp,
    /// Of whom the batch erases, its entries about them.
    erased: Vec<(UserId, Vec<i64>)>,
    many: bool,
}

impl Writer {
    fn change(&mut self, mut change: Changes) -> Result<(Prepared, Arc<[Entry]>)> {
        if change.events.is_empty() && !change.rows.is_empty() {
            return Err(Error::internal("a change of rows has no event"));
        }
        if let Some(erasure) = &mut change.erasure {
            // Entries of this batch before the erasure are about the person, too; its own stay, and one of them tells.
            let own = self.erased.iter().filter(|(user, _)| *user == erasure.user).flat_map(|(_, seqs)| seqs);
            erasure.found.extend(own);
            let note = change.events.iter_mut().find(|e| e.object == User::def().name && e.object_id == erasure.user.0);
            let note = note.ok_or_else(|| Error::internal("an erasure has no entry that tells of it"))?;
            note.extra = Some(erase::confessed(note.extra.take(), erasure));
        }
        let mut touched = touched(&change.rows, self.many);
        let mut prepared = Prepared {
            puts: Vec::with_capacity(change.rows.len()),
            purges: Vec::new(),
            unchanged: Vec::with_capacity(change.unchanged.len()),
            journal: Vec::with_capacity(change.events.len()),
            idempotency: None,
            outbox: Vec::with_capacity(change.outbox.len()),
            erasure: change.erasure,
            taken: change.taken,
        };
        for row in change.rows {
            match row {
                RowChange::Put(record) => prepared.puts.push(self.put(&record)?),
                RowChange::Purge(def, id) => prepared.purges.push((Table::of(def)?, id)),
            }
        }
        for (def, id, version) in change.unchanged {
            prepared.unchanged.push((Table::of(def)?, id, version));
        }
        let mut entries = Vec::with_capacity(change.events.len());
        for event in change.events {
            let (row, entry) = self.entry(event, touched.take());
            prepared.journal.push(row);
            entries.push(entry);
        }
        prepared.idempotency = change.idempotency.map(|kept| {
            let fingerprint = Arg::Int(kept.key.fingerprint.cast_signed());
            let answer = Arg::text(&kept.answer.to_string());
            let company = kept.key.company;
            let (user, key, at) = (Arg::id(kept.key.user), Arg::Text(kept.key.key), Arg::Int(kept.at.0));
            (company, vec![Arg::id(company), user, key, fingerprint, answer, at])
        });
        for effect in change.outbox {
            let payload = Arg::text(&effect.payload.to_string());
            let (id, kind, now) = (Arg::id(effect.id), Arg::text(effect.kind), Arg::Int(self.now.0));
            prepared.outbox.push(vec![id, self.company_id.clone(), kind, payload, Arg::Int(0), now, Arg::Int(0)]);
        }
        Ok((prepared, entries.into()))
    }

    fn put(&self, record: &Record) -> Result<Put> {
        let table = Table::of(record.def)?;
        let owner = table.company.map_or(record.id(), |i| record.values[i].as_id().unwrap_or_default());
        if owner != self.company.0 {
            return Err(Error::internal(format!("a {} of another company", record.def.name)));
        }
        let mut args = Vec::with_capacity(table.columns.len());
        for (i, property) in &table.columns {
            // The company's id is shared by all rows.
            let shared = Some(*i) == table.company;
            args.push(if shared { self.company_id.clone() } else { Arg::of(property.kind, &record.values[*i])? });
        }
        let mut links = Vec::with_capacity(table.links.len());
        for (i, link) in &table.links {
            match &record.values[*i] {
                Value::Ids(ids) => links.push((*link, ids.clone())),
                _ => links.push((*link, Vec::new())),
            }
        }
        let words = table.words.map(|words| (words, words::of_record(record).iter().map(|word| Arg::text(word)).collect()));
        Ok(Put { table, id: record.id(), version: record.version(), args, links, words })
    }

    /// The next journal entry, as a row and as others read it.
    fn entry(&mut self, event: Event, touched: Option<String>) -> (Vec<Arg>, Entry) {
        self.head.seq += 1;
        let seq = self.head.seq;
        let content = |record: Option<Record>| record.as_ref().map_or_else(|| NOTHING.to_owned(), journal_json);
        let after: Arc<str> = content(event.after).into();
        let before = content(event.before);
        let extra = event.extra.map_or_else(|| NOTHING.to_owned(), |json| json.to_string());
        for (user, seqs) in &mut self.erased {
            if erase::concerns(*user, event.object, event.object_id, &after, &before) {
                seqs.push(seq);
            }
        }
        let salt = salt();
        let digest = chain::digest(&salt, &after, &before, &extra);
        let object_id = Arg::id(event.object_id);
        let actor = event.actor.map_or(Arg::NoText, Arg::id);
        let audience = serde_json::to_string(&event.audience).unwrap_or_else(|_| "{}".to_owned());
        let link = Link {
            company: self.company_id.as_text().unwrap_or_default(),
            seq,
            at: self.now.0,
            kind: event.kind,
            action: event.action,
            object: event.object,
            object_id: object_id.as_text().unwrap_or_default(),
            actor: actor.as_text(),
            via: event.via.as_str(),
            request_id: &event.request_id,
            audience: &audience,
            audited: event.audited,
            touched: touched.as_deref(),
            digest: &digest,
        };
        let chain = link.chain(&self.sealer, &self.head.chain);
        let object: Arc<str> = event.object.into();
        let kind: Option<Arc<str>> = event.kind.map(Arc::from);
        let row = vec![
            self.company_id.clone(),
            Arg::Int(seq),
            Arg::Int(self.now.0),
            kind.clone().map_or(Arg::NoText, Arg::Text),
            Arg::text(event.action),
            Arg::Text(object.clone()),
            object_id,
            actor,
            Arg::text(event.via.as_str()),
            Arg::Text(event.request_id),
            Arg::text(&audience),
            Arg::Text(after.clone()),
            Arg::text(&before),
            Arg::text(&extra),
            Arg::Int(i64::from(event.audited)),
            Arg::opt_text(touched.as_deref()),
            Arg::text(&salt),
            Arg::text(&digest),
            Arg::text(&chain),
        ];
        self.head.chain = chain;
        let entry = Entry {
            company: self.company,
            seq,
            at: self.now,
            kind,
            object,
            object_id: event.object_id,
            actor: event.actor,
            audience: event.audience,
            after,
        };
        (row, entry)
    }
}

/// The journal's columns, in the order of [`Writer::entry`].
pub(crate) const JOURNAL_COLUMNS: &str = "company_id, seq, at, kind, action, object, object_id, actor_id, via, request_id, \
     audience, after, before, extra, audited, touched, salt, digest, chain";

/// All rows that a change writes, as JSON: what another node must read again.
fn touched(rows: &[RowChange], many: bool) -> Option<String> {
    if rows.len() > MAX_TOUCHED || (many && !rows.is_empty()) {
        return Some(EVERYTHING.to_owned());
    }
    let pairs: Vec<(&'static ObjectDef, Uuid)> = rows.iter().map(RowChange::target).collect();
    let names: Vec<(&str, Uuid)> = pairs.iter().map(|(def, id)| (def.name, *id)).collect();
    (!names.is_empty()).then(|| serde_json::to_string(&names).unwrap_or_default())
}

/// Keeps content with few possible values from being guessed by its digest.
fn salt() -> String {
    let mut bytes = [0_u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    chain::hex(&bytes)
}
