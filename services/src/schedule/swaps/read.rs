//! `getShiftSwap`, `listShiftSwaps`: the two see a request, and so do their managers and admins.

use std::sync::Arc;

use workforceos_core::filter::ListQuery;
use workforceos_core::id::SwapId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::ShiftSwap;
use workforceos_core::query::Cond;
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use crate::{Api, App, crud};

input! {
    pub struct GetSwap {
        /// The request.
        shift_swap_id: SwapId => "shiftSwapId" Path,
    }
}

pub fn get() -> Api {
    Api::get("getShiftSwap")
        .on::<ShiftSwap>()
        .at("/v1/shiftswaps/:shiftSwapId")
        .reach(Reach::Own)
        .about("A request to change shifts, by or to the caller, for managers also by or to their reports.")
        .reader(|app: Arc<App>, ctx: Ctx, input: GetSwap, query: ListQuery| async move {
            crud::one(&app, &ctx, ShiftSwap::def(), input.shift_swap_id.0, rows(&ctx), query).await
        })
}

pub fn list() -> Api {
    crud::list::<ShiftSwap>("listShiftSwaps", rows)
        .at("/v1/shiftswaps")
        .reach(Reach::Own)
        .about("Requests to change shifts, newest first: by and to the caller, for managers also their reports, for admins all.")
}

fn rows(ctx: &Ctx) -> Cond {
    if ctx.is_admin() {
        return Cond::TRUE;
    }
    let reached = ctx.reached_users();
    Cond::Any(vec![Cond::id_in("requesterId", &reached), Cond::id_in("colleagueId", &reached)])
}
