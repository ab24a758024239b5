//! Who sends the operations of a request.

use super::accept::Media;
use crate::{
    domain::{Client, Subject, Timestamp},
    http::caller::Purpose,
};

/// Who sends the operations of a request.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// Who.
    pub(super) subject: Subject,
    /// From where.
    pub(super) client: Client,
    /// For what, unless an operation of it says otherwise.
    pub(super) purpose: Purpose,
    /// How to answer.
    pub(super) media: Media,
    /// Whether the method allows changes.
    pub(super) may_mutate: bool,
    /// When the request's head had been read.
    pub(super) began: Timestamp,
}
