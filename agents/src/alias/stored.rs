//! How a conversation keeps its names: `{"v": 1, "names": [["01h…", "user_jane_doe", "Jane Doe"], …]}`, in the order in which they
//! were given; the id as [`code::digits`] writes it, the label left out where there is none.

use serde::de::Error as _;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AliasMap, Entry, MOST, code};

const VERSION: u32 = 1;

impl Serialize for AliasMap {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let name = |entry: &Entry| {
            let mut name = vec![code::digits(entry.id), entry.alias.clone()];
            name.extend(entry.label.clone());
            name
        };
        let mut stored = out.serialize_struct("AliasMap", 2)?;
        stored.serialize_field("v", &VERSION)?;
        stored.serialize_field("names", &self.entries.iter().map(name).collect::<Vec<_>>())?;
        stored.end()
    }
}

#[derive(Deserialize)]
struct Stored {
    v: u32,
    names: Vec<Vec<String>>,
}

impl<'de> Deserialize<'de> for AliasMap {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<AliasMap, D::Error> {
        let Stored { v, names } = Stored::deserialize(from)?;
        if v != VERSION || names.len() > MOST {
            return Err(D::Error::custom("these names were kept by another version"));
        }
        let mut map = AliasMap::default();
        for name in names {
            let mut parts = name.into_iter();
            let id = parts.next().and_then(|digits| code::of_digits(&digits));
            let (Some(id), Some(alias)) = (id, parts.next()) else {
                return Err(D::Error::custom("an id and its name are wanted"));
            };
            if map.by_id.contains_key(&id) || map.by_alias.contains_key(&alias) {
                return Err(D::Error::custom("an id or a name is there twice"));
            }
            map.insert(Entry { id, alias, label: parts.next() });
        }
        Ok(map)
    }
}
