//! E-mail over SMTP.

use std::{fmt, time::Duration};

use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, message::Mailbox};

use super::{MailSettings, PATIENCE};

/// A mail server, and who writes to whom.
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}

impl Mail {
    /// The mail that is set; `None` if none is.
    pub fn open(settings: &MailSettings) -> Option<Self> {
        let server = settings.server.as_ref()?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(server.expose()).ok()?;
        let transport = transport.timeout(Some(Duration::from_secs(PATIENCE))).build();
        let to = settings.to.iter().map(|to| to.parse()).collect::<Result<_, _>>().ok()?;
        Some(Self { transport, from: settings.from.as_ref()?.parse().ok()?, to })
    }

    /// Sends a text to everybody; an error says why it was not taken.
    pub async fn send(&self, id: &str, subject: &str, text: String) -> Result<(), String> {
        let message = Message::builder().from(self.from.clone()).subject(subject);
        let message = message.message_id(Some(format!("<{id}@{}>", self.from.email.domain())));
        let message = self.to.iter().fold(message, |message, to| message.to(to.clone()));
        let message = message.body(text).map_err(|error| error.to_string())?;
        self.transport.send(message).await.map(drop).map_err(|error| error.to_string())
    }
}
