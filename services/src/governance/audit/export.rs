//! What an export of the audit log asks before its first byte leaves: that it is not too long, and that it is noted.

use std::sync::Arc;

use workforceos_core::Args;
use workforceos_core::api::BusinessApi;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::input::{Input, Problems};
use workforceos_core::session::Ctx;

use super::List;
use crate::{App, notes};

/// The most entries of one export.
pub const MOST: u32 = 1_000_000;

/// Refuses an export that cannot be finished, and notes the others. `args` are those of `listAuditLogs`, which took them already.
pub async fn begin(app: &Arc<App>, ctx: &Ctx, api: &BusinessApi<App>, args: &Args, format: &str) -> Result<()> {
    let input = List::read(args, &mut Problems::default()).ok_or_else(|| Error::internal("arguments that were good before"))?;
    if app.store.audit_count(ctx.company(), &input.query(MOST + 1)?).await? > u64::from(MOST) {
        let message = format!("An export has {MOST} entries at most, and these are more: narrow it by from and to");
        return Err(Error::new(Status::TooLarge, "PayloadTooLarge", message));
    }
    notes::exported(app, ctx, api, args, format).await
}
