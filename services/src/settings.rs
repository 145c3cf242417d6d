//! What the services need to know from outside.

use std::path::PathBuf;

use crate::files::S3;
use workforceos_core::zone::Zone;
use workforceos_store::Database;

/// Settings, as read by the program's edge.
#[derive(Clone)]
pub struct Settings {
    pub production: bool,
    pub data_dir: PathBuf,
    pub database: Database,
    /// Connections that read.
    pub readers: u32,
    pub jwt_secret: Vec<u8>,
    /// Still accepted for verification after a rotation.
    pub jwt_previous: Option<Vec<u8>>,
    /// Key of the audit chain, kept outside the database.
    pub journal_key: [u8; 32],
    pub super_admin_email: String,
    /// `None`: one is made at the first start.
    pub super_admin_password: Option<String>,
    pub default_zone: Zone,
    /// `None`: mails are written to the log in development.
    pub smtp_url: Option<String>,
    /// Who writes the mails, `Name <address>` or an address; `None`: the mail server's account, else the front end's host.
    pub mail_from: Option<String>,
    pub frontend_url: String,
    pub email_verification: bool,
    pub email_two_factor: bool,
    /// Whether the first start makes the company babil.
    pub sample_company: bool,
    /// Where uploaded files are kept; `None`: in the data directory.
    pub s3: Option<S3>,
    /// Calls a minute of one login or API key; 0: as many as one likes.
    pub rate_limit: u32,
    /// Calls a minute of one address that need no login and cost a hash or a mail; 0: as many as one likes.
    pub public_rate_limit: u32,
    /// Whether webhooks may lead to private addresses, and over plain HTTP.
    pub webhook_private_addresses: bool,
}
