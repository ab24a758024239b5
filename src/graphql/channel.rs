//! Channels through which leads come in.

use async_graphql::Enum;

use crate::domain::Channel;

/// The way on which a contact came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "Channel", remote = "Channel")]
pub enum ChannelName {
    /// Another list of the company's.
    Crm,
    /// A form of the company's website.
    WebForm,
    /// A business card, Rolodex or address book.
    BusinessCard,
    /// LinkedIn.
    #[graphql(name = "LINKEDIN")]
    LinkedIn,
    /// X, once Twitter.
    X,
    /// Facebook.
    Facebook,
    /// E-mail.
    Email,
    /// A fair or another event.
    Event,
    /// Somebody's recommendation.
    Referral,
    /// A list that was bought.
    PurchasedList,
    /// Another one, or nobody said which.
    Other,
}
