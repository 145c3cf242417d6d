//! Where a document is: an https address, or a file of ours.

use uuid::Uuid;
use workforceos_core::id::FileId;

use crate::bucket::Bucket;

/// The most bytes of an address.
const LONGEST: usize = 2048;

/// A document's address, as far as its text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// Names a file here and nothing else: that file must be the employee's.
    Ours(FileId),
    /// An https address, which may be ours from outside if the employee has such a file.
    Web(Option<FileId>),
}

/// Reads an address; `None` if it is neither.
pub fn read(text: &str) -> Option<Address> {
    let fits = text.len() <= LONGEST && text.chars().all(|c| !c.is_whitespace() && !c.is_control() && c != '\\');
    if !fits {
        return None;
    }
    let after = |scheme: &str| {
        let (head, rest) = text.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    if let Some(rest) = after("https://") {
        let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        return is_host(host).then(|| Address::Web(file(path)));
    }
    let path = match after("http://") {
        // Of a server without TLS only our own files.
        Some(rest) => &rest[rest.find('/')?..],
        None => text,
    };
    file(path).map(Address::Ours)
}

/// A name or an address, with a port perhaps; never with a user's name and password.
fn is_host(host: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "-._:[]".contains(c);
    host.chars().any(char::is_alphanumeric) && host.chars().all(plain) && !host.starts_with(['.', ':', '-'])
}

/// The file that a path of the bucket's downloads names.
fn file(path: &str) -> Option<FileId> {
    let path = &path[..path.find(['?', '#']).unwrap_or(path.len())];
    let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    let [api, bucket, name, download, id] = parts.as_slice() else { return None };
    let ours = Bucket::EmployeeDocuments;
    let fits = api.eq_ignore_ascii_case("employeeprofile-api")
        && bucket.eq_ignore_ascii_case("bucket")
        && name.eq_ignore_ascii_case(ours.name())
        && download.eq_ignore_ascii_case("download");
    let id = fits.then(|| Uuid::try_parse(id).ok()).flatten()?;
    Some(FileId(id))
}

/// The address of a file of ours.
pub fn of(file: FileId) -> String {
    format!("/employeeprofile-api/bucket/{}/download/{file}", Bucket::EmployeeDocuments.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn id() -> FileId {
        FileId(Uuid::try_parse(ID).expect("an id"))
    }

    #[test]
    fn addresses_of_the_web_are_https() {
        for good in
            ["https://a.test/x.pdf", "HTTPS://A.test", "https://a.test:8443/?q=1", "https://[::1]/x", "https://bücher.test/ä"]
        {
            assert_eq!(read(good), Some(Address::Web(None)), "{good}");
        }
        let bad = [
            "",
            "x",
            "http://a.test/x.pdf",
            "ftp://a.test/x",
            "javascript:alert(1)",
            "https://",
            "https:///x",
            "https://?x",
            "//a.test/x",
            "https://u:p@a.test/x",
            "https://a.test/x y",
            "https://a.test/\n",
            "https://a.test\\@b.test",
            "data:text/html,x",
            "***",
        ];
        for text in bad.into_iter().chain([&*format!("https://a.test/{}", "x".repeat(LONGEST))]) {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn files_of_ours_are_known_by_their_path() {
        let path = of(id());
        assert_eq!(read(&path), Some(Address::Ours(id())));
        assert_eq!(read(&format!("http://localhost:3000{path}")), Some(Address::Ours(id())));
        assert_eq!(read(&format!("https://hr.test{path}?access_token=x")), Some(Address::Web(Some(id()))));
        let camel = format!("/employeeProfile-api/bucket/employeedocuments/download/{ID}");
        assert_eq!(read(&camel), Some(Address::Ours(id())));
        for other in [format!("{path}/x"), format!("/auth-api/bucket/userAvatars/download/{ID}"), path.replace(ID, "1")] {
            assert_eq!(read(&other), None, "{other}");
        }
    }
}
