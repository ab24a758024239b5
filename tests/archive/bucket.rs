//! Segments in a bucket, by the program, on a real S3 server.

use std::process::{Command, Output};

use crate::{
    SEGMENT, busy,
    support::{Backend, Home, TestClock, World, s3::S3},
};

/// The program with the archive in a bucket.
fn run(home: &Home, s3: &S3, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leadkeep"));
    command.args(arguments).env_remove("DATABASE_URL").envs(s3.environment());
    command.env("LEADKEEP_DATA", home.folder()).env("LEADKEEP_LEDGER_ARCHIVE_URL", "s3://audit/leadkeep");
    command.env("LEADKEEP_LEDGER_ARCHIVE_SEGMENT", SEGMENT.to_string()).output().expect("the program runs")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_with_object_lock_holds_segments() {
    let s3 = S3::start();
    let http = reqwest::Client::new();
    let bucket = format!("{}/audit", s3.url);
    let made = http.put(&bucket).header("x-amz-bucket-object-lock-enabled", "true").send().await.unwrap();
    assert!(made.status().is_success(), "{}", made.text().await.unwrap());
    let lock = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>\
        <Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention></Rule></ObjectLockConfiguration>";
    let locked = http.put(format!("{bucket}?object-lock")).body(lock).send().await.unwrap();
    assert!(locked.status().is_success(), "{}", locked.text().await.unwrap());

    let world = World::at(Backend::Sqlite, TestClock::frozen_at("2026-01-05T09:00:00Z"), |_| {}).await;
    busy(&world, 300).await;
    let home = world.shutdown().await;
    let done = run(&home, &s3, &["ledger", "archive", "--older-than", "30"]);
    assert!(done.status.success() && said(&done).contains("0 to 255 have left the database"), "{}", said(&done));
    let object = format!("{bucket}/leadkeep/{}", leadkeep::store::archive::name(0, SEGMENT));
    let verified = run(&home, &s3, &["ledger", "verify"]);
    assert!(verified.status.success() && said(&verified).contains("in the archive: 256 records"), "{}", said(&verified));
    let out = home.folder().join("evidence");
    let exported = run(&home, &s3, &["ledger", "export", "--out", out.to_str().unwrap(), "--to", "300"]);
    assert!(exported.status.success(), "{}", said(&exported));
    // Who is new is counted from the records themselves then, and so in the bucket.
    for command in [["ledger", "reindex"], ["person", "list"]] {
        let counted = run(&home, &s3, &command);
        assert!(counted.status.success(), "{}", said(&counted));
    }
    let nowhere =
        Command::new(env!("CARGO_BIN_EXE_leadkeep")).args(["ledger", "verify"]).env("LEADKEEP_DATA", home.folder()).output().unwrap();
    assert!(nowhere.status.code() == Some(1) && said(&nowhere).contains("ledger.archive.url"), "{}", said(&nowhere));
    assert!(!http.delete(&object).send().await.unwrap().status().is_success(), "the bucket's lock keeps it");
}
