//! Which providers are configured, and which of them answers.

use std::fmt;
use std::sync::Arc;

use super::{Patience, Provider, anthropic, openai};

/// Where a provider is if nothing else is said, and which of its models answers.
pub const OPENAI: (&str, &str) = ("https://api.openai.com/v1", "gpt-4o");
/// Of the current Claude models one that does not think before it answers unless it is told to: with the others, thoughts would use
/// up what an answer may have of tokens.
pub const ANTHROPIC: (&str, &str) = ("https://api.anthropic.com", "claude-sonnet-4-6");

/// Where a provider is reached, and as whom.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub key: String,
    /// A trailing slash does not matter.
    pub base_url: String,
    /// The model, unless an agent says otherwise.
    pub model: String,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("base_url", &self.base_url).field("model", &self.model).finish_non_exhaustive()
    }
}

/// The providers that are configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub openai: Option<Endpoint>,
    pub anthropic: Option<Endpoint>,
}

/// A provider and the model to ask it for.
#[derive(Clone)]
pub struct Chosen {
    pub provider: Arc<dyn Provider>,
    pub model: String,
}

/// The providers that can be asked, the preferred one first.
#[derive(Clone, Default)]
pub struct Providers(Vec<Chosen>);

impl Providers {
    /// The providers that are configured. OpenAI's is preferred where both are. Nobody is asked yet.
    pub fn new(settings: &Settings) -> Providers {
        Providers::with(settings, Patience::default())
    }

    /// As [`Providers::new`], with pauses and limits of one's own.
    pub fn with(settings: &Settings, patience: Patience) -> Providers {
        let chosen = |provider: Arc<dyn Provider>, endpoint: &Endpoint| Chosen { provider, model: endpoint.model.clone() };
        let openai = settings.openai.as_ref().map(|at| chosen(Arc::new(openai::provider(at, patience.clone())), at));
        let anthropic = settings.anthropic.as_ref().map(|at| chosen(Arc::new(anthropic::provider(at, patience.clone())), at));
        Providers(openai.into_iter().chain(anthropic).collect())
    }

    pub fn of(chosen: Vec<Chosen>) -> Providers {
        Providers(chosen)
    }

    /// What they are called, the preferred one first.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|chosen| chosen.provider.name()).collect()
    }

    /// The provider of a name, or the preferred one; with `model` instead of its own, if one is named.
    pub fn choose(&self, provider: Option<&str>, model: Option<&str>) -> Option<Chosen> {
        let found = self.0.iter().find(|chosen| provider.is_none_or(|name| chosen.provider.name() == name))?;
        Some(Chosen { provider: found.provider.clone(), model: model.unwrap_or(&found.model).to_owned() })
    }
}
