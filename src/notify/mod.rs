//! Telling somebody outside: webhooks and e-mail, the mechanisms of it. What is told, when, and how often it is tried, is the use case's part.

mod mail;
mod settings;
mod webhook;

pub use mail::Mail;
pub use settings::{Hidden, MailSettings, WebhookSettings};
pub use webhook::Webhook;

/// Longest time (s) for one attempt.
pub const PATIENCE: u64 = 15;
