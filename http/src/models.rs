//! Settings of the providers of language models: each is used once it has a key.

use clap::Args;
use workforceos_agents::provider::{ANTHROPIC, Endpoint, OPENAI, Settings, is_unencrypted, url_problem};
use workforceos_core::error::Problem;

/// The settings as given.
#[derive(Clone, Args)]
pub struct ModelValues {
    /// Key of OpenAI, or of a server that speaks its API; any word for one that wants none [default: none, and OpenAI is not used]
    #[arg(long, env = "OPENAI_API_KEY", hide_env_values = true, global = true)]
    pub openai_api_key: Option<String>,
    /// Where that API is, /v1 included, for example http://localhost:11434/v1 for Ollama [default: https://api.openai.com/v1]
    #[arg(long, env = "OPENAI_BASE_URL", global = true)]
    pub openai_base_url: Option<String>,
    /// Model that answers, unless an agent names another [default: gpt-4o]
    #[arg(long, env = "OPENAI_MODEL", global = true)]
    pub openai_model: Option<String>,
    /// Key of Anthropic; with both keys, OpenAI's answers unless an agent says otherwise [default: none, and Anthropic is not used]
    #[arg(long, env = "ANTHROPIC_API_KEY", hide_env_values = true, global = true)]
    pub anthropic_api_key: Option<String>,
    /// Where its API is, without /v1 [default: https://api.anthropic.com]
    #[arg(long, env = "ANTHROPIC_BASE_URL", global = true)]
    pub anthropic_base_url: Option<String>,
    /// Model of Anthropic that answers, unless an agent names another [default: claude-sonnet-4-6]
    #[arg(long, env = "ANTHROPIC_MODEL", global = true)]
    pub anthropic_model: Option<String>,
}

/// The keys never reach a log.
impl std::fmt::Debug for ModelValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Models")
            .field("openai", &self.openai_base_url)
            .field("anthropic", &self.anthropic_base_url)
            .finish_non_exhaustive()
    }
}

impl ModelValues {
    pub fn settings(&self) -> Settings {
        let openai = endpoint(&self.openai_api_key, &self.openai_base_url, &self.openai_model, OPENAI);
        let anthropic = endpoint(&self.anthropic_api_key, &self.anthropic_base_url, &self.anthropic_model, ANTHROPIC);
        Settings { openai, anthropic }
    }

    /// What cannot be meant. A key is never quoted.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, key, url, model) in [
            ("OPENAI", &self.openai_api_key, &self.openai_base_url, &self.openai_model),
            ("ANTHROPIC", &self.anthropic_api_key, &self.anthropic_base_url, &self.anthropic_model),
        ] {
            let mut refuse = |setting: &str, problem: &str| problems.push(Problem::new(format!("{name}_{setting}"), problem));
            match given(key) {
                Some(key) if !key.bytes().all(|b| b.is_ascii_graphic()) => {
                    refuse("API_KEY", "must be one word of ASCII letters, digits and signs: no spaces, no line ends");
                }
                None if given(url).is_some() => {
                    refuse("API_KEY", "is required with a base URL; any word for a server that wants no key");
                }
                _ => {}
            }
            if let Some(problem) = given(url).and_then(url_problem) {
                refuse("BASE_URL", problem);
            }
            if given(model).is_some_and(|model| model.chars().any(|c| c.is_control() || c.is_whitespace())) {
                refuse("MODEL", "must be a model's name: no spaces, no line ends");
            }
        }
        problems
    }

    /// Providers to which the key and everything that is asked go unencrypted, through a network.
    pub fn unencrypted(&self) -> Vec<&str> {
        [&self.openai_base_url, &self.anthropic_base_url]
            .into_iter()
            .filter_map(given)
            .filter(|url| is_unencrypted(url))
            .collect()
    }
}

fn endpoint(key: &Option<String>, url: &Option<String>, model: &Option<String>, usual: (&str, &str)) -> Option<Endpoint> {
    Some(Endpoint {
        key: given(key)?.to_owned(),
        base_url: given(url).unwrap_or(usual.0).trim_end_matches('/').to_owned(),
        model: given(model).unwrap_or(usual.1).to_owned(),
    })
}

/// A setting's text; an empty one counts as unset.
fn given(setting: &Option<String>) -> Option<&str> {
    setting.as_deref().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> ModelValues {
        let of = |name: &str| pairs.iter().find(|(setting, _)| *setting == name).map(|(_, value)| (*value).to_owned());
        ModelValues {
            openai_api_key: of("OPENAI_API_KEY"),
            openai_base_url: of("OPENAI_BASE_URL"),
            openai_model: of("OPENAI_MODEL"),
            anthropic_api_key: of("ANTHROPIC_API_KEY"),
            anthropic_base_url: of("ANTHROPIC_BASE_URL"),
            anthropic_model: of("ANTHROPIC_MODEL"),
        }
    }

    #[test]
    fn a_provider_is_used_once_it_has_a_key() {
        assert_eq!(values(&[]).settings(), Settings::default());
        assert_eq!(values(&[("OPENAI_API_KEY", ""), ("ANTHROPIC_API_KEY", "")]).settings(), Settings::default());
        let both = values(&[
            ("OPENAI_API_KEY", "sk-1"),
            ("ANTHROPIC_API_KEY", "sk-2"),
            ("OPENAI_BASE_URL", "http://localhost:11434/v1/"),
        ]);
        let settings = both.settings();
        assert!(both.problems().is_empty(), "{:?}", both.problems());
        let openai = settings.openai.expect("a provider");
        assert_eq!((openai.base_url.as_str(), openai.model.as_str()), ("http://localhost:11434/v1", "gpt-4o"));
        let anthropic = settings.anthropic.expect("a provider");
        assert_eq!((anthropic.base_url.as_str(), anthropic.model.as_str()), (ANTHROPIC.0, ANTHROPIC.1));
        assert!(!format!("{both:?} {openai:?}").contains("sk-"), "no key is shown");
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        let wrong = values(&[
            ("OPENAI_API_KEY", "sk-secret\r"),
            ("OPENAI_BASE_URL", "ftp://llm.test"),
            ("OPENAI_MODEL", "gpt 4o"),
            ("ANTHROPIC_BASE_URL", "llm.test"),
        ]);
        let problems = format!("{:?}", wrong.problems());
        for setting in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"] {
            assert!(problems.contains(setting), "{setting} is missing from {problems}");
        }
        assert!(!problems.contains("secret"), "{problems}");
        for url in ["https://me:pass@llm.test/v1", "https://llm.test/v1?a=b", "https://llm.test/v1#here"] {
            let wrong = values(&[("OPENAI_API_KEY", "sk-1"), ("OPENAI_BASE_URL", url)]);
            assert_eq!(wrong.problems().len(), 1, "{url}");
        }
    }

    #[test]
    fn what_goes_unencrypted_is_known() {
        let of = |url: &str| values(&[("OPENAI_BASE_URL", url)]).unencrypted().len();
        assert_eq!((of("http://10.0.0.7:8000/v1"), of("http://localhost:11434/v1"), of("https://llm.test/v1")), (1, 0, 0));
    }
}
