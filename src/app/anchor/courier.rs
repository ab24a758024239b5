//! The way to those outside, which the composition root provides.

use std::{fmt, pin::Pin};

/// What came back: a number that says how it went, as in RFC 9110 § 15, and the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// How it went.
    pub status: u16,
    /// The rest.
    pub body: Vec<u8>,
}

/// A delivery under way; an error says in a few words why nobody was reached.
pub type Delivery<'d> = Pin<Box<dyn Future<Output = Result<Reply, String>> + Send + 'd>>;

/// Carries something to an address and brings back the reply, within some seconds.
pub trait Courier: Send + Sync + fmt::Debug {
    /// Delivers `body`, which is of this media type.
    fn deliver<'d>(&'d self, url: &'d str, media: &'static str, body: Vec<u8>) -> Delivery<'d>;

    /// Brings back what lies at an address.
    fn collect<'d>(&'d self, url: &'d str) -> Delivery<'d>;
}
