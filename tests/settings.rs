//! Settings: which source wins, and how a bad one is named.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Write;

use leadkeep::config::{Settings, Sources};

fn sources(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> (tempfile::NamedTempFile, Sources) {
    let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut toml = tempfile::NamedTempFile::new().unwrap();
    toml.write_all(file.as_bytes()).unwrap();
    let sources = Sources { file: Some(toml.path().to_owned()), environment: pairs(environment), flags: pairs(flags) };
    (toml, sources)
}

fn load(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Settings, String> {
    sources(file, environment, flags).1.load().map_err(|error| error.to_string())
}

#[test]
fn later_sources_win() {
    let file = "port = 1\n[limits]\npage_size = 10\nbatch = 2\naliases = 3";
    let environment = [("LEADKEEP_LIMITS_PAGE_SIZE", "20"), ("LEADKEEP_LIMITS_BATCH", "4"), ("HOME", "/"), ("LEADKEEP_LOG_FORMAT", "json")];
    let settings = load(file, &environment, &[("limits.page_size", "30"), ("data", "/srv/1")]).unwrap();
    assert_eq!((settings.port, settings.limits.page_size, settings.limits.batch, settings.limits.aliases), (1, 30, 4, 3));
    assert_eq!(settings.data.to_str(), Some("/srv/1"));
    assert_eq!(settings.log.format, leadkeep::config::LogFormat::Json);
    let lists = load("", &[("LEADKEEP_HTTP_TRUSTED_PROXIES", "[\"10.0.0.1\"]")], &[]).unwrap();
    assert_eq!(lists.http.trusted_proxies.len(), 1);
    let (file, flags) = ("[ledger.archive]\nsegment = 512\nafter_days = 1", [("ledger.archive.after_days", "30")]);
    let archive = load(file, &[("LEADKEEP_LEDGER_ARCHIVE_URL", "file:///a")], &flags).unwrap().ledger.archive;
    assert_eq!((archive.url.as_deref(), archive.segment, archive.after_days), (Some("file:///a"), 512, 30), "sections in sections");
}

#[test]
fn bad_ones_are_named() {
    let cases: [(Result<Settings, String>, &str); 13] = [
        (load("colour = 1", &[], &[]), "setting `colour` (from "),
        (load("[limits]\npagesize = 1", &[], &[]), "setting `limits.pagesize` (from "),
        (load("[limits]\npage_size = \"many\"", &[], &[]), "setting `limits.page_size` (from "),
        (load("", &[("LEADKEEP_COLOUR", "1")], &[]), "setting `colour` (from LEADKEEP_COLOUR)"),
        (load("", &[("LEADKEEP_LIMITS_PAGE_SIZE", "many")], &[]), "setting `limits.page_size` (from LEADKEEP_LIMITS_PAGE_SIZE)"),
        (load("", &[], &[("limits.page_size", "0")]), "setting `limits.page_size` (from a flag): must be at least 1"),
        (load("", &[], &[("ledger.archive.segment", "100")]), "setting `ledger.archive.segment` (from a flag): must be a multiple of 256"),
        (load("[ledger.archive]\nsize = 1", &[], &[]), "setting `ledger.archive.size` (from "),
        (load("", &[], &[("limits.page_size", "-1")]), "setting `limits.page_size` (from a flag)"),
        (load("", &[("DATABASE_URL", "mysql://u:geheim@h/d")], &[]), "setting `database_url` (from DATABASE_URL)"),
        (load("", &[], &[("ledger.sweep_after", "3001")]), "setting `ledger.sweep_after` (from a flag): must be between 1 and 3000"),
        (load("", &[], &[("limits.upload_time", "900001")]), "setting `ledger.sweep_after`"),
        (load("[http]\nmetrics_from = [\"nowhere\"]", &[], &[]), "setting `http.metrics_from[0]`"),
    ];
    for (found, wanted) in cases {
        let message = found.expect_err(wanted);
        assert!(message.starts_with(wanted), "{message} should start with {wanted}");
        assert!(!message.contains("geheim"), "{message}");
    }
    assert!(load("port = ", &[], &[]).is_err());
}

#[test]
fn the_database_url_is_honoured_and_redacted() {
    let url = "postgres://keeper:geheim@db.example/leads?password=geheim";
    let settings = load("", &[("DATABASE_URL", url)], &[]).unwrap();
    assert_eq!(settings.database_url.as_ref().map(leadkeep::config::DatabaseUrl::expose), Some(url));
    for shown in [settings.effective(), format!("{settings:?}")] {
        assert!(shown.contains("db.example/leads") && !shown.contains("geheim"), "{shown}");
    }
    let ours = load("", &[("LEADKEEP_DATABASE_URL", "postgres://ours/d"), ("DATABASE_URL", "postgres://theirs/d")], &[]).unwrap();
    assert_eq!(ours.database_url.unwrap().expose(), "postgres://ours/d");
}

#[test]
fn the_effective_settings_can_be_loaded_again() {
    let shown = Settings::default().effective();
    assert_eq!(load(&shown, &[], &[]).unwrap().effective(), shown);
}
