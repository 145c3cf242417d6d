//! Names for answers that speak of people and departments.

use std::collections::HashMap;

use uuid::Uuid;
use workforceos_core::error::Result;
use workforceos_core::object::{DataObject, ObjectDef};
use workforceos_core::objects::{User, UserGroup};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;

use crate::App;

/// Names by id. Who is not there any more has none.
#[derive(Clone, Debug, Default)]
pub struct Names(HashMap<Uuid, String>);

impl Names {
    pub fn of(&self, id: impl Into<Uuid>) -> &str {
        self.0.get(&id.into()).map_or("", String::as_str)
    }
}

/// The full names of users.
pub async fn names<T: Into<Uuid>>(app: &App, ctx: &Ctx, users: impl IntoIterator<Item = T>) -> Result<Names> {
    read(app, ctx, User::def(), "fullname", users.into_iter().map(Into::into).collect()).await
}

/// The names of departments.
pub async fn departments<T: Into<Uuid>>(app: &App, ctx: &Ctx, ids: impl IntoIterator<Item = T>) -> Result<Names> {
    read(app, ctx, UserGroup::def(), "groupName", ids.into_iter().map(Into::into).collect()).await
}

async fn read(app: &App, ctx: &Ctx, def: &'static ObjectDef, name: &str, mut ids: Vec<Uuid>) -> Result<Names> {
    ids.sort();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Names::default());
    }
    let rows = app.store.select(&Query::of(def, ctx.company(), Cond::id_in("id", &ids))).await?;
    Ok(Names(rows.iter().map(|row| (row.id(), row.get(name).as_text().unwrap_or_default().to_owned())).collect()))
}
