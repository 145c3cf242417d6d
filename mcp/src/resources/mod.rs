//! What a client can read without calling a tool: today's board, a person's week, the company's rules.
//!
//! Everything comes through dispatch as the calling user and is masked as a tool's result is. A resource belongs to the service
//! of its first list: where the connection is narrowed to other services, or the key is not good for it, it is not there.

mod read;
mod touch;
mod uri;

use std::sync::Arc;

use rmcp::model::{Annotations, Resource, ResourceTemplate, Role};
use serde_json::Value as Json;
use workforceos_core::{BusinessApi, Ctx, Error, Result};

use crate::narrowing::Narrowing;
use crate::server::McpServer;

pub(crate) use touch::touches;
pub(crate) use uri::{DATE, USER, USER_WEEK, Which};

pub(crate) const JSON_TYPE: &str = "application/json";

/// What a caller sees of a resource's parts, each read by the list of one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    pub shifts: bool,
    pub attendance: bool,
    pub leave: bool,
}

impl<S: Send + Sync + 'static> McpServer<S> {
    /// An API that this connection may use; `ctx` has its scope.
    pub(crate) fn may_use(&self, ctx: &Ctx, narrowing: &Narrowing, name: &str) -> Option<&Arc<BusinessApi<S>>> {
        let api = self.dispatch.registry.by_name(name)?;
        (narrowing.shows(api) && self.dispatch.allowed(ctx, api).is_ok()).then_some(api)
    }

    pub(crate) fn parts(&self, ctx: &Ctx, narrowing: &Narrowing) -> Parts {
        let may = |name| self.may_use(ctx, narrowing, name).is_some();
        Parts { shifts: may("listShifts"), attendance: may("listAttendanceRecords"), leave: may("listLeaveRequests") }
    }

    /// Whether a resource of this kind is there for the caller, whoever it is about.
    fn offers(&self, ctx: &Ctx, narrowing: &Narrowing, which: &Which) -> bool {
        let parts = self.parts(ctx, narrowing);
        match which {
            Which::Board => parts.attendance,
            Which::Week { .. } => parts.shifts,
            Which::Policy => self.may_use(ctx, narrowing, "getCompanyPolicy").is_some(),
        }
    }

    /// The resources that the caller may read; `ctx` has its scope.
    pub(crate) async fn resources(&self, ctx: &Ctx, narrowing: &Narrowing) -> Result<Vec<Resource>> {
        let own_week = Which::Week { user: None, date: None };
        let all = [Which::Board, own_week, Which::Policy];
        let mut found = Vec::new();
        for which in all.into_iter().filter(|which| self.offers(ctx, narrowing, which)) {
            let mut resource = described(which);
            // The others change with the clock; of the rules both are known.
            if which == Which::Policy {
                let policy = self.read(ctx, narrowing, which).await?;
                resource.size = Some(policy.to_string().len() as u64);
                let hints = resource.annotations.get_or_insert_default();
                hints.last_modified = policy["changedAt"].as_str().map(str::to_owned);
            }
            found.push(resource);
        }
        Ok(found)
    }

    pub(crate) fn resource_templates(&self, ctx: &Ctx, narrowing: &Narrowing) -> Vec<ResourceTemplate> {
        if !self.offers(ctx, narrowing, &Which::Week { user: None, date: None }) {
            return Vec::new();
        }
        let week = ResourceTemplate::new(USER_WEEK, "week")
            .with_title("A person's week")
            .with_description(
                "Shifts, attendance and leave of a person within your reach, from Monday to Sunday: of this week, or of the week \
                 in which the date lies (2026-01-31).",
            )
            .with_mime_type(JSON_TYPE)
            .with_annotations(hints(0.6));
        vec![week]
    }

    /// Whether the caller may read this very resource; 404 if not, as for one that is not there.
    pub(crate) async fn readable(&self, ctx: &Ctx, narrowing: &Narrowing, which: Which) -> Result<()> {
        if !self.offers(ctx, narrowing, &which) {
            return Err(Error::not_found("resource"));
        }
        if let Which::Week { user: Some(user), .. } = which
            && user != ctx.user()
        {
            self.person(ctx, user).await?;
        }
        Ok(())
    }

    /// A resource's content; `ctx` has its scope.
    pub(crate) async fn read(&self, ctx: &Ctx, narrowing: &Narrowing, which: Which) -> Result<Json> {
        if !self.offers(ctx, narrowing, &which) {
            return Err(Error::not_found("resource"));
        }
        match which {
            Which::Board => self.board(ctx, self.parts(ctx, narrowing)).await,
            Which::Week { user, date } => self.week(ctx, self.parts(ctx, narrowing), user, date).await,
            Which::Policy => self.policy(ctx).await,
        }
    }
}

fn described(which: Which) -> Resource {
    let (name, title, about, priority) = match which {
        Which::Board => (
            "board",
            "Today's attendance board",
            "Today's shifts and those still running, who has come, who is late or absent, and who is on leave: as far as you may see it.",
            1.0,
        ),
        Which::Week { .. } => {
            ("my-week", "My week", "Your own shifts, attendance and leave of this week, from Monday to Sunday.", 0.8)
        }
        Which::Policy => (
            "policy",
            "Company policy",
            "The company's rules: grace and check-in minutes, hours, workdays, overtime, leave types, rest.",
            0.4,
        ),
    };
    Resource::new(which.uri(), name)
        .with_title(title)
        .with_description(about)
        .with_mime_type(JSON_TYPE)
        .with_annotations(hints(priority))
}

fn hints(priority: f32) -> Annotations {
    Annotations::default().with_audience(vec![Role::User, Role::Assistant]).with_priority(priority)
}
