//! Data objects, declared once: from the declaration come columns, filters, schemas, masking and the wire format.

use std::sync::Arc;

use uuid::Uuid;

use crate::error::{Error, Result};
use crate::time::{Date, Timestamp};
use crate::value::{Kind, Value};

/// How much of a row a caller may read. Ordered: who may read more compares greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Public,
    Employee,
    Manager,
    Admin,
    /// Nobody: the property never leaves the server (passwords, hashes).
    Nobody,
}

/// One property of a data object.
#[derive(Debug)]
pub struct Property {
    /// The name on the wire, for example `shiftDate`.
    pub name: &'static str,
    /// The column, for example `shift_date`.
    pub column: &'static str,
    pub kind: Kind,
    pub required: bool,
    pub secret: bool,
    pub filter: bool,
    /// Rows are found by its words.
    pub search: bool,
    pub read: Level,
    pub doc: &'static str,
}

impl Property {
    pub const fn new(name: &'static str, column: &'static str, kind: Kind, required: bool, doc: &'static str) -> Property {
        Property { name, column, kind, required, secret: false, filter: false, search: false, read: Level::Employee, doc }
    }

    /// Lists filter by it.
    pub const fn filter(mut self) -> Property {
        self.filter = true;
        self
    }

    /// Rows are found by its words ([`crate::words`]).
    pub const fn search(mut self) -> Property {
        self.search = true;
        self
    }

    /// Masked wherever a language model can look.
    pub const fn secret(mut self) -> Property {
        self.secret = true;
        self
    }

    pub const fn read(mut self, level: Level) -> Property {
        self.read = level;
        self
    }

    /// Text of several lines.
    pub const fn text(mut self) -> Property {
        self.kind = Kind::Text;
        self
    }

    /// JSON of another shape than an object.
    pub const fn kind(mut self, kind: Kind) -> Property {
        self.kind = kind;
        self
    }

    /// The link table that keeps a list of ids.
    pub const fn link(mut self, table: &'static str) -> Property {
        self.kind = Kind::Ids(table);
        self
    }
}

/// What every object has, before its own properties.
pub const SYSTEM: &[Property] = &[
    Property::new("id", "id", Kind::Id, true, "Identifier (UUID).").read(Level::Public),
    Property::new("isActive", "is_active", Kind::Boolean, true, "False once deleted."),
    Property::new("recordVersion", "record_version", Kind::Integer, true, "Grows by one with every change."),
    Property::new("createdAt", "created_at", Kind::Instant, true, "When it was created."),
    Property::new("updatedAt", "updated_at", Kind::Instant, true, "When it was last changed."),
    Property::new("_owner", "owner", Kind::Id, false, "The user who created it."),
];

/// An object embedded in another's answer.
#[derive(Debug)]
pub struct Join {
    pub name: &'static str,
    /// The property that holds the id, or the list of ids.
    pub property: &'static str,
    pub target: fn() -> &'static ObjectDef,
    pub fields: &'static [&'static str],
}

/// A property that no column keeps: it follows from the row and the company's date of today. Lists neither filter nor order by it.
#[derive(Debug)]
pub struct Computed {
    pub name: &'static str,
    pub kind: Kind,
    pub doc: &'static str,
    pub of: fn(&Record, Date) -> Value,
}

/// A data object's declaration.
#[derive(Debug)]
pub struct ObjectDef {
    pub name: &'static str,
    pub plural: &'static str,
    pub table: &'static str,
    pub service: &'static str,
    pub doc: &'static str,
    pub properties: &'static [Property],
    /// What answers show beside the properties.
    pub computed: &'static [Computed],
    pub joins: &'static [Join],
    /// The property naming the user whom a row is about: reach is judged by it.
    pub owned_by: Option<&'static str>,
    /// The default order, as in `sortBy`.
    pub order: &'static str,
}

impl ObjectDef {
    /// System properties first, then its own: the order of a record's values and of its columns.
    pub fn all(&self) -> impl Iterator<Item = &'static Property> + use<> {
        SYSTEM.iter().chain(self.properties.iter())
    }

    pub fn len(&self) -> usize {
        SYSTEM.len() + self.properties.len()
    }

    pub fn is_empty(&self) -> bool {
        false
    }

    /// Where a property stands in a record.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.all().position(|p| p.name == name)
    }

    pub fn property(&self, name: &str) -> Option<&'static Property> {
        self.all().find(|p| p.name == name)
    }

    pub fn join(&self, name: &str) -> Option<&'static Join> {
        self.joins.iter().find(|j| j.name == name)
    }
}

/// Two declarations are the same object if they have the same table.
impl PartialEq for ObjectDef {
    fn eq(&self, other: &ObjectDef) -> bool {
        std::ptr::eq(self, other) || self.table == other.table
    }
}

/// A row: the values of an object's properties, in the order of [`ObjectDef::all`].
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub def: &'static ObjectDef,
    pub values: Vec<Value>,
}

impl Record {
    pub fn id(&self) -> Uuid {
        self.values[0].as_id().unwrap_or_default()
    }

    pub fn is_active(&self) -> bool {
        self.values[1] == Value::Bool(true)
    }

    pub fn version(&self) -> i64 {
        match self.values[2] {
            Value::Int(version) => version,
            _ => 0,
        }
    }

    /// The value of a property; null where the object has none of that name.
    pub fn get(&self, name: &str) -> &Value {
        self.def.index(name).map_or(&Value::Null, |i| &self.values[i])
    }

    pub fn set(&mut self, name: &str, value: Value) {
        if let Some(i) = self.def.index(name) {
            self.values[i] = value;
        }
    }
}

