//! Strict identifiers (UUID v7) and the source of new ones.

use std::sync::atomic::{AtomicU64, Ordering};

use rand::RngCore;
use uuid::Uuid;

use crate::time::Timestamp;

/// Declares newtypes over UUID, so that a user's id is never taken for a shift's.
macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident),+ $(,)?) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                $name(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl $crate::value::Field for $name {
            const KIND: $crate::value::Kind = $crate::value::Kind::Id;

            fn from_value(value: $crate::value::Value) -> Option<Self> {
                match value {
                    $crate::value::Value::Id(id) => Some($name(id)),
                    _ => None,
                }
            }

            fn into_value(self) -> $crate::value::Value {
                $crate::value::Value::Id(self.0)
            }
        }
    )+ };
}

ids! {
    /// A tenant. The SaaS level is the tenant [`CompanyId::ROOT`], which has no company row and reads `null` on the wire.
    CompanyId,
    /// A user of one tenant.
    UserId,
    /// A department (`userGroup`).
    DepartmentId,
    /// A user's membership of a department.
    MemberId,
    /// An employee's profile.
    ProfileId,
    /// A document of an employee.
    DocumentId,
    /// A shift template.
    TemplateId,
    /// A shift.
    ShiftId,
    /// A request to change shifts.
    SwapId,
    /// One person's attendance at one shift.
    AttendanceId,
    /// A task given to several people.
    TaskAssignmentId,
    /// One person's task.
    TaskId,
    /// A leave request.
    LeaveId,
    /// A public holiday.
    HolidayId,
    /// A payroll report.
    PayrollId,
    /// A lock on a pay period.
    PayLockId,
    /// A login session.
    SessionId,
    /// An API key.
    ApiKeyId,
    /// An alert.
    AlertId,
    /// An uploaded file.
    FileId,
    /// An announcement.
    AnnouncementId,
    /// A duty.
    DutyId,
    /// An end-of-day report.
    EodReportId,
    /// A webhook.
    WebhookId,
    /// A delivery to a webhook.
    WebhookDeliveryId,
    /// An insight.
    InsightId,
    /// What is changed of an agent.
    AgentOverrideId,
    /// One answer of an agent.
    AgentExecutionId,
    /// An entry of the tool catalogue.
    ToolCatalogId,
    /// A conversation with an assistant.
    ConversationId,
}

impl CompanyId {
    pub const ROOT: CompanyId = CompanyId(Uuid::nil());

    pub fn is_root(self) -> bool {
        self == CompanyId::ROOT
    }
}

/// Makes UUIDs of version 7: the given time, a counter that keeps ids of one process in order within a millisecond, and
/// 62 random bits. A seed makes the random bits repeatable.
#[derive(Debug, Default)]
pub struct IdSource {
    last: AtomicU64,
    seeded: Option<AtomicU64>,
}

impl IdSource {
    pub fn random() -> IdSource {
        IdSource::default()
    }

    /// For sample data: the same sequence at every run.
    pub fn seeded(seed: u64) -> IdSource {
        IdSource { last: AtomicU64::new(0), seeded: Some(AtomicU64::new(seed)) }
    }

    pub fn next(&self, now: Timestamp) -> Uuid {
        // Upper 52 bits: milliseconds and a 12-bit counter, strictly growing.
        let floor = (now.0.max(0) as u64) << 12;
        let step = |last: u64| Some(if last < floor { floor } else { last + 1 });
        let before = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).unwrap_or(floor);
        let stamp = step(before).unwrap_or(floor);
        let (millis, counter) = (stamp >> 12, stamp & 0xfff);
        let high = (millis << 16) | 0x7000 | counter;
        let low = (self.bits() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        Uuid::from_u64_pair(high, low)
    }

    fn bits(&self) -> u64 {
        match &self.seeded {
            None => rand::rng().next_u64(),
            // SplitMix64: enough to tell sample rows apart, the same at every run.
            Some(state) => {
                let mut z = state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                z ^ (z >> 31)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_within_a_millisecond_and_are_version_7() {
        let source = IdSource::random();
        let ids: Vec<Uuid> = (0..10_000).map(|_| source.next(Timestamp(1_780_000_000_000))).collect();
        assert!(ids.windows(2).all(|w| w[0] < w[1]));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert_eq!(ids[0].get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn a_seed_repeats() {
        let (a, b) = (IdSource::seeded(7), IdSource::seeded(7));
        assert_eq!(a.next(Timestamp(5)), b.next(Timestamp(5)));
    }
}
