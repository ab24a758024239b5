//! Help, usage, settings.

use super::run::{leadkeep, run};

#[test]
fn every_command_explains_itself() {
    let help = run(&["--help"], "").ok();
    assert!(help.contains("Exit codes:") && help.contains("leadkeep demo"), "{help}");
    reads_well(&help);
    let commands: Vec<_> = help
        .split("Commands:\n")
        .nth(1)
        .unwrap()
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.len() >= 15, "{commands:?}");
    for command in commands {
        let help = run(&[command, "--help"], "").ok();
        assert!(help.contains("Usage: leadkeep") && help.len() > 300, "{command}: {help}");
        reads_well(&help);
    }
}

/// No line breaks off before it is full, and no example is broken at all.
fn reads_well(help: &str) {
    const WIDTH: usize = 100;
    let is_text = |line: &str| !line.is_empty() && !line.starts_with(' ') && !line.contains("   ");
    let lines: Vec<&str> = help.lines().collect();
    for pair in lines.windows(2) {
        let next = pair[1].split(' ').next().unwrap();
        let early = is_text(pair[0]) && is_text(pair[1]) && !pair[0].ends_with(':') && pair[0].len() + 1 + next.len() <= WIDTH;
        assert!(!early, "{:?} before {next:?} in {help}", pair[0]);
    }
    let examples = lines.iter().skip_while(|line| **line != "Examples:").filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    for example in examples {
        assert!(example.starts_with("  leadkeep ") || example.starts_with("  curl "), "{example:?} in {help}");
    }
}

#[test]
fn wrong_usage_and_wrong_settings_exit_with_2_and_name_the_key() {
    assert_eq!(run(&["bogus"], "").code, 2);
    assert_eq!(run(&["import"], "").code, 2);
    let unknown = run(&["config", "check", "--set", "limits.pagesize=1"], "");
    assert!(unknown.code == 2 && unknown.err.contains("limits.pagesize"), "{unknown:?}");
    let bad = run(&["config", "check", "--set", "limits.page_size=many"], "");
    assert!(bad.code == 2 && bad.err.contains("limits.page_size"), "{bad:?}");
    let output = leadkeep().args(["config", "check"]).env("LEADKEEP_PORT", "x").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("LEADKEEP_PORT"));
}

#[test]
fn config_check_tells_no_password() {
    let shown = run(&["config", "check", "--database-url", "postgres://me:hunter2@host/db"], "").ok();
    assert!(shown.contains("postgres://me:redacted@host/db") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn schema_prints_what_is_committed() {
    assert_eq!(run(&["schema"], "").ok(), include_str!("../../schema.graphql"));
}

#[test]
fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let done = run(&["serve", "--data", folder.path().to_str().unwrap()], "");
    assert!(done.code == 1 && done.err.contains("leadkeep init"), "{done:?}");
    // Files that are there and empty are no installation either, and stay as they are.
    for name in ["leadkeep.db", "ledger.db"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    for _ in 0..2 {
        let done = run(&["serve", "--port", "0", "--data", folder.path().to_str().unwrap()], "");
        assert!(done.code == 1 && done.err.contains("leadkeep init") && done.err.contains("leadkeep migrate"), "{done:?}");
    }
}
