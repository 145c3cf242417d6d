//! The topics by which a stream is narrowed: a bit set over the event types' first parts.

/// The topics that a stream may ask for, in the order of their bits.
pub const NAMES: [&str; 10] =
    ["attendance", "schedule", "tasks", "leave", "announcements", "alerts", "insights", "people", "payroll", "eod"];

use workforceos_core::change::Entry;
use workforceos_core::objects::AlertType;

use super::frame::About;

/// Which topics a stream wants. The upper half of the bits are alerts, each at the place of the topic that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topics(u32);

/// How far a topic's bit is from that of the alerts about it.
const ALERTS: u32 = 16;
const ALL_ALERTS: u32 = u32::MAX << ALERTS;

impl Topics {
    /// Every event, those of types without a topic too.
    pub const ALL: Topics = Topics(u32::MAX);

    /// Types that belong to no topic: only streams that asked for nothing in particular get them.
    const OTHER: Topics = Topics(1 << 15);

    /// Reads a comma list; an empty one means all. The error is the first name that is no topic.
    pub fn parse(list: &str) -> Result<Topics, String> {
        let mut wanted = Topics(0);
        for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            wanted.0 |= Topics::named(name).ok_or_else(|| name.to_owned())?.0;
        }
        Ok(if wanted.0 == 0 { Topics::ALL } else { wanted })
    }

    /// The topic of an event's type.
    pub fn of(kind: &str) -> Topics {
        let name = match kind.split('.').next().unwrap_or_default() {
            "shift" => "schedule",
            "task" => "tasks",
            "announcement" => "announcements",
            "alert" => "alerts",
            "insight" => "insights",
            "holiday" => "leave",
            "profile" | "user" | "department" => "people",
            same @ ("attendance" | "leave" | "payroll" | "eod") => same,
            _ => return Topics::OTHER,
        };
        Topics::named(name).unwrap_or(Topics::OTHER)
    }

    /// The topic of an entry: of an alert, that it is one about something. None for the audit log alone.
    pub(super) fn of_entry(entry: &Entry) -> Option<Topics> {
        let topic = Topics::of(entry.kind.as_deref()?);
        Some(if topic.0 & ALL_ALERTS == 0 { topic } else { Topics::of_alert(&About::of(entry)) })
    }

    fn of_alert(alert: &About) -> Topics {
        let about = match alert.alert_type.as_deref().and_then(AlertType::parse) {
            Some(AlertType::MissingCheckout) => "attendance",
            Some(AlertType::ShiftConflict | AlertType::WorkloadOverload) => "schedule",
            Some(AlertType::OverdueTask) => "tasks",
            Some(AlertType::LeaveDecision) => "leave",
            Some(AlertType::ApprovalDelay) => match alert.related_entity_type.as_deref() {
                Some("shiftSwap") => "schedule",
                Some("eodReport") => "eod",
                _ => "leave",
            },
            Some(AlertType::DocumentExpiring) => "people",
            Some(AlertType::EodSubmitted | AlertType::EodReviewed) => "eod",
            Some(AlertType::InsightDelivered) => "insights",
            Some(AlertType::WebhookDisabled) | None => return Topics(Topics::OTHER.0 << ALERTS),
        };
        Topics(Topics::named(about).map_or(0, |topic| topic.0) << ALERTS)
    }

    /// The same topics, but of alerts only those about these others.
    pub fn with_alerts_about(self, others: Topics) -> Topics {
        Topics(self.0 & (!ALL_ALERTS | others.0 << ALERTS))
    }

    /// These topics without another, and without alerts about it.
    pub fn without(self, other: Topics) -> Topics {
        let plain = other.0 & !ALL_ALERTS;
        Topics(self.0 & !(plain | plain << ALERTS))
    }

    /// Whether any topic is in both.
    pub fn meets(self, other: Topics) -> bool {
        self.0 & other.0 != 0
    }

    fn named(name: &str) -> Option<Topics> {
        let bit = NAMES.iter().position(|n| *n == name)?;
        Some(Topics(1 << bit | if name == "alerts" { ALL_ALERTS } else { 0 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_topic() {
        let kinds = [
            ("attendance.checkedIn", "attendance"),
            ("shift.created", "schedule"),
            ("task.reopened", "tasks"),
            ("leave.approved", "leave"),
            ("holiday.created", "leave"),
            ("announcement.sent", "announcements"),
            ("alert.raised", "alerts"),
            ("insight.delivered", "insights"),
            ("profile.updated", "people"),
            ("user.updated", "people"),
            ("department.created", "people"),
            ("payroll.generated", "payroll"),
            ("eod.finished", "eod"),
        ];
        for (kind, topic) in kinds {
            assert_eq!(Ok(Topics::of(kind)), Topics::parse(topic), "{kind}");
        }
    }

    #[test]
    fn alerts_are_of_what_they_are_about() {
        let (all, leave) = (Topics::parse("alerts").expect("parses"), Topics::parse("leave").expect("parses"));
        let of = |kind: &str, entity: &str| {
            let text = |text: &str| Some(text.to_owned());
            Topics::of_alert(&About { alert_type: text(kind), related_entity_type: text(entity), ..About::default() })
        };
        let decided = of("leave_decision", "leaveRequest");
        let (late, other) = (of("missing_checkout", "attendanceRecord"), of("novelty", ""));
        assert_eq!(of("approval_delay", "leaveRequest"), decided);
        assert_eq!(of("approval_delay", "shiftSwap"), of("workload_overload", "user"));
        assert_eq!(of("approval_delay", "eodReport"), of("eod_submitted", "eodReport"));
        assert!(
            [decided, late, other].iter().all(|alert| all.meets(*alert) && Topics::ALL.meets(*alert) && !leave.meets(*alert))
        );
        let about_leave = all.with_alerts_about(leave);
        assert!(about_leave.meets(decided) && !about_leave.meets(late) && !about_leave.meets(other));
        assert!(!about_leave.meets(Topics::of("leave.approved")), "alerts about leave are not leave");
        assert!(!leave.with_alerts_about(leave).meets(decided), "no alerts were asked for");
    }

    #[test]
    fn a_topic_is_left_out_with_the_alerts_about_it() {
        let of = |kind: &str| Topics::of_alert(&About { alert_type: Some(kind.to_owned()), ..About::default() });
        let (leave, delivered) = (Topics::parse("leave").expect("parses"), of("insight_delivered"));
        let rest = Topics::ALL.without(Topics::of("insight.delivered"));
        assert!(!rest.meets(Topics::of("insight.created")) && !rest.meets(delivered));
        assert!(rest.meets(leave) && rest.meets(of("leave_decision")) && rest.meets(Topics::of("novelty.born")));
        assert!(
            Topics::parse("insights,alerts").expect("parses").without(Topics::of("insight.x")).meets(Topics::of("alert.raised"))
        );
    }

    #[test]
    fn lists_are_read_and_unknown_names_named() {
        let two = Topics::parse("leave, tasks").expect("parses");
        assert!(two.meets(Topics::of("task.assigned")) && two.meets(Topics::of("leave.requested")));
        assert!(!two.meets(Topics::of("shift.created")) && !two.meets(Topics::of("novelty.born")));
        assert_eq!(Topics::parse(""), Ok(Topics::ALL));
        assert!(Topics::ALL.meets(Topics::of("novelty.born")));
        assert_eq!(Topics::parse("leave,shifts"), Err("shifts".to_owned()));
    }
}
