//! Four weeks of a real ward: planned through the API, worked under the moved clock, watched by everybody, with an AI tool
//! taking part. What must come of it is computed here, by code of its own.

mod expected;
mod payroll;
mod roster;
mod tool;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use workforceos_core::Timestamp;
use workforceos_tests::time::{at, plus};
use workforceos_tests::{Company, Db, Live, Person, Seen, Setup, TestApp, on_both_databases};

use crate::paths::{CHECK_IN, CHECK_OUT, RECORDS, SHIFTS};
use crate::text;
use expected::{Book, Viewer};
use roster::{Fate, Roster};

on_both_databases!(four_weeks_of_a_ward);

/// The day on which the AI tool takes part, and the one on which a stream is lost and taken up again.
const TOOL_DAY: &str = "2010-01-15";
const LOST_DAY: &str = "2010-01-11";
const LOST: usize = 3;

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    CheckIn(usize),
    CheckOut(usize),
    Timers,
}

struct Ward {
    app: TestApp,
    company: Company,
    manager: Person,
    nurses: Vec<Person>,
    roster: Roster,
    /// By slot of the roster: the shift's id.
    shifts: Vec<String>,
    /// By place of the roster: the record's id.
    records: BTreeMap<usize, String>,
    book: Book,
}

async fn four_weeks_of_a_ward(db: Db) {
    let mut ward = Ward::open(db).await;
    let mut managers = ward.manager.stream("").await;
    managers.snapshot().await;
    let mut own: Vec<Live> = Vec::new();
    for nurse in &ward.nurses {
        let mut live = nurse.stream("").await;
        live.snapshot().await;
        own.push(live);
    }
    ward.plan().await;
    let mut told: Vec<Seen> = Vec::new();
    let mut done = 0;
    let acts = ward.acts();
    for (i, (when, act)) in acts.iter().enumerate() {
        ward.app.clock.set(*when);
        match *act {
            Act::CheckIn(place) if done == 0 && *when >= at(&format!("{TOOL_DAY}T00:00:00Z")) => {
                ward.by_tool(place).await;
                done = i;
            }
            Act::CheckIn(place) => ward.check_in(place).await,
            Act::CheckOut(place) => ward.check_out(place).await,
            Act::Timers => ward.app.sweep().await,
        }
        if told.is_empty() && *when >= at(&format!("{LOST_DAY}T00:00:00Z")) {
            told.push(own[LOST].told().await);
            while let Some(event) = own[LOST].waiting() {
                told.push(event);
            }
            let position = told.last().and_then(|e| e.id);
            own[LOST] = ward.nurses[LOST].stream_after("", position).await;
        }
    }
    assert!(done > 0, "the tool took part");

    let last = ward.last_shift().await;
    ward.book.check(Viewer::Manager, managers.until_object(&last).await, &ward.records);
    for (i, live) in own.iter_mut().enumerate() {
        let mut seen = if i == LOST { std::mem::take(&mut told) } else { Vec::new() };
        seen.extend(live.until_object(&last).await);
        ward.book.check(Viewer::Nurse(i), seen, &ward.records);
    }
    ward.check_cover().await;
    ward.check_hours().await;
    ward.check_payroll().await;
    ward.check_journal().await;
}

impl Ward {
    async fn open(db: Db) -> Ward {
        let app = TestApp::with(db, Setup { start: at("2009-12-28T08:00:00Z"), ..Setup::default() }).await;
        let roster = Roster::read();
        let mut company = app.company("ward", "Europe/Berlin").await;
        let mut manager = company.employee("manager").await;
        let mut nurses = Vec::new();
        for i in 0..roster.nurses {
            nurses.push(company.employee(&format!("nurse{i}")).await);
        }
        company.manager_of(&manager, &nurses.iter().collect::<Vec<_>>()).await;
        // Logins last a day, keys for weeks.
        company.owner.use_key().await;
        manager.use_key().await;
        for nurse in &mut nurses {
            nurse.use_key().await;
        }
        let ids = nurses.iter().enumerate().map(|(i, nurse)| (nurse.text(), i)).collect();
        let book = Book::of(ids);
        Ward { app, company, manager, nurses, roster, shifts: Vec::new(), records: BTreeMap::new(), book }
    }

    /// Plans every slot; that nobody can be planned twice is tried on the way.
    async fn plan(&mut self) {
        let mut refused = 0;
        for (i, slot) in self.roster.slots.iter().enumerate() {
            let ids: Vec<String> = slot.nurses.iter().map(|n| self.nurses[*n].text()).collect();
            let body = json!({"shiftDate": slot.date.to_string(), "startTime": slot.times.0, "endTime": slot.times.1,
                "assignedUserIds": ids, "neededCount": slot.needed});
            let shift = self.company.owner.post(SHIFTS, body.clone()).await.ok()["shift"].clone();
            assert_eq!(at(&text(&shift, "startsAt")), slot.from, "{slot:?}");
            assert_eq!(at(&text(&shift, "endsAt")), slot.to, "{slot:?}");
            let id = text(&shift, "id");
            self.book.shift("shift.created", &id, &slot.nurses);
            self.shifts.push(id);
            if i % 7 == 0 && !slot.nurses.is_empty() {
                self.company.owner.post(SHIFTS, body).await.refused(409, "ShiftConflict");
                refused += 1;
            }
        }
        assert!(refused > 5);
    }

