//! Settings of S3-compatible storage: all of them, or none and files stay in the data directory.

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};
use workforceos_core::error::Problem;
use workforceos_services::files::S3;

/// The settings as given.
#[derive(Clone, Args)]
pub struct S3Values {
    /// Address of S3-compatible storage for uploaded files, for example https://minio.example:9000; Amazon's own if unset
    #[arg(long, env = "S3_ENDPOINT", global = true)]
    pub s3_endpoint: Option<String>,
    /// Bucket for uploaded files; if unset, they are kept in DATA_DIR
    #[arg(long, env = "S3_BUCKET", global = true)]
    pub s3_bucket: Option<String>,
    /// Region of the bucket
    #[arg(long, env = "S3_REGION", default_value = "us-east-1", global = true)]
    pub s3_region: String,
    /// Key that may read, write, list and delete in the bucket
    #[arg(long, env = "S3_ACCESS_KEY_ID", hide_env_values = true, global = true)]
    pub s3_access_key_id: Option<String>,
    /// The key's secret
    #[arg(long, env = "S3_SECRET_ACCESS_KEY", hide_env_values = true, global = true)]
    pub s3_secret_access_key: Option<String>,
    /// Whether the bucket stands in the path, not in the host's name [default: true if S3_ENDPOINT is set]
    #[arg(long, env = "S3_PATH_STYLE", action = ArgAction::Set, value_parser = BoolishValueParser::new(), global = true)]
    pub s3_path_style: Option<bool>,
}

/// The keys never reach a log.
impl std::fmt::Debug for S3Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3").field("endpoint", &self.s3_endpoint).field("bucket", &self.s3_bucket).finish_non_exhaustive()
    }
}

impl S3Values {
    pub fn settings(&self) -> Option<S3> {
        Some(S3 {
            endpoint: given(&self.s3_endpoint).map(|e| e.trim_end_matches('/').to_owned()),
            bucket: given(&self.s3_bucket)?.to_owned(),
            region: self.s3_region.clone(),
            access_key_id: given(&self.s3_access_key_id)?.to_owned(),
            secret_access_key: given(&self.s3_secret_access_key)?.to_owned(),
            path_style: self.s3_path_style.unwrap_or(given(&self.s3_endpoint).is_some()),
        })
    }

    /// What cannot be meant: a part without the others would leave files where nobody looks for them.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let needed = [
            ("S3_BUCKET", &self.s3_bucket),
            ("S3_ACCESS_KEY_ID", &self.s3_access_key_id),
            ("S3_SECRET_ACCESS_KEY", &self.s3_secret_access_key),
        ];
        let wanted = needed.iter().any(|(_, value)| given(value).is_some()) || given(&self.s3_endpoint).is_some();
        for (setting, _) in needed.iter().filter(|(_, value)| wanted && given(value).is_none()) {
            problems.push(Problem::new(*setting, "is required for S3-compatible storage"));
        }
        if given(&self.s3_endpoint).is_some_and(|e| !e.starts_with("https://") && !e.starts_with("http://")) {
            problems.push(Problem::new("S3_ENDPOINT", "must begin with https:// or http://"));
        }
        problems
    }
}

/// A setting's text; an empty one counts as unset.
fn given(setting: &Option<String>) -> Option<&str> {
    setting.as_deref().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> S3Values {
        S3Values {
            s3_endpoint: None,
            s3_bucket: None,
            s3_region: "us-east-1".to_owned(),
            s3_access_key_id: None,
            s3_secret_access_key: None,
            s3_path_style: None,
        }
    }

    #[test]
    fn all_are_given_or_none() {
        let named = |values: &S3Values| values.problems().into_iter().map(|p| p.field).collect::<Vec<_>>();
        assert_eq!((named(&values()), values().settings().is_none()), (vec![], true));
        let half = S3Values { s3_endpoint: Some("minio:9000".to_owned()), s3_bucket: Some("files".to_owned()), ..values() };
        assert_eq!(named(&half), ["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "S3_ENDPOINT"]);
        let whole = S3Values {
            s3_endpoint: Some("http://minio:9000/".to_owned()),
            s3_access_key_id: Some("id".to_owned()),
            s3_secret_access_key: Some("hush".to_owned()),
            ..half
        };
        assert_eq!(named(&whole), Vec::<String>::new());
        let settings = whole.settings().expect("settings");
        assert_eq!((settings.endpoint.as_deref(), settings.path_style), (Some("http://minio:9000"), true));
        assert!(!format!("{whole:?}").contains("hush"));
    }
}
