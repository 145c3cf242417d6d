//! `getUserAvatarsFile`, `listUserAvatarsFiles`, `deleteUserAvatarsFile`, and the same of `companyAvatarsFile`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::filter::ListQuery;
use workforceos_core::id::FileId;
use workforceos_core::objects::{CompanyAvatarsFile, UserAvatarsFile};
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use super::{AvatarFile, own_or_admin};
use crate::{Api, App, commit, crud};

input! {
    /// A file.
    pub struct ByFile {
        /// The file.
        file: FileId => "id" Path,
    }
}

/// The APIs of user avatars, which exist on the SaaS level too.
pub fn user_files() -> [Api; 3] {
    [
        get::<UserAvatarsFile>("getUserAvatarsFile", "/v1/userAvatarsFiles/:id")
            .any_tenant()
            .about("Returns the description of a picture that one uploaded as a user's avatar (admins: of anybody in the tenant)."),
        crud::list::<UserAvatarsFile>("listUserAvatarsFiles", own_or_admin)
            .at("/v1/userAvatarsFiles")
            .reach(Reach::LoggedIn)
            .any_tenant()
            .about("Lists the pictures that one uploaded as users' avatars (admins: all of the tenant)."),
        delete::<UserAvatarsFile>("deleteUserAvatarsFile", "/v1/userAvatarsFiles/:id").any_tenant().about(
            "Deletes a picture that one uploaded as a user's avatar (admins: any of the tenant). Its address answers 404 from then on; \
             a user who shows it keeps that address until it is changed.",
        ),
    ]
}

/// The APIs of the avatars of companies and departments.
pub fn company_files() -> [Api; 3] {
    [
        get::<CompanyAvatarsFile>("getCompanyAvatarsFile", "/v1/companyAvatarsFiles/:id").about(
            "Returns the description of a picture that one uploaded as the avatar of the company or a department (admins: any of the \
             company).",
        ),
        crud::list::<CompanyAvatarsFile>("listCompanyAvatarsFiles", own_or_admin)
            .at("/v1/companyAvatarsFiles")
            .reach(Reach::LoggedIn)
            .about("Lists the pictures that one uploaded as avatars of the company or a department (admins: all of the company)."),
        delete::<CompanyAvatarsFile>("deleteCompanyAvatarsFile", "/v1/companyAvatarsFiles/:id").about(
            "Deletes a picture that one uploaded as the avatar of the company or a department (admins: any of the company). Its address \
             answers 404 from then on.",
        ),
    ]
}

fn get<T: AvatarFile>(name: &'static str, path: &'static str) -> Api {
    let reader = |app: Arc<App>, ctx: Ctx, input: ByFile, query: ListQuery| async move {
        crud::one(&app, &ctx, T::def(), input.file.0, own_or_admin(&ctx), query).await
    };
    BusinessApi::get(name).on::<T>().at(path).reach(Reach::LoggedIn).reader(reader)
}

fn delete<T: AvatarFile>(name: &'static str, path: &'static str) -> Api {
    BusinessApi::delete(name).on::<T>().at(path).reach(Reach::LoggedIn).handler(remove::<T>)
}

/// The row goes first: bytes without a row are tidied up, a row without bytes would be a broken picture.
async fn remove<T: AvatarFile>(app: Arc<App>, ctx: Ctx, input: ByFile) -> Result<Answer> {
    let (act, id) = (ctx.clone(), input.file);
    let decide = move |facts: &Facts| {
        let before = facts.row::<T>(id)?;
        if !act.is_admin() && before.meta().owner != Some(act.user().0) {
            return Err(Error::not_found(T::def().name));
        }
        let gone = before.clone().deleted(facts.now);
        let event = Event::audit(&act, T::def().name, id).after(&gone).audited(Some(&before));
        Ok((Changes::none().put(&gone).event(event), Answer::object(&act, &gone)))
    };
    let answer = commit(&app, &ctx, Needs::row::<T>(id), decide).await?;
    app.files.remove_all(&[T::BUCKET.key(ctx.company(), id.0)]).await;
    Ok(answer)
}
