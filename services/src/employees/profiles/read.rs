//! `getEmployeeProfile`, `listEmployeeProfiles`.

use std::sync::Arc;

use workforceos_core::filter::ListQuery;
use workforceos_core::id::ProfileId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::EmployeeProfile;
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use crate::{Api, App, crud};

input! {
    pub struct GetProfile {
        /// The profile.
        profile: ProfileId => "employeeProfileId" Path,
    }
}

pub fn get() -> Api {
    Api::get("getEmployeeProfile")
        .on::<EmployeeProfile>()
        .at("/v1/employeeprofiles/:employeeProfileId")
        .reach(Reach::Own)
        .about("An employee's profile. Employees see their own without salary and notes.")
        .reader(|app: Arc<App>, ctx: Ctx, input: GetProfile, query: ListQuery| async move {
            let reach = crud::own_rows::<EmployeeProfile>(&ctx);
            crud::one(&app, &ctx, EmployeeProfile::def(), input.profile.0, reach, query).await
        })
}

pub fn list() -> Api {
    crud::list::<EmployeeProfile>("listEmployeeProfiles", crud::own_rows::<EmployeeProfile>)
        .at("/v1/employeeprofiles")
        .reach(Reach::Own)
        .about(
            "Employees' profiles, newest first: the caller's, for managers also their reports', for admins all. Of the own one \
             salary and notes are left out.",
        )
}
