//! Files that are generated and committed, so that a change of the interface or of the policy is a diff someone reads.
//! `scripts/regenerate` writes them (`REGENERATE=1`); without it a stale one fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::{fmt::Write, path::Path};

use leadkeep::{
    domain::{Field, Id, Timestamp},
    policy::{Declared, GrantRow, Level, Marking, Permission, PolicyDocument, Rights, TeamRow, table},
};

#[test]
fn schema_graphql_is_fresh() {
    check("schema.graphql", &format!("{}\n", leadkeep::graphql::sdl().trim_end()));
}

#[test]
fn policy_table_is_fresh() {
    check("tests/policy_table.txt", &policy_table());
}

/// docs/operations.md names every setting with its default.
#[test]
fn every_setting_is_documented() {
    let documented = include_str!("../docs/operations.md");
    let defaults = serde_json::to_value(leadkeep::config::Settings::default()).unwrap();
    let (mut settings, mut sections) = (Vec::new(), vec![(String::new(), defaults)]);
    while let Some((prefix, section)) = sections.pop() {
        for (key, value) in section.as_object().unwrap() {
            match value {
                serde_json::Value::Object(_) => sections.push((format!("{prefix}{key}."), value.clone())),
                serde_json::Value::Null => settings.push(format!("| `{prefix}{key}` | `none` |")),
                // The table is laid out for people.
                value => settings.push(format!("| `{prefix}{key}` | `{}` |", value.to_string().replace("\",\"", "\", \""))),
            }
        }
    }
    let missing: Vec<_> = settings.iter().filter(|row| !documented.contains(*row)).collect();
    assert!(missing.is_empty(), "docs/operations.md lacks or has other defaults for {missing:#?}");
    let rows =
        documented.lines().skip_while(|line| *line != "| key | default | meaning |").skip(2).take_while(|line| line.starts_with('|'));
    assert_eq!(rows.count(), settings.len(), "docs/operations.md names a setting that is gone");
}

fn check(name: &str, fresh: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("REGENERATE").is_some() {
        std::fs::write(&file, fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let stale = committed.lines().zip(fresh.lines()).position(|(old, new)| old != new);
    assert!(committed == fresh, "{name} is stale from line {:?}; run scripts/regenerate and read the diff", stale.map(|line| line + 1));
}

const SUBJECT: Id = Id(100);
const COLLEAGUE: Id = Id(101);
const TEAM: Id = Id(10);
const BELOW: Id = Id(11);
const ELSEWHERE: Id = Id(12);

/// Role × permission × marking × field, for every relation that a lead can have to the holder of the role.
fn policy_table() -> String {
    let mut out = String::from("What each role that ships may do, and how it sees each field of a lead.\n");
    out.push_str("+ clear   ~ masked   . hidden   (an empty column: the lead does not exist for the holder)\n");
    let names: Vec<String> = table::initial().roles.values().map(|role| role.name.clone()).collect();
    for name in names {
        writeln!(out, "\n== {name}").unwrap();
        let rights = holder_of(&name, &[]);
        for permission in Permission::ALL {
            let held = if rights.permissions().contains(*permission) { "yes" } else { "-" };
            writeln!(out, "{:<16} {held}", permission.name()).unwrap();
        }
        let windows: Vec<_> = Permission::ALL.iter().filter_map(|permission| rights.leads(*permission).ok()).collect();
        assert!(windows.windows(2).all(|two| two[0].windows() == two[1].windows()), "a permission of {name} has windows of its own");
        if windows.is_empty() {
            out.push_str("no window onto leads\n");
            continue;
        }
        let asked = table::initial().role_named(&name).map(|(id, _)| table::initial().requirement(id)).unwrap();
        let kinds: Vec<_> = asked.agreements.iter().map(|kind| kind.name()).collect();
        let purpose = if asked.purpose_required { "a declared purpose" } else { "no purpose" };
        writeln!(out, "asks for {} and {purpose}", kinds.join(", ")).unwrap();
        for (relation, owner, team) in [
            ("own lead, of no team", Some(SUBJECT), None),
            ("colleague's lead of the grant's team", Some(COLLEAGUE), Some(TEAM)),
            ("colleague's lead of a team below", Some(COLLEAGUE), Some(BELOW)),
            ("anybody else's lead", Some(COLLEAGUE), Some(ELSEWHERE)),
            ("lead of nobody", None, None),
        ] {
            writeln!(out, "\n-- {name}: {relation}").unwrap();
            out.push_str(&cells(&name, owner, team));
        }
    }
    out
}

fn cells(role: &str, owner: Option<Id>, team: Option<Id>) -> String {
    let (outside, inside) = (holder_of(role, &[]), holder_of(role, &["EMEA"]));
    let plain = Level::ALL.map(|level| (level.name().to_owned(), &outside, Marking::new(level, 0)));
    let emea = Marking::new(Level::Confidential, 1);
    let columns: Vec<_> = plain
        .into_iter()
        .chain([("CONFIDENTIAL//EMEA".into(), &outside, emea), ("same, EMEA granted".into(), &inside, emea)])
        .map(|(heading, rights, marking)| {
            let scope = rights.leads(Permission::LeadRead).unwrap();
            let open = scope.windows().iter().enumerate().filter(|(_, window)| window.opens(owner, team, marking));
            let bits = open.fold(0, |bits, (bit, _)| bits | 1 << bit);
            (heading, (bits != 0).then(|| scope.cells(bits)))
        })
        .collect();
    let mut out = format!("{:<13}", "");
    for (heading, _) in &columns {
        write!(out, "  {heading}").unwrap();
    }
    out.push('\n');
    for field in Field::ALL {
        let mut line = format!("{:<13}", field.name());
        for (heading, cells) in &columns {
            let sign = match cells {
                None => ' ',
                Some((clear, _)) if clear.contains(*field) => '+',
                Some((_, masked)) if masked.contains(*field) => '~',
                Some(_) => '.',
            };
            write!(line, "  {sign:<width$}", width = heading.len()).unwrap();
        }
        writeln!(out, "{}", line.trim_end()).unwrap();
    }
    out
}

fn holder_of(role: &str, compartments: &[&str]) -> Rights {
    let mut document: PolicyDocument = table::initial();
    document.compartments.push("EMEA".into());
    for (id, name, parent) in [(TEAM, "Team", None), (BELOW, "Below", Some(TEAM.0)), (ELSEWHERE, "Elsewhere", None)] {
        document.teams.insert(id.0, TeamRow { name: name.into(), parent });
    }
    let (role, _) = document.role_named(role).unwrap();
    let grant = GrantRow {
        subject: SUBJECT.0,
        role: role.0,
        team: Some(TEAM.0),
        compartments: compartments.iter().map(|code| (*code).to_owned()).collect(),
        approved_at: Some(0),
        ..GrantRow::default()
    };
    document.grants.insert(1, grant);
    Rights::of(&document, SUBJECT, Declared::Nothing, Timestamp(1))
}
