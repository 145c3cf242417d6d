//! What the four weeks pay each nurse, worked out a second time from the roster alone.

use serde_json::{Value as Json, json};
use workforceos_tests::time::at;

use super::Ward;
use super::roster::{Fate, Place};
use crate::paths::PAYROLL;
use crate::payroll::naive::{Came, Case, Told, payroll};

const FIRST: &str = "2010-01-01";
const LAST: &str = "2010-01-28";

impl Ward {
    /// By the month as the policy is at first, then by the hour with rounding and other limits: the same reports, calculated anew.
    pub async fn check_payroll(&self) {
        self.app.clock.set(at("2010-02-01T08:00:00Z"));
        for nurse in 0..self.nurses.len() {
            let case = self.case(nurse, false);
            self.check_report(nurse, &case, 201).await;
        }
        let terms = json!({"salaryBasis": "hourly", "roundingMinutes": 15, "dailyHours": 7.5, "weeklyHours": 30,
            "overtimeMultiplier": 1.25, "workdays": [1, 2, 3, 4, 5, 6]});
        self.company.owner.patch("/auth-api/v1/companypolicy", terms).await.ok();
        let mut overtime = 0;
        for nurse in 0..self.nurses.len() {
            let case = self.case(nurse, true);
            overtime += self.check_report(nurse, &case, 200).await.overtime();
        }
        assert!(overtime > 10 * 60, "the limits mattered: {overtime}");
        let manager = self.manager.get(&format!("{PAYROLL}?periodStart={FIRST}&pageRowCount=100")).await.ok();
        assert_eq!(manager["rowCount"].as_u64(), Some(self.nurses.len() as u64));
        let own = self.nurses[0].get(PAYROLL).await.ok();
        assert_eq!(
            (own["rowCount"].as_u64(), own["payrollReports"][0]["userId"].as_str()),
            (Some(1), Some(&*self.nurses[0].text()))
        );
    }

    fn case(&self, nurse: usize, hourly: bool) -> Case {
        let date = |text: &str| text.parse().expect("a date");
        let came = |place: &Place| match place.fate {
            Fate::Absent => Came::Never,
            Fate::Came { left: None, .. } => Came::AndStayed,
            Fate::Came { .. } => Came::ForMinutes(place.minutes()),
        };
        let own = self.roster.places.iter().filter(|place| place.nurse == nurse);
        Case {
            from: date(FIRST),
            to: date(LAST),
            monthly: !hourly,
            daily: if hourly { 750 } else { 800 },
            weekly: if hourly { 3000 } else { 4000 },
            multiplier: if hourly { 125 } else { 150 },
            workdays: (1..=if hourly { 6 } else { 5 }).collect(),
            rounding: if hourly { 15 } else { 0 },
            salary: 300_000,
            employed_from: date("2009-01-01"),
            records: own.map(|place| (place.date, came(place))).collect(),
            leave: Vec::new(),
            holidays: Default::default(),
            bonus: 1_050 * nurse as i64,
            deduction: 33,
        }
    }

    async fn check_report(&self, nurse: usize, case: &Case, status: u16) -> Told {
        let expected = payroll(case);
        let body = json!({"userId": self.nurses[nurse].text(), "periodStart": FIRST, "periodEnd": LAST,
            "bonus": case.bonus as f64 / 100.0, "deduction": case.deduction as f64 / 100.0});
        let reply = self.company.owner.post(PAYROLL, body).await;
        assert_eq!(reply.status, status);
        let told = reply.ok()["payrollReport"].clone();
        let hours = |minutes: i64| (minutes as f64 / 60.0 * 100.0).round() / 100.0;
        assert_eq!(told["totalHoursWorked"].as_f64(), Some(hours(expected.minutes())), "nurse {nurse}");
        assert_eq!(told["overtimeHours"].as_f64(), Some(hours(expected.overtime())), "nurse {nurse}");
        assert_eq!(told["absenceDaysExact"].as_f64(), Some(expected.halves() as f64 / 2.0), "nurse {nurse}");
        assert_eq!(told["absenceDays"].as_i64(), Some(expected.halves() / 2), "nurse {nurse}");
        assert_eq!(told["openRecords"].as_i64(), Some(expected.open), "nurse {nurse}");
        assert_eq!(told["salaryCalculated"].as_f64(), Some(expected.cents as f64 / 100.0), "nurse {nurse}");
        let days = expected.days.iter().map(|(date, (minutes, daily, weekly))| {
            json!({"date": date, "minutes": minutes, "dailyOvertime": daily, "weeklyOvertime": weekly})
        });
        assert_eq!(told["breakdown"], days.collect::<Json>(), "nurse {nurse}");
        expected
    }
}
