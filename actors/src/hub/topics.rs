//! The topics by which a stream is narrowed: a bit set over the event types' first parts.

/// The topics that a stream may ask for, in the order of their bits.
pub const NAMES: [&str; 10] =
    ["attendance", "schedule", "tasks", "leave", "announcements", "alerts", "insights", "people", "payroll", "eod"];

/// Which topics a stream wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topics(u16);

impl Topics {
    /// Every event, those of types without a topic too.
    pub const ALL: Topics = Topics(u16::MAX);

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

    /// Whether any topic is in both.
    pub fn meets(self, other: Topics) -> bool {
        self.0 & other.0 != 0
    }

    fn named(name: &str) -> Option<Topics> {
        NAMES.iter().position(|n| *n == name).map(|bit| Topics(1 << bit))
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
    fn lists_are_read_and_unknown_names_named() {
        let two = Topics::parse("leave, tasks").expect("parses");
        assert!(two.meets(Topics::of("task.assigned")) && two.meets(Topics::of("leave.requested")));
        assert!(!two.meets(Topics::of("shift.created")) && !two.meets(Topics::of("novelty.born")));
        assert_eq!(Topics::parse(""), Ok(Topics::ALL));
        assert!(Topics::ALL.meets(Topics::of("novelty.born")));
        assert_eq!(Topics::parse("leave,shifts"), Err("shifts".to_owned()));
    }
}
