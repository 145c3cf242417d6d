//! Which tools a model is told of.

use workforceos_core::session::Ctx;
use workforceos_core::{Result, tool};
use workforceos_mcp::{CURRENT_USER, Listed, McpServer, Narrowing};
use workforceos_services::App;

use crate::provider::Spec;

/// The most that one model is told of at once: providers take 128 tools, and every turn pays for the words of each again.
const MOST: usize = 120;
/// The most tokens that their words may take.
const TOKENS: usize = 24_000;

/// What is asked for most. Where there are too many tools, these are listed, and the others are found by searching.
const COMMON: &[&str] = &[
    CURRENT_USER,
    "getTodayBoard",
    "searchUsers",
    "listUsers",
    "listUserGroups",
    "listEmployeeProfiles",
    "getEmployeeProfile",
    "listShifts",
    "getShift",
    "createShift",
    "updateShift",
    "listOpenShifts",
    "findCoverFor",
    "planWeek",
    "listAttendanceRecords",
    "checkInAttendance",
    "checkOutAttendance",
    "markAttendanceAbsent",
    "listLeaveRequests",
    "listMyLeaveRequests",
    "createLeaveRequest",
    "updateLeaveRequest",
    "getLeaveBalance",
    "whoIsOff",
    "listTaskAssignments",
    "createTaskAssignment",
    "listMyIndividualTasks",
    "updateIndividualTask",
    "listAnnouncements",
    "createAnnouncement",
    "listPayrollReports",
    "explainPayroll",
    "analyzeAttendance",
    "analyzeAbsenteeism",
    "analyzeLateness",
    "analyzeOvertime",
    "analyzeTaskLoad",
    "predictStaffing",
    "detectShiftAnomalies",
    "showSecretFieldInFrontEnd",
    "showBusinessApiListInFrontEnd",
    "showQrCode",
];

/// A choice among the tools that the caller may use. It narrows, it never grants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Services whose tools are left out, by name; `mcpbff` is that of the front-end tools.
    pub disabled_services: Vec<String>,
    /// These alone, as `service:apiName`, and `currentuser`; `None`: all.
    pub selected_tools: Option<Vec<String>>,
    /// Only tools that read.
    pub read_only: bool,
    /// Whether there is a page that could carry out what front-end tools ask for.
    pub front_end: bool,
}

impl Choice {
    /// Of a conversation with a person.
    pub fn chat(disabled_services: Vec<String>) -> Choice {
        Choice { disabled_services, front_end: true, ..Choice::default() }
    }

    /// Of an agent that gathers figures: it reads, and shows nobody anything.
    pub fn reading() -> Choice {
        Choice { read_only: true, ..Choice::default() }
    }

    /// As it is, of these tools alone.
    pub fn selecting(self, tools: Option<Vec<String>>) -> Choice {
        Choice { selected_tools: tools, ..self }
    }

    /// The tools for a caller, and what their calls are narrowed to.
    pub(super) async fn of(&self, tools: &McpServer<App>, ctx: Ctx) -> Result<(Narrowing, Vec<Spec>)> {
        let narrowing = self.narrowing(tools);
        let listed: Vec<Spec> = tools.listed(ctx.clone(), &narrowing).await?.into_iter().map(spec).collect();
        if listed.len() <= MOST && listed.iter().map(tokens).sum::<usize>() <= TOKENS {
            return Ok((narrowing, listed));
        }
        let searching = narrowing.searching();
        let finders = tools.listed(ctx, &searching).await?.into_iter().map(spec);
        let common = COMMON.iter().filter_map(|name| listed.iter().find(|spec| spec.name == *name).cloned());
        Ok((searching, common.chain(finders).collect()))
    }

    fn narrowing(&self, tools: &McpServer<App>) -> Narrowing {
        let mut narrowing = Narrowing::default().without(self.disabled_services.iter().cloned());
        if self.read_only {
            narrowing = narrowing.reading();
        }
        if !self.front_end {
            narrowing = narrowing.without_front_end();
        }
        let Some(selected) = &self.selected_tools else { return narrowing };
        let of_its_service = |tool: &String| {
            let (service, name) = tool.split_once(':').unwrap_or(("", tool));
            (service.is_empty() || tools.service(name).eq_ignore_ascii_case(service)).then(|| name.to_owned())
        };
        // Whom a model acts for it has to know.
        narrowing.only(selected.iter().filter_map(of_its_service).chain([CURRENT_USER.to_owned()]))
    }
}

fn spec(listed: &Listed) -> Spec {
    let told = &listed.tool;
    let description = told.description.as_deref().unwrap_or_default().to_owned();
    Spec { name: told.name.to_string(), description, schema: (*told.input_schema).clone() }
}

/// About how many tokens a tool's words are.
fn tokens(spec: &Spec) -> usize {
    let schema = serde_json::to_string(&spec.schema).unwrap_or_default();
    tool::tokens(&spec.name) + tool::tokens(&spec.description) + tool::tokens(&schema)
}
