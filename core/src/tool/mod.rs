//! Business APIs as tools of language models: schemas that strict clients accept, arguments that may be loosely typed,
//! results that are masked and cut to what a model can hold, failures that say what to do next.

mod args;
mod front_end;
mod hint;
mod names;
mod reference;
mod result;
mod schema;
mod trim;

pub use args::{args, input, query_params};
pub use front_end::{Action, FRONT_END, FrontEnd, FrontEndTool};
pub use hint::{hint, plain_hint};
pub use names::{first_sentences, folded, near, title};
pub use reference::LIFETIME;
pub use result::{Reader, ToolResult, error_json, result};
pub use schema::{bare, input_schema, of_fields, output_schema, schema};
pub use trim::{fits, tokens};

/// The most rows that a tool answers at once.
pub const MAX_ROWS: u64 = 25;
/// The most characters of a result.
pub const MAX_CHARS: usize = 100_000;
/// The most tokens of a result, as [`fits`] estimates them.
pub const MAX_TOKENS: usize = 25_000;
/// The name of the reference that stands in a masked record, with which a front end can be asked to show what was masked.
pub const PROXY_CODE: &str = "__proxyCode";
