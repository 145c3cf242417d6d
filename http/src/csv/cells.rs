//! A table's columns, and how values become cells that no spreadsheet takes for formulas.

use serde_json::Value as Json;
use workforceos_core::answer::{Join, Row};
use workforceos_core::object::{Computed, Joined, Level, ObjectDef, Property, SYSTEM};
use workforceos_core::value::{Kind, Value};

/// Several values in one cell.
const BETWEEN: &str = ";";

enum Column {
    /// A property, with its place in a record.
    Own(usize, &'static Property),
    /// What follows from the object.
    Computed(&'static Computed),
    /// A property of a joined object, `user.fullname`.
    Joined(&'static str, &'static Property),
}

/// The columns of an object's table: what the caller may read, in the order of its declaration, what follows from that, then the
/// joined objects'.
pub struct Columns(Vec<Column>);

impl Columns {
    pub fn of(def: &'static ObjectDef, level: Level, fields: Option<&[&'static str]>, joins: bool) -> Columns {
        let asked = |name: &str| fields.is_none_or(|f| f.contains(&name));
        let wanted = |p: &Property| p.read <= level && (p.name == "id" || asked(p.name));
        let all: Vec<(usize, &'static Property)> = def.all().enumerate().collect();
        // The id, what the object says, and the bookkeeping after it.
        let (system, own) = all.split_at(SYSTEM.len());
        let ordered = system[..1].iter().chain(own).chain(&system[1..]);
        let mut columns: Vec<Column> = ordered.filter(|(_, p)| wanted(p)).map(|(i, p)| Column::Own(*i, p)).collect();
        columns.extend(def.computed.iter().filter(|c| asked(c.name)).map(Column::Computed));
        for join in def.joins.iter().filter(|_| joins) {
            let target = (join.target)();
            columns.extend(join.fields.iter().filter_map(|f| target.property(f)).map(|p| Column::Joined(join.name, p)));
        }
        Columns(columns)
    }

    pub fn header(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let name = |column: &Column| match column {
            Column::Own(_, property) => property.name.to_owned(),
            Column::Computed(computed) => computed.name.to_owned(),
            Column::Joined(join, property) => format!("{join}.{}", property.name),
        };
        line(self.0.iter().map(name), &mut bytes);
        bytes
    }

    /// One object's line. What of it the caller may not read is empty.
    pub fn row(&self, row: &Row, bytes: &mut Vec<u8>) {
        let cell = |column: &Column| match column {
            Column::Own(_, property) if property.read > row.level => String::new(),
            Column::Own(index, property) => text(property.kind, &row.record.values[*index]),
            Column::Computed(computed) => match row.computed.iter().find(|(name, _)| *name == computed.name) {
                Some((_, value)) => text(computed.kind, value),
                None => String::new(),
            },
            Column::Joined(join, property) => match row.joins.iter().find(|(name, _)| name == join) {
                Some((_, Join::One(Some(one)))) => joined(one, property),
                Some((_, Join::Many(many))) => many.iter().map(|one| joined(one, property)).collect::<Vec<_>>().join(BETWEEN),
                _ => String::new(),
            },
        };
        line(self.0.iter().map(cell), bytes);
    }

    /// The line of an object that was computed as JSON.
    pub fn json(&self, json: &Json, bytes: &mut Vec<u8>) {
        let cell = |column: &Column| match column {
            Column::Own(_, property) => plain(&json[property.name]),
            Column::Computed(computed) => plain(&json[computed.name]),
            Column::Joined(join, property) => match &json[*join] {
                Json::Array(many) => many.iter().map(|one| plain(&one[property.name])).collect::<Vec<_>>().join(BETWEEN),
                one => plain(&one[property.name]),
            },
        };
        line(self.0.iter().map(cell), bytes);
    }
}

fn joined(one: &Joined, property: &Property) -> String {
    one.fields.iter().find(|(p, _)| p.name == property.name).map_or_else(String::new, |(p, value)| text(p.kind, value))
}

/// A value as a cell reads.
fn text(kind: Kind, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Id(id) if id.is_nil() => String::new(),
        Value::Text(text) => harmless(text),
        Value::Ids(ids) => ids.iter().map(|id| id.to_string()).collect::<Vec<_>>().join(BETWEEN),
        Value::Json(json) if matches!(kind, Kind::Strings | Kind::Integers) => plain(json),
        Value::Json(json) => harmless(&json.to_string()),
        other => plain(&other.to_json()),
    }
}

/// JSON as a cell reads: lists of plain values by their items, objects as JSON.
pub fn plain(json: &Json) -> String {
    match json {
        Json::Null => String::new(),
        Json::String(text) => harmless(text),
        Json::Array(items) if items.iter().all(|i| !i.is_object() && !i.is_array()) => {
            items.iter().map(plain).collect::<Vec<_>>().join(BETWEEN)
        }
        other => other.to_string(),
    }
}

/// A text that a spreadsheet would run as a formula gets an apostrophe before it. Numbers are left alone.
fn harmless(text: &str) -> String {
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if runs && !is_number(text) { format!("'{text}") } else { text.to_owned() }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole) && all_digits(fraction)
}

