//! The official MCP client, acting for the ward's manager.

use std::process::Stdio;

use serde_json::Value as Json;
use workforceos_core::Clock;

use super::Ward;
use crate::text;

/// Python with the official MCP client.
const PYTHON: &str = "WORKFORCEOS_TEST_PYTHON";

impl Ward {
    /// Checks somebody in by way of an MCP client, which looks around first.
    #[expect(clippy::print_stdout, reason = "what is left out of a test is told")]
    pub async fn by_tool(&mut self, place: usize) {
        let Some(python) = std::env::var_os(PYTHON) else {
            println!("left out: {PYTHON} names no Python with the official MCP client");
            return self.check_in(place).await;
        };
        let (nurse, shift) = self.at(place);
        let date = self.roster.places[place].date;
        let client = concat!(env!("CARGO_MANIFEST_DIR"), "/python/mcp_client.py");
        let output = tokio::process::Command::new(python)
            .arg(client)
            .arg(format!("{}/mcpbff-api/mcp", self.app.base()))
            .arg(self.manager.token.as_deref().expect("a key"))
            .args([date.to_string(), shift.clone(), self.nurses[nurse].text()])
            .stdin(Stdio::null())
            .output();
        let output = tokio::time::timeout(workforceos_tests::DEADLINE * 3, output).await.expect("it ends").expect("it runs");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "the MCP client failed: {err}");
        let told: Json = serde_json::from_str(&out).unwrap_or_else(|_| panic!("JSON: {out}"));

        let names = |list: &Json| {
            list.as_array().expect("tools").iter().map(|t| t.as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        let (tools, read_only) = (names(&told["tools"]), names(&told["readOnly"]));
        for wanted in ["listShifts", "checkInAttendance", "correctAttendanceRecord", "currentuser"] {
            assert!(tools.contains(&wanted.to_owned()), "{wanted} among {tools:?}");
        }
        assert!(!tools.contains(&"createShift".to_owned()), "a manager plans no shifts");
        assert!(read_only.contains(&"listShifts".to_owned()) && !read_only.contains(&"checkInAttendance".to_owned()));

        // The day as planned, and the records of those who were there so far.
        let mut shifts: Vec<String> =
            told["shifts"]["value"]["shifts"].as_array().expect("shifts").iter().map(|s| text(s, "id")).collect();
        let of_the_day = |i: &usize| self.roster.slots[*i].date == date && !self.roster.slots[*i].nurses.is_empty();
        let mut planned: Vec<String> = (0..self.shifts.len()).filter(of_the_day).map(|i| self.shifts[i].clone()).collect();
        shifts.sort();
        planned.sort();
        assert_eq!(shifts, planned);
        let now = self.app.clock.now();
        let here = self.roster.places.iter().enumerate().filter(|(i, p)| p.date == date && self.records.contains_key(i)).count();
        assert_eq!(told["records"]["value"]["attendanceRecords"].as_array().map(Vec::len), Some(here), "at {now}");

        assert_eq!(told["checkIn"]["isError"], false, "{}", told["checkIn"]);
        self.came(place, &told["checkIn"]["value"]["attendanceRecord"]);
        assert_eq!(
            (&told["again"]["isError"], &told["again"]["value"]["errCode"]),
            (&Json::Bool(true), &Json::from("AlreadyCheckedIn"))
        );
        let wrong = &told["wrong"]["value"];
        assert_eq!(
            (&wrong["errCode"], wrong["detail"].as_array().map(Vec::len)),
            (&Json::from("ValidationFailed"), Some(2)),
            "{wrong}"
        );
    }
}
