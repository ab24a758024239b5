//! Structured logs to standard error: text for people or one JSON object a line.

use std::io::{self, IsTerminal};

use leadkeep::config::{LogFormat, LogSettings};
use tracing_subscriber::EnvFilter;

use super::Failure;

/// Sends events to standard error as the settings say.
pub(crate) fn start(settings: &LogSettings) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.filter).map_err(|error| Failure::usage(format!("setting `log.filter`: {error}")))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match settings.format {
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
        LogFormat::Pretty => lines.with_ansi(io::stderr().is_terminal()).try_init(),
    };
    // Where it happened and nothing else: the message may quote what was being looked at.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "the program panicked");
    }));
    started.map_err(|error| Failure::failed(format!("logging: {error}")))
}

/// For commands whose output is for people: warnings only, unless something else was asked for.
pub(crate) fn only_warnings(settings: &mut LogSettings) {
    if settings.filter == LogSettings::default().filter {
        settings.filter = "warn".into();
    }
}