/// A line of a table.
pub fn line(cells: impl Iterator<Item = String>, bytes: &mut Vec<u8>) {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            bytes.push(b',');
        }
        if cell.contains([',', '"', '\r', '\n', ';']) || cell.starts_with(' ') || cell.ends_with(' ') {
            bytes.push(b'"');
            bytes.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
            bytes.push(b'"');
        } else {
            bytes.extend_from_slice(cell.as_bytes());
        }
    }
    bytes.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use workforceos_core::DataObject;
    use workforceos_core::objects::{AttendanceRecord, Shift};

    use super::*;

    fn written(cells: &[&str]) -> String {
        let mut bytes = Vec::new();
        line(cells.iter().map(|c| (*c).to_owned()), &mut bytes);
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn cells_are_quoted_where_they_have_to_be() {
        assert_eq!(written(&["a", "b c", ""]), "a,b c,\r\n");
        assert_eq!(
            written(&["a,b", "say \"hi\"", "two\r\nlines", " x"]),
            "\"a,b\",\"say \"\"hi\"\"\",\"two\r\nlines\",\" x\"\r\n"
        );
    }

    #[test]
    fn formulas_are_defused_and_numbers_are_not() {
        for bad in ["=1+1", "+cmd|x", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "-", "--5", "＝1", "-1.2.3", "+"] {
            assert_eq!(harmless(bad), format!("'{bad}"), "{bad:?}");
        }
        for good in ["-5", "+49", "-12.50", "a=b", "", "'=1", "5-3"] {
            assert_eq!(harmless(good), good);
        }
        assert_eq!(plain(&json!(["a", "=b", 3])), "a;'=b;3");
        assert_eq!(plain(&json!(-5.5)), "-5.5");
        assert_eq!(plain(&json!([{"a": 1}])), "[{\"a\":1}]");
    }

    #[test]
    fn columns_are_what_the_caller_may_read_in_declared_order() {
        let names = |columns: Columns| String::from_utf8(columns.header()).expect("text");
        let employee = names(Columns::of(AttendanceRecord::def(), Level::Employee, None, true));
        assert!(employee.starts_with("id,userId,shiftId,shiftDate,checkInTime,"), "{employee}");
        assert!(!employee.contains("absenceReason") && employee.contains(",user.email,user.fullname,"), "{employee}");
        assert!(names(Columns::of(AttendanceRecord::def(), Level::Manager, None, true)).contains(",absenceReason,managerNote,"));
        assert_eq!(
            names(Columns::of(Shift::def(), Level::Admin, Some(&["location", "shiftDate"]), false)),
            "id,shiftDate,location\r\n"
        );
    }
}
