//! Files that people uploaded. Their bytes are kept outside the database, under the row's id.

use crate::data_object;
use crate::id::CompanyId;

data_object! {
    /// A picture uploaded for a user.
    pub struct UserAvatarsFile {
        object: "userAvatarsFile", plural: "userAvatarsFiles", table: "user_avatars_file", service: "auth",
        owned_by: Some("_owner"), order: "-createdAt,id",
        joins: [],
        /// Its name, with the ending that fits its type.
        file_name: String => "fileName".filter(),
        /// image/png, image/jpeg, image/webp or image/gif.
        mime_type: String => "mimeType".filter(),
        /// How many bytes it has as it is kept.
        file_size: i64 => "fileSize",
        /// Twelve random characters by which anybody may download it.
        access_key: String => "accessKey",
        /// The company; null on the SaaS level.
        company_id: CompanyId => "companyId",
    }
}

data_object! {
    /// A picture uploaded for a company or a department.
    pub struct CompanyAvatarsFile {
        object: "companyAvatarsFile", plural: "companyAvatarsFiles", table: "company_avatars_file", service: "auth",
        owned_by: Some("_owner"), order: "-createdAt,id",
        joins: [],
        /// Its name, with the ending that fits its type.
        file_name: String => "fileName".filter(),
        /// image/png, image/jpeg, image/webp or image/gif.
        mime_type: String => "mimeType".filter(),
        /// How many bytes it has as it is kept.
        file_size: i64 => "fileSize",
        /// Twelve random characters by which anybody may download it.
        access_key: String => "accessKey",
        /// The company; null on the SaaS level.
        company_id: CompanyId => "companyId",
    }
}
