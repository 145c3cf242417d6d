//! `deleteEmployeeProfile`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::ProfileId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::EmployeeProfile;
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use super::rules;
use crate::employees::documents::{self, Gone};
use crate::{Api, App, commit};

input! {
    pub struct DeleteProfile {
        /// The profile.
        profile: ProfileId => "employeeProfileId" Path,
    }
}

pub fn api() -> Api {
    Api::delete("deleteEmployeeProfile")
        .on::<EmployeeProfile>()
        .at("/v1/employeeprofiles/:employeeProfileId")
        .reach(Reach::Admins)
        .about(
            "Deletes a profile with its documents and their files. The user stays, without a manager; another profile may be made \
             for the user.",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: DeleteProfile) -> Result<Answer> {
    let (act, gone) = (ctx.clone(), Gone::default());
    let told = gone.clone();
    let needs = Needs::row::<EmployeeProfile>(input.profile).and(documents::of_profile(ctx.company(), input.profile));
    let decide = move |facts: &Facts| {
        let before = facts.row::<EmployeeProfile>(input.profile)?;
        let after = before.clone().deleted(facts.now);
        let event = Event::of(&act, "profile.deleted", &after, rules::audience(Some(&before), &after)).audited(Some(&before));
        let documents = documents::all_deleted(facts, &act, input.profile, &told)?;
        Ok((Changes::none().put(&after).event(event).join(documents), Answer::object(&act, &after)))
    };
    let answer = commit(&app, &ctx, needs, decide).await?;
    gone.remove(&app);
    Ok(answer)
}
