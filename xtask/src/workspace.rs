//! Where the workspace is and what it is made of, as cargo tells it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::{capture, cargo};

pub struct Workspace {
    pub root: PathBuf,
    pub target: PathBuf,
    /// The answer of `cargo metadata --no-deps`.
    pub metadata: Value,
}

impl Workspace {
    pub fn load() -> Result<Self> {
        let mut command = cargo();
        command.args(["metadata", "--format-version", "1", "--no-deps"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        let metadata: Value = serde_json::from_str(&capture(&mut command)?)?;
        let directory = |key: &str| -> Result<PathBuf> {
            let path = metadata[key].as_str();
            Ok(path.with_context(|| format!("cargo metadata has no {key}"))?.into())
        };
        Ok(Self { root: directory("workspace_root")?, target: directory("target_directory")?, metadata })
    }
}
