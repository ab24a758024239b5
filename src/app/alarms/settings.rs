//! Settings under `alarms`.

use serde::{Deserialize, Serialize};

use crate::{
    alarm::Rules,
    notify::{MailSettings, WebhookSettings},
};

/// What raises an alarm, and where it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What the rules are set to.
    pub rules: Rules,
    /// Where people look at an alarm: an address with `{id}` in it, sent along.
    pub link: Option<String>,
    /// The webhook that is called.
    pub webhook: WebhookSettings,
    /// The e-mail that is sent.
    pub mail: MailSettings,
}

impl Settings {
    /// The first value that makes no sense: its key and what is wrong.
    pub fn nonsense(&self) -> Option<(&'static str, &'static str)> {
        let Rules { times_usual, usual_days, dormant_days, denials, denials_seconds, switches, switches_seconds, leaving_days, .. } =
            self.rules;
        let positive = [
            ("alarms.rules.times_usual", times_usual),
            ("alarms.rules.usual_days", usual_days),
            ("alarms.rules.dormant_days", dormant_days),
            ("alarms.rules.denials", denials),
            ("alarms.rules.denials_seconds", denials_seconds),
            ("alarms.rules.switches", switches),
            ("alarms.rules.switches_seconds", switches_seconds),
            ("alarms.rules.leaving_days", leaving_days),
        ];
        let zero = positive.into_iter().find(|(_, value)| *value == 0).map(|(key, _)| (key, "must be at least 1"));
        let webhook = || {
            let (key, wrong) = self.webhook.nonsense()?;
            Some((if key == "url" { "alarms.webhook.url" } else { "alarms.webhook.secret" }, wrong))
        };
        let mail = || {
            let (key, wrong) = self.mail.nonsense()?;
            let key = match key {
                "server" => "alarms.mail.server",
                "from" => "alarms.mail.from",
                _ => "alarms.mail.to",
            };
            Some((key, wrong))
        };
        zero.or_else(webhook).or_else(mail)
    }
}