/// What every object carries beside its own properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    pub id: Uuid,
    pub is_active: bool,
    pub record_version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub owner: Option<Uuid>,
}

impl Meta {
    /// Of a new object: active, version 1.
    pub fn new(id: impl Into<Uuid>, now: Timestamp, owner: Option<Uuid>) -> Meta {
        Meta { id: id.into(), is_active: true, record_version: 1, created_at: now, updated_at: now, owner }
    }

    /// Of the same object after one more change.
    pub fn touch(&mut self, now: Timestamp) {
        self.record_version += 1;
        self.updated_at = now.max(self.updated_at);
    }

    pub fn into_values(self) -> Vec<Value> {
        let owner = self.owner.map_or(Value::Null, Value::Id);
        let (created, updated) = (Value::Time(self.created_at), Value::Time(self.updated_at));
        vec![Value::Id(self.id), Value::Bool(self.is_active), Value::Int(self.record_version), created, updated, owner]
    }

    pub fn from_values(values: &mut impl Iterator<Item = Value>) -> Option<Meta> {
        use crate::value::Field;
        Some(Meta {
            id: Field::from_value(values.next()?)?,
            is_active: Field::from_value(values.next()?)?,
            record_version: Field::from_value(values.next()?)?,
            created_at: Field::from_value(values.next()?)?,
            updated_at: Field::from_value(values.next()?)?,
            owner: Field::from_value(values.next()?)?,
        })
    }
}

/// A typed view of a record.
pub trait DataObject: Sized + Clone + Send + Sync + 'static {
    fn def() -> &'static ObjectDef;
    fn from_record(record: Record) -> Result<Self>;
    fn to_record(&self) -> Record;
    fn meta(&self) -> &Meta;
    fn meta_mut(&mut self) -> &mut Meta;

    /// The object deleted softly: inactive, one version on.
    fn deleted(mut self, now: Timestamp) -> Self {
        self.meta_mut().is_active = false;
        self.meta_mut().touch(now);
        self
    }

    fn touched(mut self, now: Timestamp) -> Self {
        self.meta_mut().touch(now);
        self
    }
}

/// A stored row that does not fit its declaration: a fault of the database's content.
pub fn misfit(def: &ObjectDef) -> Error {
    Error::internal(format!("a stored {} does not fit its declaration", def.name))
}

/// Declares a data object: the struct, its [`ObjectDef`], and the conversions between struct and [`Record`].
#[macro_export]
macro_rules! data_object {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident {
            object: $object:literal, plural: $plural:literal, table: $table:literal, service: $service:literal,
            owned_by: $owned:expr, order: $order:literal,
            joins: [$($join:literal by $by:literal to $target:ty: [$($jf:literal),*]),* $(,)?],
            $(computed: [$($computed:literal as $ckind:expr, by $cof:path: $cdoc:literal),* $(,)?],)?
            $( $(#[doc = $fdoc:literal])+ $field:ident: $ty:ty => $wire:literal $(.$flag:ident($($arg:expr)?))*, )*
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            pub meta: $crate::object::Meta,
            $( $(#[doc = $fdoc])+ pub $field: $ty, )*
        }

        impl $crate::object::DataObject for $name {
            fn def() -> &'static $crate::object::ObjectDef {
                static DEF: $crate::object::ObjectDef = $crate::object::ObjectDef {
                    name: $object,
                    plural: $plural,
                    table: $table,
                    service: $service,
                    doc: concat!($($doc),+),
                    properties: &[$(
                        $crate::object::Property::new(
                            $wire,
                            stringify!($field),
                            <$ty as $crate::value::Field>::KIND,
                            <$ty as $crate::value::Field>::REQUIRED,
                            concat!($($fdoc),+),
                        )$(.$flag($($arg)?))*,
                    )*],
                    computed: &[$($( $crate::object::Computed {
                        name: $computed,
                        kind: $ckind,
                        doc: $cdoc,
                        of: $cof,
                    } ),*)?],
                    joins: &[$( $crate::object::Join {
                        name: $join,
                        property: $by,
                        target: || <$target as $crate::object::DataObject>::def(),
                        fields: &[$($jf),*],
                    } ),*],
                    owned_by: $owned,
                    order: $order,
                };
                &DEF
            }

            fn from_record(record: $crate::object::Record) -> $crate::error::Result<Self> {
                fn read(values: Vec<$crate::value::Value>) -> Option<$name> {
                    let mut values = values.into_iter();
                    Some($name {
                        meta: $crate::object::Meta::from_values(&mut values)?,
                        $( $field: <$ty as $crate::value::Field>::from_value(values.next()?)?, )*
                    })
                }
                read(record.values).ok_or_else(|| $crate::object::misfit(Self::def()))
            }

            fn to_record(&self) -> $crate::object::Record {
                let mut values = self.meta.clone().into_values();
                $( values.push($crate::value::Field::into_value(self.$field.clone())); )*
                $crate::object::Record { def: Self::def(), values }
            }

            fn meta(&self) -> &$crate::object::Meta {
                &self.meta
            }

            fn meta_mut(&mut self) -> &mut $crate::object::Meta {
                &mut self.meta
            }
        }
    };
}

/// A to-one or to-many object inside an answer: its id and the fields that the join names.
#[derive(Clone, Debug)]
pub struct Joined {
    pub id: Uuid,
    pub fields: Arc<[(&'static Property, Value)]>,
}

impl PartialEq for Joined {
    fn eq(&self, other: &Joined) -> bool {
        let same = |(a, b): (&(&'static Property, Value), &(&'static Property, Value))| a.0.name == b.0.name && a.1 == b.1;
        self.id == other.id && self.fields.len() == other.fields.len() && self.fields.iter().zip(other.fields.iter()).all(same)
    }
}
