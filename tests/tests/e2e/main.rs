//! End to end: the real server over HTTP, with its database and its clock.

mod agent_hub;
mod agent_tools;
mod analytics;
mod announcements;
mod audit;
mod avatars;
mod backup;
mod bounds;
mod chat;
mod concurrency;
mod contract;
mod crash;
mod employees;
mod faults;
mod gate;
mod generators;
mod governance;
mod guards;
mod identity;
mod imports;
mod insights;
mod leave;
mod limits;
mod lists;
mod logins;
mod mail;
mod matrix;
mod mcp_clients;
mod mcp_protocol;
mod nodes;
mod oracle;
mod payroll;
mod plain_owner;
mod plan;
mod providers;
mod rules;
mod sample;
mod shifts;
mod streams;
mod tables;
mod tasks;
mod tools;
mod vectors;
mod ward;
mod webhooks;
mod withdrawals;

/// Addresses that many tests use.
mod paths {
    pub const PROFILES: &str = "/employeeprofile-api/v1/employeeprofiles";
    pub const DOCUMENTS: &str = "/employeeprofile-api/v1/employeedocuments";
    pub const SHIFTS: &str = "/schedulemanagement-api/v1/shifts";
    pub const OPEN_SHIFTS: &str = "/schedulemanagement-api/v1/openshifts";
    pub const SWAPS: &str = "/schedulemanagement-api/v1/shiftswaps";
    pub const TEMPLATES: &str = "/schedulemanagement-api/v1/shifttemplates";
    pub const CHECK_IN: &str = "/attendancemanagement-api/v1/check-in";
    pub const CHECK_OUT: &str = "/attendancemanagement-api/v1/check-out";
    pub const MARK_ABSENT: &str = "/attendancemanagement-api/v1/mark-absent";
    pub const LEAVE: &str = "/leavemanagement-api/v1/leaverequests";
    pub const HOLIDAYS: &str = "/leavemanagement-api/v1/holidays";
    pub const TASK_ASSIGNMENTS: &str = "/taskmanagement-api/v1/taskassignments";
    pub const PROGRESS: &str = "/taskmanagement-api/v1/taskassignmentwithprogress";
    pub const TASKS: &str = "/taskmanagement-api/v1/individualtasks";
    pub const MY_TASKS: &str = "/taskmanagement-api/v1/myindividualtasks";
    pub const MY_TASK: &str = "/taskmanagement-api/v1/myindividualtask";
    pub const RECORDS: &str = "/attendancemanagement-api/v1/attendance-records";
    pub const PAYROLL: &str = "/payrollreporting-api/v1/payrollreports";
    pub const LOCKS: &str = "/payrollreporting-api/v1/payperiodlocks";
    pub const WEBHOOKS: &str = "/auth-api/v1/webhooks";
    pub const DELIVERIES: &str = "/auth-api/v1/webhookdeliveries";
    pub const OVERRIDE: &str = "/agenthub-api/v1/agentoverride";
    pub const OVERRIDES: &str = "/agenthub-api/v1/agentoverrides";
    pub const EXECUTION: &str = "/agenthub-api/v1/agentexecution";
    pub const EXECUTIONS: &str = "/agenthub-api/v1/agentexecutions";
    pub const TOOL_CATALOG: &str = "/agenthub-api/v1/toolcatalog";
    pub const TOOL_ENTRY: &str = "/agenthub-api/v1/toolcatalogentry";
    pub const ANNOUNCEMENTS: &str = "/announcementmanagement-api/v1/announcements";
    pub const INSIGHTS: &str = "/aiworkforceanalytics-api/v1/aiinsights";
    pub const SEEN_INSIGHTS: &str = "/aiworkforceanalytics-api/v1/insights";
    pub const SAVE_INSIGHT: &str = "/aiworkforceanalytics-api/v1/saveinsight";
    pub const SAVE_GENERATED: &str = "/aiworkforceanalytics-api/v1/save-insight";
    pub const PROCESS: &str = "/announcementmanagement-api/v1/processscheduledannouncements";
}

/// The text of a property.
#[track_caller]
fn text(json: &serde_json::Value, name: &str) -> String {
    json[name].as_str().unwrap_or_else(|| panic!("text under {name} in {json}")).to_owned()
}
