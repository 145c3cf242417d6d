//! Planning ahead and filling places: drafts, their publication, open shifts that people take themselves, and changes among
//! themselves.

mod away;
mod claims;
mod drafts;
mod hidden;
mod locked;
mod overtaken;
mod swaps;