    /// Everything that happens in the four weeks, in order.
    fn acts(&self) -> Vec<(Timestamp, Act)> {
        let mut acts = Vec::new();
        for (place, worked) in self.roster.places.iter().enumerate() {
            if let Some(came) = worked.came() {
                acts.push((came, Act::CheckIn(place)));
            }
            if let Some(left) = worked.left() {
                acts.push((left, Act::CheckOut(place)));
            }
        }
        for slot in &self.roster.slots {
            acts.push((plus(slot.to, 30), Act::Timers));
            acts.push((plus(slot.to, 60), Act::Timers));
        }
        acts.sort();
        acts
    }

    async fn check_in(&mut self, place: usize) {
        let (nurse, shift) = self.at(place);
        let record = self.nurses[nurse].post(CHECK_IN, json!({"shiftId": shift})).await.ok()["attendanceRecord"].clone();
        self.came(place, &record);
    }

    fn came(&mut self, place: usize, record: &Json) {
        let worked = &self.roster.places[place];
        assert_eq!(record["lateByMinutes"].as_i64(), Some(worked.late_minutes()), "{worked:?}");
        assert_eq!(record["status"], if worked.late_minutes() > 0 { "late" } else { "pending" }, "{worked:?}");
        self.records.insert(place, text(record, "id"));
    }

    async fn check_out(&mut self, place: usize) {
        let nurse = self.at(place).0;
        let body = json!({"attendanceRecordId": self.records[&place]});
        let record = self.nurses[nurse].post(CHECK_OUT, body).await.ok()["attendanceRecord"].clone();
        let worked = &self.roster.places[place];
        assert_eq!(record["workedMinutes"].as_i64(), Some(worked.minutes()), "{worked:?}");
        assert_eq!(record["status"], worked.status(), "{worked:?}");
    }

    fn at(&self, place: usize) -> (usize, String) {
        let worked = &self.roster.places[place];
        (worked.nurse, self.shifts[worked.slot].clone())
    }

    /// A shift of everybody, after which nothing more is to come; the book is closed.
    async fn last_shift(&mut self) -> String {
        for (place, worked) in self.roster.places.iter().enumerate() {
            let shift = &self.shifts[worked.slot];
            self.book.place(place, worked.nurse, shift, &worked.fate);
        }
        for (slot, id) in self.roster.slots.iter().zip(&self.shifts) {
            self.book.shift("shift.completed", id, &slot.nurses);
        }
        let everybody: Vec<&Person> = self.nurses.iter().collect();
        let id = self.company.shift("2010-03-01", "09:00-10:00", &everybody).await;
        self.book.shift("shift.created", &id, &(0..self.nurses.len()).collect::<Vec<_>>());
        id
    }

    /// Each day's shifts have the people that the plan gave them, and the records that the fates gave them.
    async fn check_cover(&self) {
        for date in &self.roster.dates {
            let list = self.manager.get(&format!("{SHIFTS}?shiftDate={date}&pageRowCount=100")).await.ok();
            let mut cover: BTreeMap<String, usize> = BTreeMap::new();
            for shift in list["shifts"].as_array().expect("shifts") {
                assert_eq!(shift["status"], "completed", "{shift}");
                *cover.entry(text(shift, "startTime")).or_default() += shift["assignedUserIds"].as_array().map_or(0, Vec::len);
            }
            assert_eq!(cover, self.roster.cover(*date), "{date}");
            let list = self.manager.get(&format!("{RECORDS}?shiftDate={date}&pageRowCount=100")).await.ok();
            let mut records: BTreeMap<String, usize> = BTreeMap::new();
            for record in list["attendanceRecords"].as_array().expect("records") {
                *records.entry(text(record, "status")).or_default() += 1;
            }
            assert_eq!(records, self.roster.attendance(*date), "{date}");
        }
    }

    async fn check_hours(&self) {
        for (i, nurse) in self.nurses.iter().enumerate() {
            let (mut minutes, mut records) = (0, 0);
            for page in 1.. {
                let list = nurse.get(&format!("{RECORDS}?pageRowCount=7&pageNumber={page}")).await.ok();
                let rows = list["attendanceRecords"].as_array().expect("records");
                if rows.is_empty() {
                    assert_eq!(list["paging"]["totalRowCount"].as_u64(), Some(records));
                    break;
                }
                assert!(rows.iter().all(|r| r["userId"] == nurse.text()));
                records += rows.len() as u64;
                minutes += rows.iter().filter_map(|r| r["workedMinutes"].as_i64()).sum::<i64>();
            }
            let own = || self.roster.places.iter().filter(|p| p.nurse == i);
            assert_eq!(records as usize, own().count(), "nurse {i}");
            let expected: i64 = own().filter(|p| p.left().is_some()).map(roster::Place::minutes).sum();
            assert_eq!(minutes, expected, "nurse {i}");
            assert!(minutes > 24 * 60, "nurse {i} worked");
        }
    }

    /// The journal of all this is whole.
    async fn check_journal(&self) {
        let verified = self.app.services().store.verify(self.company.id).await.expect("the journal is read");
        assert_eq!(verified.first_bad, None);
        assert!(verified.entries as usize > self.roster.slots.len() * 2 + self.roster.places.len());
    }
}

/// Whether a fate leaves a record that nobody closed.
fn stays_open(fate: &Fate) -> bool {
    matches!(fate, Fate::Came { left: None, .. })
}
