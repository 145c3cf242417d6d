//! Which events everybody must have seen, written down without a look at the server.

use std::collections::BTreeMap;

use workforceos_tests::Seen;

use super::roster::Fate;
use super::stays_open;
use crate::text;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Viewer {
    Manager,
    Nurse(usize),
}

/// An event and what it is about: a shift's id, or a place of the roster.
type Told = (String, String);

/// By viewer: how often each event is to be told.
#[derive(Default)]
pub struct Book {
    expected: BTreeMap<Viewer, BTreeMap<Told, usize>>,
    /// By place: shift and nurse, as the events name them.
    places: BTreeMap<String, usize>,
    /// By user id: which nurse.
    ids: BTreeMap<String, usize>,
}

impl Book {
    /// An empty book of these nurses.
    pub fn of(ids: BTreeMap<String, usize>) -> Book {
        Book { ids, ..Book::default() }
    }

    fn note(&mut self, viewer: Viewer, kind: &str, about: &str) {
        *self.expected.entry(viewer).or_default().entry((kind.to_owned(), about.to_owned())).or_default() += 1;
    }

    /// An event about a shift: its people see it, and their manager. A shift of nobody is the admins' alone.
    pub fn shift(&mut self, kind: &str, id: &str, nurses: &[usize]) {
        for nurse in nurses {
            self.note(Viewer::Nurse(*nurse), kind, id);
        }
        if !nurses.is_empty() {
            self.note(Viewer::Manager, kind, id);
        }
    }

    /// What one place at a shift gives to tell: to the nurse and to the manager.
    pub fn place(&mut self, place: usize, nurse: usize, shift: &str, fate: &Fate) {
        let about = format!("place {place}");
        self.places.insert(format!("{shift} {nurse}"), place);
        for viewer in [Viewer::Nurse(nurse), Viewer::Manager] {
            match fate {
                Fate::Absent => self.note(viewer, "attendance.markedAbsent", &about),
                Fate::Came { left, .. } => {
                    self.note(viewer, "attendance.checkedIn", &about);
                    if left.is_some() {
                        self.note(viewer, "attendance.checkedOut", &about);
                    }
                }
            }
            if stays_open(fate) {
                self.note(viewer, "alert.raised", &about);
            }
        }
    }

    /// Every event came exactly once, in order, and nothing else came.
    pub fn check(&self, viewer: Viewer, seen: Vec<Seen>, records: &BTreeMap<usize, String>) {
        let seen: Vec<Seen> = seen.into_iter().filter(|e| e.name.is_none()).collect();
        assert!(seen.windows(2).all(|w| w[0].id < w[1].id), "{viewer:?}: in the order of the sequence, none twice");
        let by_record: BTreeMap<&str, usize> = records.iter().map(|(place, id)| (id.as_str(), *place)).collect();
        let mut told: BTreeMap<Told, usize> = BTreeMap::new();
        for event in &seen {
            let object = &event.data["object"];
            let about = match event.kind().split('.').next() {
                Some("attendance") => {
                    let known = by_record.get(event.object_id()).copied();
                    // Of those who never came the shift and the person tell the place.
                    let place = known.or_else(|| self.absent(&text(object, "shiftId"), &text(object, "userId")));
                    place.map_or_else(|| event.object_id().to_owned(), |p| format!("place {p}"))
                }
                Some("alert") => {
                    let record = text(object, "relatedEntityId");
                    by_record.get(record.as_str()).map_or(record.clone(), |p| format!("place {p}"))
                }
                _ => event.object_id().to_owned(),
            };
            *told.entry((event.kind().to_owned(), about)).or_default() += 1;
        }
        let expected = &self.expected[&viewer];
        assert!(
            expected.len() > if viewer == Viewer::Manager { 400 } else { 40 },
            "{viewer:?} has much to see: {}",
            expected.len()
        );
        let missing: Vec<_> = expected.iter().filter(|(e, n)| told.get(*e) != Some(n)).collect();
        let surplus: Vec<_> = told.iter().filter(|(e, n)| expected.get(*e) != Some(n)).collect();
        assert!(missing.is_empty() && surplus.is_empty(), "{viewer:?}: expected {missing:?}, told {surplus:?}");
    }

    fn absent(&self, shift: &str, user: &str) -> Option<usize> {
        let nurse = self.ids.get(user)?;
        self.places.get(&format!("{shift} {nurse}")).copied()
    }
}
