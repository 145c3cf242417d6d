//! Parameters of a Business API: declared once, read all at once, every bad one named.

use serde_json::{Map, Value as Json};

use crate::cursor::Cursor;
use crate::error::Problem;
use crate::value::{Field, Kind, Value};

/// Where REST carries a parameter. (Tools carry all of them in one object.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Path,
    Query,
    Body,
}

/// A parameter's declaration.
#[derive(Clone, Copy, Debug)]
pub struct FieldDef {
    pub name: &'static str,
    pub place: Place,
    pub kind: Kind,
    pub required: bool,
    pub secret: bool,
    /// Whether `null` clears the value (see [`Patch`]).
    pub clears: bool,
    pub doc: &'static str,
}

impl FieldDef {
    pub const fn new(name: &'static str, place: Place, kind: Kind, required: bool, doc: &'static str) -> FieldDef {
        FieldDef { name, place, kind, required, secret: false, clears: false, doc }
    }

    pub const fn text(mut self) -> FieldDef {
        self.kind = Kind::Text;
        self
    }

    pub const fn kind(mut self, kind: Kind) -> FieldDef {
        self.kind = kind;
        self
    }

    pub const fn clears(mut self, clears: bool) -> FieldDef {
        self.clears = clears;
        self
    }

    /// Never stored or logged (passwords).
    pub const fn secret(mut self) -> FieldDef {
        self.secret = true;
        self
    }
}

/// The arguments of a call, from wherever it came.
#[derive(Clone, Debug, Default)]
pub struct Args {
    /// Path parameters: they win over everything else.
    pub path: Vec<(&'static str, String)>,
    /// Query parameters in their order; a name may repeat.
    pub query: Vec<(String, String)>,
    /// The body, or a tool's arguments.
    pub body: Map<String, Json>,
    /// Whether text in the body stands for numbers and lists (tools).
    pub lenient: bool,
    /// Set where the server itself walks a list to its end: never by a caller.
    pub walk: Option<Cursor>,
}

impl Args {
    /// A tool's arguments.
    pub fn tool(body: Map<String, Json>) -> Args {
        Args { body, lenient: true, ..Args::default() }
    }

    /// A parameter's raw value and whether text may stand for another kind.
    fn raw(&self, field: &FieldDef) -> Option<(Json, bool)> {
        if field.place == Place::Path
            && let Some((_, text)) = self.path.iter().find(|(n, _)| *n == field.name)
        {
            return Some((Json::String(text.clone()), true));
        }
        if let Some(json) = self.body.get(field.name) {
            return Some((json.clone(), self.lenient || field.place != Place::Body));
        }
        if field.place != Place::Query {
            return None;
        }
        let mut values = self.query.iter().filter(|(n, _)| n == field.name).map(|(_, v)| Json::String(v.clone()));
        let first = values.next()?;
        let rest: Vec<Json> = values.collect();
        if rest.is_empty() || !field.kind.is_array() {
            return Some((first, true));
        }
        Some((std::iter::once(first).chain(rest).collect::<Vec<_>>().into(), true))
    }

    /// All values given for a name, as text: list filters and paging.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let mut out: Vec<String> = self.query.iter().filter(|(n, _)| n == name).map(|(_, v)| v.clone()).collect();
        let mut push = |json: &Json| match json {
            Json::String(text) => out.push(text.clone()),
            other => out.push(other.to_string()),
        };
        if self.lenient {
            // Some clients send a list as the text of one.
            let listed = self.body.get(name).and_then(Json::as_str).filter(|t| t.starts_with('['));
            match listed.and_then(|t| serde_json::from_str(t).ok()).as_ref().or(self.body.get(name)) {
                Some(Json::Array(items)) => items.iter().for_each(&mut push),
                Some(other) => push(other),
                None => {}
            }
        }
        out
    }
}

/// Collects what is wrong with the arguments while they are read.
#[derive(Debug, Default)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    pub fn add(&mut self, field: &str, problem: impl Into<String>) {
        self.0.push(Problem::new(field, problem));
    }

    /// A PATCH says what changes: `null` for what cannot be cleared is no change that anybody meant.
    pub fn refuse_nulls(&mut self, args: &Args, fields: &[FieldDef]) {
        for field in fields.iter().filter(|f| f.place == Place::Body && !f.clears && !f.required) {
            if args.body.get(field.name).is_some_and(Json::is_null) {
                self.add(field.name, "must not be null");
            }
        }
    }

    /// Reads one parameter; `None` if it is bad, which is then on the list.
    pub fn take<T: Field>(&mut self, args: &Args, field: &FieldDef) -> Option<T> {
        match args.raw(field) {
            None => T::absent().or_else(|| self.refuse(field, "is required")),
            Some((Json::Null, _)) => T::null().or_else(|| self.refuse(field, "must not be null")),
            Some((json, lenient)) => match field.kind.read(&json, lenient) {
                Ok(Value::Text(text)) if field.required && text.trim().is_empty() => self.refuse(field, "must not be empty"),
                Ok(value) => T::from_value(value).or_else(|| self.refuse(field, "is of the wrong kind")),
                Err(problem) => self.refuse(field, problem),
            },
        }
    }

    fn refuse<T>(&mut self, field: &FieldDef, problem: impl Into<String>) -> Option<T> {
        self.add(field.name, problem);
        None
    }
}

