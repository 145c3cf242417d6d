//! The prompts themselves.

use super::{Argument, For, Kind, Template};
use crate::resources::Which;

const MY_WEEK: Which = Which::Week { user: None, date: None };

const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Argument {
    Argument { name, about, required: false, kind }
}

const fn required(name: &'static str, kind: Kind, about: &'static str) -> Argument {
    Argument { name, about, required: true, kind }
}

pub(crate) const TEMPLATES: &[Template] = &[
    Template {
        name: "who_is_late_today",
        title: "Who is late today?",
        about: "Who has come late, is absent or has not come yet today, and which shifts are short of people.",
        audience: For::Managers,
        arguments: &[optional("department", Kind::Department, "Only this department: its name, or what completion offers.")],
        needs: &[&["getTodayBoard", "listAttendanceRecords"], &["getTodayBoard", "listShifts"]],
        helped_by: &["whoIsOff", "listLeaveRequests", "findCoverFor"],
        shows: &[Which::Board],
        task: "Tell me who is late today, who is absent, and whose shift has begun without a check-in, with minutes and shift. Leave out \
               who is on leave. Then name the shifts that have fewer people than they need now. If a department is entered, keep to it.",
    },
    Template {
        name: "plan_next_week",
        title: "Plan next week",
        about: "A plan for a week's open places: who could take which shift, without breaking rest, hours or leave.",
        audience: For::Managers,
        arguments: &[
            optional("week", Kind::Week, "A date in the week to plan (2026-01-31); without it next week."),
            optional("department", Kind::Department, "Only this department: its name, or what completion offers."),
        ],
        needs: &[&["listShifts"]],
        helped_by: &[
            "planWeek",
            "findCoverFor",
            "whoIsOff",
            "listLeaveRequests",
            "listEmployeeProfiles",
            "updateShift",
            "publishShifts",
        ],
        shows: &[Which::Policy],
        task: "Plan the week that was entered, or next week. List the shifts with free places (neededCount less assignees), propose for each \
               who takes it, and give the reason. Nobody on approved leave, nobody twice at once, the policy's rest and weekly hours kept. \
               Where planWeek is among your tools, use its proposal. Name what stays unfilled and why.",
    },
    Template {
        name: "find_cover",
        title: "Find cover for a shift",
        about: "Who could take over a shift, best first, and who cannot and why.",
        audience: For::Managers,
        arguments: &[
            required("shift", Kind::Shift, "The shift: its date and time, its id, or what completion offers."),
            optional("absent", Kind::Person, "Who drops out: a name, or what completion offers."),
        ],
        needs: &[&["findCoverFor", "listShifts"]],
        helped_by: &["getShift", "whoIsOff", "listLeaveRequests", "listEmployeeProfiles", "updateShift", "createAnnouncement"],
        shows: &[Which::Policy],
        task: "Find cover for the shift that was entered: who is free, has enough rest before and after it, and stays within the weekly \
               hours; best first, with reasons. Say who was left out and why. If somebody drops out, propose the change of the assignees.",
    },
    Template {
        name: "explain_my_hours",
        title: "Explain my hours",
        about: "How your hours of a period come about: shifts, check-ins, breaks, overtime, and what they mean for your pay.",
        audience: For::Everyone,
        arguments: &[
            optional("from", Kind::First, "First date of the period (2026-01-01); without it this week."),
            optional("to", Kind::Last, "Last date of the period (2026-01-31); without it today."),
        ],
        needs: &[&["listAttendanceRecords"]],
        helped_by: &["explainPayroll", "listShifts", "listMyLeaveRequests", "listPayrollReports", "getCompanyPolicy"],
        shows: &[MY_WEEK, Which::Policy],
        task: "Explain my hours of the period that was entered, or of this week: day by day what was planned, when I came and went, breaks, \
               minutes late, minutes worked; then the sum, and what of it is overtime by the policy. Point out what is missing, such as a \
               check-out, and whom I can ask to correct it.",
    },
    Template {
        name: "my_day",
        title: "What is on today?",
        about: "Your shifts, open tasks and news of today.",
        audience: For::Everyone,
        arguments: &[],
        needs: &[&["listShifts"]],
        helped_by: &["listMyIndividualTasks", "listAnnouncements", "listAttendanceRecords", "listMyLeaveRequests"],
        shows: &[MY_WEEK],
        task: "Tell me what is on today: my shifts with place and times, whether I am checked in, my open tasks with those due first, and \
               announcements that I should read. Three short paragraphs at most.",
    },
    Template {
        name: "request_leave",
        title: "Request leave",
        about: "Helps to request leave: what it costs, what is left, and what it collides with.",
        audience: For::Everyone,
        arguments: &[
            required("from", Kind::Date, "First date of the leave (2026-01-31)."),
            optional("to", Kind::Date, "Last date of the leave; without it the first."),
            optional("type", Kind::Text, "What kind of leave, as the company calls it."),
        ],
        needs: &[&["createLeaveRequest"]],
        helped_by: &["getLeaveBalance", "listMyLeaveRequests", "listShifts", "listHolidays", "getCompanyPolicy"],
        shows: &[Which::Policy],
        task: "Help me to request leave for the dates that were entered: how many workdays it costs without weekends and holidays, what is left \
               of my balance afterwards, and which of my shifts lie in it. Then show the request as you would make it.",
    },
    Template {
        name: "summarise_leave",
        title: "Leave of a week",
        about: "Who is away in a week, which requests wait for a decision, and where it gets tight.",
        audience: For::Managers,
        arguments: &[
            optional("week", Kind::Week, "A date in the week (2026-01-31); without it this week."),
            optional("department", Kind::Department, "Only this department: its name, or what completion offers."),
        ],
        needs: &[&["whoIsOff", "listLeaveRequests"]],
        helped_by: &["listLeaveRequests", "listShifts", "listHolidays", "updateLeaveRequest"],
        shows: &[],
        task: "Summarise the leave of the week that was entered, or of this week: by day who is away and for how long, half days named as such; \
               then the requests that wait for a decision, each with what speaks for and against it; then the shifts that leave leaves short.",
    },
    Template {
        name: "prepare_payroll",
        title: "Prepare payroll",
        about: "Checks a pay period before payroll: open records, missing check-outs, leave, salaries, reports that are there.",
        audience: For::Admins,
        arguments: &[
            required("periodStart", Kind::First, "First date of the pay period (2026-01-01)."),
            required("periodEnd", Kind::Last, "Last date of the pay period (2026-01-31)."),
            optional("department", Kind::Department, "Only this department: its name, or what completion offers."),
        ],
        needs: &[&["createPayrollReport"], &["listAttendanceRecords"]],
        helped_by: &[
            "listPayrollReports",
            "listEmployeeProfiles",
            "listLeaveRequests",
            "explainPayroll",
            "correctAttendanceRecord",
        ],
        shows: &[Which::Policy],
        task: "Prepare payroll for the period that was entered. First check: records without a check-out, absences without leave, leave still \
               pending, people without a salary, reports that exist already or overlap. List what has to be mended and by whom. Only then \
               propose for whom reports are to be created; create none before I agree, and none for a period that is locked.",
    },
    Template {
        name: "write_announcement",
        title: "Write an announcement",
        about: "Drafts an announcement: short, clear, to the right people at the right time.",
        audience: For::Managers,
        arguments: &[
            required("about", Kind::Text, "What it is about, in a few words."),
            optional("department", Kind::Department, "To whom: a department; without it everybody you may write to."),
            optional("tone", Kind::Choice(&["friendly", "formal", "urgent"]), "friendly, formal or urgent."),
        ],
        needs: &[&["createAnnouncement"]],
        helped_by: &["listUserGroups", "listAnnouncements"],
        shows: &[],
        task: "Write an announcement about what was entered, in its tone (friendly if none is), in at most 120 words of Markdown with a title. \
               Say whom it reaches and when it is sent. Show the draft; create it only once I agree.",
    },
];
