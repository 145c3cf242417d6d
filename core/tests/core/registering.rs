//! What the registry refuses, and how it finds a route.

use std::sync::Arc;

use serde_json::json;
use workforceos_core::api::Method;
use workforceos_core::id::ShiftId;
use workforceos_core::registry::{Registry, Service};
use workforceos_core::{Answer, BusinessApi, Reach, input};

use crate::support::{Nothing, dispatch};

input! {
    pub struct OfShift {
        /// The shift.
        shift_id: ShiftId => "shiftId" Path,
    }
}

fn plain(name: &'static str, path: &'static str) -> BusinessApi<Nothing> {
    BusinessApi::get(name)
        .named("thing")
        .at(path)
        .reach(Reach::Member)
        .about("A thing.")
        .handler(|_: Arc<Nothing>, _, _: ()| async move { Ok(Answer::json(json!(1))) })
}

fn of_shift(name: &'static str, path: &'static str) -> BusinessApi<Nothing> {
    BusinessApi::get(name)
        .named("thing")
        .at(path)
        .reach(Reach::Member)
        .about("A thing.")
        .handler(|_: Arc<Nothing>, _, _: OfShift| async move { Ok(Answer::json(json!(1))) })
}

fn refused(apis: Vec<BusinessApi<Nothing>>) -> String {
    match Registry::new(vec![Service { name: "things", prefix: "/things-api", apis }]) {
        Ok(_) => panic!("accepted"),
        Err(bad) => bad.to_string(),
    }
}

#[test]
fn bad_declarations_are_refused() {
    assert!(refused(vec![plain("a", "/v1/x"), plain("a", "/v1/y")]).contains("name"));
    assert!(refused(vec![plain("a", "/v1/x"), plain("b", "/V1/X")]).contains("route"));
    assert!(refused(vec![of_shift("a", "/v1/x/:shiftId"), of_shift("b", "/v1/x/:shiftId")]).contains("route"));
    assert!(refused(vec![plain("a", "/v1/x/:shiftId")]).contains("shiftId"));
    assert!(refused(vec![of_shift("a", "/v1/x")]).contains("shiftId"));
    assert!(refused(vec![plain("a", "/v1/x").about(" ")]).contains("nothing"));
    let unreached = BusinessApi::<Nothing>::get("a").named("thing").at("/v1/x").about("A thing.");
    assert!(refused(vec![unreached]).contains("reach"));
    assert!(refused(vec![plain("no spaces", "/v1/x")]).contains("name"));
}

#[test]
fn routes_match_whatever_their_case_and_fixed_segments_win() {
    let dispatch = dispatch(vec![of_shift("one", "/v1/Things/:shiftId"), plain("mine", "/v1/things/mine")]);
    let name = |path: &str| dispatch.registry.route(Method::Get, path).ok().map(|r| (r.api.name, r.path));
    assert_eq!(name("/THINGS-API/V1/THINGS/Mine"), Some(("mine", Vec::new())));
    assert_eq!(name("/things-api/v1/things/a%20b"), Some(("one", vec![("shiftId", "a b".to_owned())])));
    assert_eq!(name("/things-api/v1/things"), None);
    assert_eq!(name("/other-api/v1/things/mine"), None);
    assert!(dispatch.registry.route(Method::Post, "/things-api/v1/things/mine").is_err());
}
