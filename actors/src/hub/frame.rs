//! Events as they go over the wire: each rendering is made once, its bytes shared by all who get it.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt::Write;
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;
use workforceos_core::change::Entry;
use workforceos_core::id::UserId;
use workforceos_core::object::{Level, ObjectDef};
use workforceos_core::objects;

use super::topics::Topics;

/// One event in the format of `text/event-stream`, complete with its empty line.
///
/// It has `id:` and `data:` but no `event:` line: a browser's `EventSource` then hands every event, also of types added
/// later, to the one `onmessage`, which tells them apart by the data's `type`. Only `snapshot` and `reset`, which are
/// no events of the journal, are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub seq: i64,
    pub bytes: Bytes,
}

/// One entry within the commit that it came with: nothing is copied.
#[derive(Clone)]
pub(super) struct EntryRef {
    commit: Arc<[Entry]>,
    index: usize,
}

impl EntryRef {
    pub fn all(commit: &Arc<[Entry]>) -> impl Iterator<Item = EntryRef> {
        (0..commit.len()).map(|index| EntryRef { commit: commit.clone(), index })
    }
}

impl Deref for EntryRef {
    type Target = Entry;

    fn deref(&self) -> &Entry {
        &self.commit[self.index]
    }
}

/// An entry on its way to streams, with the renderings made so far.
pub(super) struct Item {
    pub entry: EntryRef,
    pub topic: Topics,
    admin: OnceCell<Bytes>,
    manager: OnceCell<Bytes>,
    employee: OnceCell<Bytes>,
    gone: OnceCell<Bytes>,
}

/// What somebody gets of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// The object, as far as this level may read it.
    At(Level),
    /// That the object is gone, and nothing else of it.
    Gone,
}

impl Item {
    /// `None` if the entry is for the audit log alone.
    pub fn new(entry: EntryRef) -> Option<Item> {
        let topic = Topics::of_entry(&entry)?;
        let streamed = !entry.audience.is_none();
        let cell = OnceCell::new;
        streamed.then(|| Item { entry, topic, admin: cell(), manager: cell(), employee: cell(), gone: cell() })
    }

    /// The frame for somebody who may read so much of it.
    pub fn frame(&self, shown: Shown) -> Frame {
        let Shown::At(level) = shown else {
            let bytes = self.gone.get_or_init(|| farewell(&self.entry)).clone();
            return Frame { seq: self.entry.seq, bytes };
        };
        let def = objects::by_name(&self.entry.object);
        // Where the level hides nothing its rendering is the admins'.
        let (cell, level) = match level {
            Level::Manager if hides(def, level) => (&self.manager, level),
            Level::Public | Level::Employee if hides(def, level) => (&self.employee, level),
            _ => (&self.admin, Level::Admin),
        };
        let bytes = cell.get_or_init(|| render(&self.entry, def, level));
        Frame { seq: self.entry.seq, bytes: bytes.clone() }
    }
}

/// What the hub itself reads of an object.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct About {
    pub is_active: Option<bool>,
    pub user_id: Option<Uuid>,
    pub alert_type: Option<String>,
    pub related_entity_type: Option<String>,
}

impl About {
    pub fn of(entry: &Entry) -> About {
        // `null` and anything that is no object say nothing.
        serde_json::from_str(&entry.after).unwrap_or_default()
    }
}

/// The user whose standing in the company an entry may have changed: role, departments, existence.
pub(super) fn person_changed(entry: &Entry) -> Option<UserId> {
    match &*entry.object {
        "user" => Some(UserId(entry.object_id)),
        "userGroupMember" | "employeeProfile" => About::of(entry).user_id.map(UserId),
        _ => None,
    }
}

/// The session, or the API key in place of one, that an entry ends.
pub(super) fn session_ended(entry: &Entry) -> Option<Uuid> {
    let login = matches!(&*entry.object, "userSession" | "apiKey");
    (login && About::of(entry).is_active == Some(false)).then_some(entry.object_id)
}

fn hides(def: Option<&'static ObjectDef>, level: Level) -> bool {
    def.is_none_or(|def| def.all().any(|p| p.read > level && p.read != Level::Nobody))
}

fn render(entry: &Entry, def: Option<&'static ObjectDef>, level: Level) -> Bytes {
    let object = if level == Level::Admin { Cow::Borrowed(&*entry.after) } else { Cow::Owned(limited(entry, def, level)) };
    let kind = Json::from(entry.kind.as_deref().unwrap_or_default());
    let mut text = String::with_capacity(160 + object.len());
    // Writing to a string does not fail.
    let _ =
        write!(text, "id: {seq}\ndata: {{\"seq\":{seq},\"type\":{kind},\"at\":\"{}\",\"actorId\":", entry.at, seq = entry.seq);
    let _ = match entry.actor {
        Some(actor) => write!(text, "\"{actor}\""),
        None => write!(text, "null"),
    };
    let _ = write!(text, ",\"object\":{object}}}\n\n");
    Bytes::from(text)
}

/// The event for whom the object is gone: of the type that takes such objects away, with nothing of it but its id. Who did it is
/// left out, too.
fn farewell(entry: &Entry) -> Bytes {
    let kind = match entry.kind.as_deref().unwrap_or_default().split('.').next().unwrap_or_default() {
        of @ ("task" | "leave" | "announcement") => format!("{of}.cancelled"),
        of => format!("{of}.deleted"),
    };
    let object = json!({"id": entry.object_id, "isActive": false, "withdrawn": true});
    let data = json!({"seq": entry.seq, "type": kind, "at": entry.at.to_string(), "actorId": null, "object": object});
    Bytes::from(format!("id: {}\ndata: {data}\n\n", entry.seq))
}

/// The object without what `level` may not read. Of an object without a declaration only the id is told.
fn limited(entry: &Entry, def: Option<&'static ObjectDef>, level: Level) -> String {
    let Some(def) = def else {
        return json!({"id": entry.object_id}).to_string();
    };
    let Ok(Some(mut object)) = serde_json::from_str::<Option<Map<String, Json>>>(&entry.after) else {
        return "null".to_owned();
    };
    for property in def.all().filter(|p| p.read > level) {
        object.remove(property.name);
        object.remove(&format!("{}_idx", property.name));
    }
    Json::Object(object).to_string()
}
