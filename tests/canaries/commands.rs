//! The operator keeps the trap from the command line.

use std::{os::unix::fs::PermissionsExt, path::Path};

use entity::change_detail;
use leadkeep::app::canaries;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;

use crate::{
    ids, leads,
    support::{World, company, on_both_backends, process},
    trapped,
};

fn leadkeep(world: &World, arguments: &[&str]) -> (i32, String) {
    let settings = [
        "--set",
        "canaries.domains=[\"post.trap.example\", \"mail.trap.example\"]",
        "--set",
        "canaries.at_least=2",
        "--set",
        "canaries.stock=2",
    ];
    let done = process::run(&world.home, &[arguments, &settings].concat());
    (done.status.code().unwrap(), String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap())
}

on_both_backends!(commands_plant_list_and_trace, settings | settings | { trapped(settings) }, |world| async {
    assert_eq!(leadkeep(&world, &["canary", "plant"]), (0, "Planted 11 canaries.\n".into()));
    let rep = world.caller(company::REP).await;
    let shown = leads(&rep, Value::Null).await;
    let (code, list) = leadkeep(&world, &["canary", "list", "--reader", company::REP.email]);
    assert_eq!((code, list.lines().count()), (0, 4), "{list}");
    let own: Vec<&str> = list.lines().skip(1).map(|line| line.split_whitespace().next().unwrap()).collect();
    assert!(own.iter().all(|id| ids(&shown, "id").contains(*id)), "{list}");
    assert_eq!(leadkeep(&world, &["canary", "list"]).1.matches("(in stock)").count(), 2);
    let of_reader = canaries::of_reader(&world.core, company::REP.id).await.unwrap();
    assert_eq!((of_reader.len(), of_reader.iter().all(|canary| ids(&shown, "id").contains(&canary.lead.to_string()))), (3, true));

    let out = world.home.folder().join("files");
    let (code, told) = leadkeep(&world, &["canary", "files", "--out", out.to_str().unwrap()]);
    assert_eq!((code, told.lines().count()), (0, 1), "{told}");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&out), 0o700, "whoever sees leads must not see which are canaries");
    let (code, told) = leadkeep(&world, &["canary", "files", "--out", out.to_str().unwrap()]);
    assert!(code == 1 && told.contains("exists"), "nothing is written over: {code} {told}");
    let file = std::fs::read_dir(&out).unwrap().next().unwrap().unwrap();
    assert_eq!(mode(&file.path()), 0o600);
    assert_eq!(std::fs::read_to_string(file.path()).unwrap().lines().count(), 1 + 11);
    let sha256 = file.path().file_stem().unwrap().to_str().unwrap().to_owned();
    let database = world.home.connect().await;
    let imports = change_detail::Entity::find().filter(change_detail::Column::Kind.eq("import")).all(&database).await.unwrap();
    database.close().await.unwrap();
    let named = imports.iter().filter(|import| import.after.as_ref().is_some_and(|after| after.contains(&sha256))).count();
    assert_eq!((named, imports.len()), (1, 1), "what the record of the import commits to names this file");

    let found = world.home.folder().join("found.txt");
    let text: Vec<&str> = list.lines().skip(1).map(|line| line.rsplit("  ").next().unwrap()).collect();
    std::fs::write(&found, text.join("\n")).unwrap();
    let (code, told) = leadkeep(&world, &["trace", found.to_str().unwrap(), "--receipts"]);
    assert!(code == 0 && told.contains("3 people of the list, 3 canaries"), "{told}");
    assert!(
        told.contains("Rita Rep, on screen") && told.contains("Explained by Rita Rep, on screen: 3 people, 3 canaries, 100.0 %."),
        "{told}"
    );
    std::fs::write(&found, b"PK\x03\x04").unwrap();
    let (code, told) = leadkeep(&world, &["trace", found.to_str().unwrap()]);
    assert!(code == 4 && told.contains("save its sheet as CSV"), "{code} {told}");
});

on_both_backends!(without_domains_nobody_is_invented, |world| async {
    let done = process::run(&world.home, &["canary", "plant"]);
    assert!(String::from_utf8_lossy(&done.stderr).contains("canaries.domains"), "{done:?}");
    assert_eq!(done.status.code(), Some(4));
    assert_eq!(canaries::plant(&world.core).await.unwrap(), 0);
    let key = world.home.folder().join("keys").join("canary.key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
});

on_both_backends!(a_key_that_is_gone_is_not_replaced, settings | settings | { trapped(settings) }, |world| async {
    assert_eq!(canaries::plant(&world.core).await.unwrap(), 11);
    let key = world.home.folder().join("keys").join("canary.key");
    std::fs::remove_file(&key).unwrap();
    let (code, told) = leadkeep(&world, &["canary", "list"]);
    assert!(code == 1 && told.contains("restore it from a backup"), "{code} {told}");
    assert!(!key.exists());
});
