//! Planning ahead and filling places: drafts, their publication, and open shifts that people take themselves.

mod claims;
mod drafts;