/// A declared set of parameters.
pub trait Input: Sized + Send + 'static {
    const FIELDS: &'static [FieldDef];

    /// Reads every parameter; `None` if any was bad.
    fn read(args: &Args, problems: &mut Problems) -> Option<Self>;
}

/// An API without parameters.
impl Input for () {
    const FIELDS: &'static [FieldDef] = &[];

    fn read(_: &Args, _: &mut Problems) -> Option<()> {
        Some(())
    }
}

/// A parameter of a PATCH: left out, cleared with `null`, or set.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Patch<T> {
    #[default]
    Keep,
    Clear,
    Set(T),
}

impl<T> Patch<T> {
    /// What the property becomes.
    pub fn over(self, old: Option<T>) -> Option<T> {
        match self {
            Patch::Keep => old,
            Patch::Clear => None,
            Patch::Set(new) => Some(new),
        }
    }

    pub fn is_keep(&self) -> bool {
        matches!(self, Patch::Keep)
    }
}

impl<T: Field> Field for Patch<T> {
    const KIND: Kind = T::KIND;
    const REQUIRED: bool = false;
    const CLEARS: bool = true;

    fn from_value(value: Value) -> Option<Self> {
        if value.is_null() { Some(Patch::Clear) } else { T::from_value(value).map(Patch::Set) }
    }

    fn into_value(self) -> Value {
        match self {
            Patch::Set(value) => value.into_value(),
            Patch::Keep | Patch::Clear => Value::Null,
        }
    }

    fn absent() -> Option<Self> {
        Some(Patch::Keep)
    }

    fn null() -> Option<Self> {
        Some(Patch::Clear)
    }
}

/// Declares an [`Input`]: `name: Type => "wireName" Body .text()`.
#[macro_export]
macro_rules! input {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident {
            $( $(#[doc = $fdoc:literal])+ $field:ident: $ty:ty => $wire:literal $place:ident $(.$flag:ident($($arg:expr)?))*, )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $( $(#[doc = $fdoc])+ pub $field: $ty, )*
        }

        impl $crate::input::Input for $name {
            const FIELDS: &'static [$crate::input::FieldDef] = &[$(
                $crate::input::FieldDef::new(
                    $wire,
                    $crate::input::Place::$place,
                    <$ty as $crate::value::Field>::KIND,
                    <$ty as $crate::value::Field>::REQUIRED,
                    concat!($($fdoc),+),
                )
                .clears(<$ty as $crate::value::Field>::CLEARS)$(.$flag($($arg)?))*,
            )*];

            fn read(args: &$crate::input::Args, problems: &mut $crate::input::Problems) -> Option<Self> {
                let mut fields = <Self as $crate::input::Input>::FIELDS.iter();
                $( let $field = problems.take::<$ty>(args, fields.next()?); )*
                Some($name { $( $field: $field? ),* })
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ShiftId;
    use serde_json::json;

    crate::input! {
        pub struct Sample {
            /// A shift.
            shift: ShiftId => "shiftId" Path,
            /// A name.
            name: String => "name" Body,
            /// A number.
            count: Option<i64> => "count" Body,
            /// A note.
            note: Patch<String> => "note" Body .text(),
        }
    }

    fn read(body: Json) -> (Option<Sample>, Vec<Problem>) {
        let Json::Object(body) = body else { panic!("an object") };
        let mut problems = Problems::default();
        let sample = Sample::read(&Args { body, ..Args::default() }, &mut problems);
        (sample, problems.0)
    }

    #[test]
    fn every_bad_field_is_named_at_once() {
        let (sample, problems) = read(json!({"name": " ", "count": "3"}));
        assert!(sample.is_none());
        let whole = json!({"shiftId": "01890a5d-ac96-774b-bcce-b302099a8057", "name": "n", "count": 3});
        let sample = read(whole).0.expect("valid");
        assert_eq!((sample.name.as_str(), sample.count, sample.shift.0.is_nil()), ("n", Some(3), false));
        let names: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(names, ["shiftId", "name", "count"]);
    }

    #[test]
    fn a_patch_tells_absent_from_null() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let note = |body: Json| read(body).0.expect("valid").note;
        assert_eq!(note(json!({"shiftId": id, "name": "n"})), Patch::Keep);
        assert_eq!(note(json!({"shiftId": id, "name": "n", "note": null})), Patch::Clear);
        assert_eq!(note(json!({"shiftId": id, "name": "n", "note": "x"})), Patch::Set("x".to_owned()));
    }
}
