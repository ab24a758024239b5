//! Where settings come from, and how a bad one is named.

use std::{collections::BTreeMap, path::PathBuf};

use toml::{Table, Value};

use super::Settings;

/// Why the settings were refused; the text names the key and where it was set.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file could not be read.
    #[error("{}: {cause}", .file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{}: {cause}", .file.display())]
    NotToml {
        /// Which file.
        file: PathBuf,
        /// Where and why.
        cause: Box<toml::de::Error>,
    },
    /// A key is unknown, or its value makes no sense.
    #[error("setting `{key}`{origin}: {cause}")]
    Bad {
        /// The key, for example `limits.page_size`.
        key: String,
        /// ` (from …)`, or empty.
        origin: String,
        /// What is wrong with it.
        cause: String,
    },
}

/// The places settings are taken from, later ones over earlier ones.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// A TOML file.
    pub file: Option<PathBuf>,
    /// The environment: `LEADKEEP_*` and `DATABASE_URL`; others are ignored.
    pub environment: Vec<(String, String)>,
    /// Flags as (key, value), for example `("limits.page_size", "100")`.
    pub flags: Vec<(String, String)>,
}

const PREFIX: &str = "LEADKEEP_";

impl Sources {
    /// This process's environment, and nothing else yet. A variable that is not UTF-8 is left out.
    pub fn from_environment() -> Self {
        let known = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self { environment: known.collect(), ..Self::default() }
    }

    /// The settings that follow.
    pub fn load(&self) -> Result<Settings, SettingsError> {
        // The defaults tell which keys are sections and which values are text.
        let defaults = Table::try_from(Settings::default()).unwrap_or_default();
        let mut merged = Merged::default();
        if let Some(file) = &self.file {
            let text = std::fs::read_to_string(file).map_err(|cause| SettingsError::Unreadable { file: file.clone(), cause })?;
            let table = text.parse().map_err(|cause| SettingsError::NotToml { file: file.clone(), cause: Box::new(cause) })?;
            merged.take_file(&table, &file.display().to_string());
        }
        let mut environment = self.environment.clone();
        // `DATABASE_URL` is everybody's, so ours goes over it.
        environment.sort_by_key(|(name, _)| name.starts_with(PREFIX));
        for (name, value) in &environment {
            let key = match name.strip_prefix(PREFIX) {
                Some(rest) => key_of(&defaults, &rest.to_ascii_lowercase()),
                None if name == "DATABASE_URL" => "database_url".to_owned(),
                None => continue,
            };
            merged.set(&defaults, &key, value, name);
        }
        for (key, value) in &self.flags {
            merged.set(&defaults, key, value, "a flag");
        }
        merged.finish()
    }
}

/// `limits_page_size` → `limits.page_size`, since `limits` is a section; sections have sections.
fn key_of(defaults: &Table, name: &str) -> String {
    let section = defaults.iter().find_map(|(section, below)| {
        let rest = name.strip_prefix(section.as_str())?.strip_prefix('_')?;
        Some(format!("{section}.{}", key_of(below.as_table()?, rest)))
    });
    section.unwrap_or_else(|| name.to_owned())
}

#[derive(Default)]
struct Merged {
    table: Table,
    origins: BTreeMap<String, String>,
}

impl Merged {
    fn take_file(&mut self, table: &Table, file: &str) {
        self.table = table.clone();
        self.come_from(table, "", file);
    }

    fn come_from(&mut self, table: &Table, section: &str, file: &str) {
        for (key, value) in table {
            self.origins.insert(format!("{section}{key}"), file.to_owned());
            if let Some(below) = value.as_table() {
                self.come_from(below, &format!("{section}{key}."), file);
            }
        }
    }

    fn set(&mut self, defaults: &Table, key: &str, text: &str, origin: &str) {
        let (sections, name) = key.rsplit_once('.').unwrap_or(("", key));
        let sections = || sections.split('.').filter(|section| !section.is_empty());
        let known = sections().try_fold(defaults, |table, section| table.get(section)?.as_table()).and_then(|table| table.get(name));
        let value = match known {
            Some(Value::String(_)) | None => Value::String(text.to_owned()),
            // What is no TOML stays text, which the type then refuses by name.
            Some(_) => format!("value = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("value")).unwrap_or(text.into()),
        };
        self.origins.insert(key.to_owned(), origin.to_owned());
        let mut table = Some(&mut self.table);
        for section in sections() {
            table = table.and_then(|table| table.entry(section).or_insert_with(|| Value::Table(Table::new())).as_table_mut());
        }
        // What is no section in the file is refused there.
        if let Some(table) = table {
            table.insert(name.to_owned(), value);
        }
    }

    fn finish(self) -> Result<Settings, SettingsError> {
        let Self { table, origins } = self;
        let bad = |key: String, cause: String| {
            let origin = origins.get(&key).map(|origin| format!(" (from {origin})")).unwrap_or_default();
            SettingsError::Bad { key, origin, cause }
        };
        let settings: Settings = serde_path_to_error::deserialize(table)
            .map_err(|error| bad(error.path().to_string(), error.inner().message().trim().to_owned()))?;
        match settings.nonsense() {
            Some((key, cause)) => Err(bad(key.to_owned(), cause.to_owned())),
            None => Ok(settings),
        }
    }
}
