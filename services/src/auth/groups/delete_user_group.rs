//! `deleteUserGroup`: a department that is no more.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::BusinessApi;
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::object::DataObject;
use workforceos_core::objects::UserGroup;
use workforceos_core::session::Ctx;

use super::{ByGroup, reach};
use crate::{Api, App, commit};

pub fn api() -> Api {
    BusinessApi::delete("deleteUserGroup")
        .on::<UserGroup>()
        .at("/v1/usergroups/:userGroupId")
        .reach(Reach::Admins)
        .about("Deletes a department. Its members are assigned to nothing through it any more; their other departments stay.")
        .handler(delete)
}

async fn delete(app: Arc<App>, ctx: Ctx, input: ByGroup) -> Result<Answer> {
    let (act, id) = (ctx.clone(), input.group);
    let decide = move |facts: &Facts| {
        let before = facts.row::<UserGroup>(id)?;
        let gone = before.clone().deleted(facts.now);
        let event = Event::audit(&act, UserGroup::def().name, id).after(&gone).audited(Some(&before));
        let reach = reach::department_reach(&facts.state.people, id).into_iter().map(|audience| {
            let note = Event::audit(&act, UserGroup::def().name, id);
            Event { audience, audited: false, ..note }
        });
        let changes = Changes::none().put(&gone).event(event);
        Ok((reach.fold(changes, Changes::event), Answer::object(&act, &gone)))
    };
    commit(&app, &ctx, Needs::row::<UserGroup>(id), decide).await
}
