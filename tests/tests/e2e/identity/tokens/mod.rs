//! Forged, altered, ended and misplaced tokens.

mod claims;
mod forged;
mod keys;
mod places;
mod rotation;
mod shape;

/// A test for each way to make a token that is nobody's.
macro_rules! nobodys {
    ($($name:ident => $forge:expr),+ $(,)?) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let mint = $crate::identity::mint::Mint::make().await;
            let forge: fn(&$crate::identity::mint::Mint) -> String = $forge;
            mint.refuses(&forge(&mint)).await;
        }
    )+ };
}
use nobodys;
