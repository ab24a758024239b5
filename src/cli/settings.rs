//! Flags that every command takes, and the settings that follow.

use std::path::PathBuf;

use clap::Args;
use leadkeep::config::{Settings, SettingsError, Sources};

/// Names the settings file in the environment; no setting itself.
const FILE_VARIABLE: &str = "LEADKEEP_CONFIG";

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Settings file (TOML); also LEADKEEP_CONFIG
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    config: Option<PathBuf>,
    /// Data folder: keys, and with SQLite the databases; also LEADKEEP_DATA [default: leadkeep-data]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Settings")]
    data: Option<PathBuf>,
    /// PostgreSQL instead of SQLite, postgres://user:password@host/database; also DATABASE_URL
    #[arg(long, global = true, value_name = "URL", help_heading = "Settings")]
    database_url: Option<String>,
    /// Any setting, as `config check` names it, for example limits.page_size=100; may be repeated
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = key_and_value, help_heading = "Settings")]
    set: Vec<(String, String)>,
}

fn key_and_value(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("must be KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

impl Global {
    /// The settings in force, with `flags` of the command over everything.
    pub(crate) fn settings(&self, flags: Vec<(&str, Option<String>)>) -> Result<Settings, SettingsError> {
        self.load(Sources::from_environment(), flags)
    }

    /// The same without `DATABASE_URL`, which may well be another project's.
    pub(crate) fn own_settings(&self, flags: Vec<(&str, Option<String>)>) -> Result<Settings, SettingsError> {
        let mut sources = Sources::from_environment();
        sources.environment.retain(|(name, _)| name != "DATABASE_URL");
        self.load(sources, flags)
    }

    fn load(&self, mut sources: Sources, flags: Vec<(&str, Option<String>)>) -> Result<Settings, SettingsError> {
        let variable = sources.environment.iter().find(|(name, _)| name == FILE_VARIABLE).map(|(_, value)| PathBuf::from(value));
        sources.environment.retain(|(name, _)| name != FILE_VARIABLE);
        sources.file = self.config.clone().or(variable);
        sources.flags.clone_from(&self.set);
        let data = self.data.as_ref().map(|data| data.display().to_string());
        let named = [("data", data), ("database_url", self.database_url.clone())].into_iter().chain(flags);
        sources.flags.extend(named.filter_map(|(key, value)| Some((key.to_owned(), value?))));
        sources.load()
    }
}
