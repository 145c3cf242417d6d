//! Arguments of which not all can be read: a refusal names every bad field, those too that only the API's own rules know.

use crate::input::{Args, FieldDef, Problems};
use crate::value::Field;

/// What of a call's arguments can be read.
#[derive(Clone, Debug)]
pub struct Parts {
    args: Args,
    fields: &'static [FieldDef],
}

impl Parts {
    pub(crate) fn new(args: &Args, fields: &'static [FieldDef]) -> Parts {
        Parts { args: args.clone(), fields }
    }

    /// A parameter as its API's input reads it; `None` if it is bad, which is told already.
    pub fn get<T: Field>(&self, name: &str) -> Option<T> {
        let field = self.fields.iter().find(|field| field.name == name);
        debug_assert!(field.is_some(), "{name} is no parameter");
        Problems::default().take(&self.args, field?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::input::{Input, Patch};

    crate::input! {
        pub struct Sample {
            /// A name.
            name: String => "name" Body,
            /// A number.
            count: Option<i64> => "count" Body,
            /// A note.
            note: Patch<String> => "note" Body .text(),
        }
    }

    fn args(body: serde_json::Value) -> Args {
        let serde_json::Value::Object(body) = body else { panic!("an object") };
        Args { body, ..Args::default() }
    }

    fn parts(body: serde_json::Value) -> Parts {
        Parts::new(&args(body), Sample::FIELDS)
    }

    #[test]
    fn what_is_bad_is_missing_and_what_is_left_out_reads_as_its_type_says() {
        let bad = parts(json!({"name": " ", "count": "x", "note": 7}));
        assert_eq!((bad.get::<String>("name"), bad.get::<Option<i64>>("count")), (None, None));
        assert_eq!(bad.get::<Patch<String>>("note"), None);
        let some = parts(json!({"count": 3}));
        assert_eq!((some.get::<String>("name"), some.get::<Option<i64>>("count")), (None, Some(Some(3))));
        assert_eq!(some.get::<Patch<String>>("note"), Some(Patch::Keep));
        assert_eq!(parts(json!({})).get::<Option<i64>>("count"), Some(None));
    }

    #[test]
    fn what_is_good_reads_as_the_input_does() {
        let body = json!({"name": "n", "note": null});
        let whole = Sample::read(&args(body.clone()), &mut Problems::default()).expect("valid");
        let read = parts(body);
        assert_eq!(
            (read.get("name"), read.get("count"), read.get("note")),
            (Some(whole.name), Some(whole.count), Some(whole.note))
        );
    }
}
