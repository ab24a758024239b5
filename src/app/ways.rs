//! The ways out of the house, and what goes along them.

use crate::{
    domain::Timestamp,
    notify::{Mail, MailSettings, Webhook, WebhookSettings},
};

/// The ways out that are set.
#[derive(Debug)]
pub struct Ways {
    webhook: Option<Webhook>,
    mail: Option<Mail>,
}

impl Ways {
    /// Opens them; nothing is sent yet.
    pub fn open(webhook: &WebhookSettings, mail: &MailSettings) -> Self {
        Self { webhook: Webhook::open(webhook), mail: Mail::open(mail) }
    }

    /// Their names.
    pub(in crate::app) fn channels(&self) -> Vec<&'static str> {
        let webhook = self.webhook.as_ref().map(|_| "webhook");
        webhook.into_iter().chain(self.mail.as_ref().map(|_| "mail")).collect()
    }

    /// Sends a message through one of them; an error says why it was not taken.
    pub(in crate::app) async fn send(&self, channel: &str, message: Message, now: Timestamp) -> Result<(), String> {
        let Message { id, subject, text, body } = message;
        match (channel, &self.webhook, &self.mail) {
            ("webhook", Some(webhook), _) => webhook.send(&id, now, body).await,
            ("mail", _, Some(mail)) => mail.send(&id, &subject, text).await,
            _ => Err("it is no longer set".into()),
        }
    }
}

/// What is told, in the words of each channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct Message {
    /// Stays the same however often it is tried.
    pub(in crate::app) id: String,
    /// The subject of an e-mail.
    pub(in crate::app) subject: String,
    /// Its text.
    pub(in crate::app) text: String,
    /// What a webhook is called with.
    pub(in crate::app) body: String,
}
