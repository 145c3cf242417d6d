//! `searchUsers`: users by the words of their names and addresses.

use std::sync::Arc;

use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::error::{Error, Result};
use workforceos_core::filter::ListQuery;
use workforceos_core::object::DataObject;
use workforceos_core::objects::User;
use workforceos_core::query::Cond;
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input, words};

use crate::{Api, App, crud};

const SHORTEST: usize = 3;

input! {
    /// What is searched for.
    pub struct Keyword {
        /// Beginnings of words of a name or an e-mail address, at least 3 characters.
        keyword: String => "keyword" Query,
    }
}

pub fn api() -> Api {
    BusinessApi::list("searchUsers")
        .on::<User>()
        .at("/v1/searchusers")
        .reach(Reach::Managers)
        .any_tenant()
        .about(
            "Finds users within reach by name and e-mail address: each word of the keyword (3 characters or more in all) begins a word of \
             theirs. Case and accents do not matter: mull finds Müller.",
        )
        .reader(search)
}

async fn search(app: Arc<App>, ctx: Ctx, input: Keyword, query: ListQuery) -> Result<Answer> {
    let keyword = input.keyword.trim();
    if keyword.chars().count() < SHORTEST {
        return Err(Error::field("keyword", format!("must have at least {SHORTEST} characters")));
    }
    // What is nothing but signs finds nobody.
    let found = Cond::Words(words::of(keyword).into_iter().collect());
    crud::page(&app, &ctx, User::def(), crud::own_rows::<User>(&ctx).and(found), query).await
}
