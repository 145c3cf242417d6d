//! `searchUsers`: users by a part of their name or address.

use std::sync::Arc;

use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::error::{Error, Result};
use workforceos_core::filter::ListQuery;
use workforceos_core::object::DataObject;
use workforceos_core::objects::User;
use workforceos_core::query::Cond;
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use crate::{Api, App, crud};

const SHORTEST: usize = 3;

input! {
    /// What is searched for.
    pub struct Keyword {
        /// Part of a name or an e-mail address, at least 3 characters.
        keyword: String => "keyword" Query,
    }
}

pub fn api() -> Api {
    BusinessApi::list("searchUsers")
        .on::<User>()
        .at("/v1/searchusers")
        .reach(Reach::Managers)
        .any_tenant()
        .about("Finds users within reach whose full name or e-mail address contains every word of the keyword (3 characters or more).")
        .reader(search)
}

async fn search(app: Arc<App>, ctx: Ctx, input: Keyword, query: ListQuery) -> Result<Answer> {
    let keyword = input.keyword.trim();
    if keyword.chars().count() < SHORTEST {
        return Err(Error::field("keyword", format!("must have at least {SHORTEST} characters")));
    }
    let word =
        |word: &str| Cond::Any(vec![Cond::Contains("fullname", word.to_owned()), Cond::Contains("email", word.to_owned())]);
    let found = Cond::All(keyword.split_whitespace().map(word).collect());
    crud::page(&app, &ctx, User::def(), crud::own_rows::<User>(&ctx).and(found), query).await
}
