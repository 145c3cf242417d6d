//! References to masked records: good for one user, one company and a few minutes, and kept nowhere, so that any node can read
//! what another one made. A reference grants nothing: who uses it reads the record anew.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::dispatch::Outside;
use crate::session::Ctx;
use crate::time::Timestamp;

/// How long a reference is good, in milliseconds.
pub const LIFETIME: i64 = 10 * 60 * 1000;

const PURPOSE: &str = "proxy code";
const VERSION: u8 = 1;
/// Version, end in seconds, id.
const HEAD: usize = 1 + 4 + 16;
const MAC: usize = 16;
/// No object's name is that long.
const MAX_NAME: usize = 64;

/// A reference to a record for the caller; `None` where there is no key to seal it with.
pub(super) fn make(outside: &dyn Outside, ctx: &Ctx, object: &str, id: Uuid) -> Option<String> {
    let end = u32::try_from((ctx.now().0 + LIFETIME) / 1000).ok()?;
    let mut bytes = vec![VERSION];
    bytes.extend(end.to_be_bytes());
    bytes.extend(id.as_bytes());
    bytes.extend(object.as_bytes());
    let mac = outside.seal(PURPOSE, &sealed(ctx, &bytes))?;
    bytes.extend(mac);
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// The object's name and the record's id of a reference that was made for this caller and is still good.
pub(super) fn read(outside: &dyn Outside, ctx: &Ctx, code: &str) -> Option<(String, Uuid)> {
    let bytes =
        URL_SAFE_NO_PAD.decode(code.trim()).ok().filter(|b| (HEAD + MAC + 1..=HEAD + MAC + MAX_NAME).contains(&b.len()))?;
    let (content, mac) = bytes.split_at(bytes.len() - MAC);
    let wanted = outside.seal(PURPOSE, &sealed(ctx, content))?;
    // As long for every wrong one.
    let differs = wanted.iter().zip(mac).fold(0, |differs, (a, b)| differs | (a ^ b));
    if differs != 0 || content[0] != VERSION {
        return None;
    }
    let end = u32::from_be_bytes(content[1..5].try_into().ok()?);
    if ctx.now() >= Timestamp(i64::from(end) * 1000) {
        return None;
    }
    let id = Uuid::from_slice(&content[5..HEAD]).ok()?;
    Some((String::from_utf8(content[HEAD..].to_vec()).ok()?, id))
}

/// What is sealed: the content, and for whom it is.
fn sealed(ctx: &Ctx, content: &[u8]) -> Vec<u8> {
    [ctx.user().0.as_bytes().as_slice(), ctx.company().0.as_bytes().as_slice(), content].concat()
}
