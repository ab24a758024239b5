//! SQLite's write-ahead log is copied into its file, whoever wrote it.

use std::time::{Duration, Instant};

use leadkeep::{
    domain::Clock,
    store::ledger::index::{BlockRow, IndexWrite, lease},
};

use crate::{
    bench::{Bench, append_many},
    support::{Backend, Home},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_keeper_writes_is_copied_out_of_the_log() {
    let home = Home::new(Backend::Sqlite).await;
    let bench = Bench::open(&home).await;
    append_many(&bench, 64).await;
    bench.recorder.fold_now().await.unwrap();
    let size = |file: &str| std::fs::metadata(home.folder().join(file)).map_or(0, |file| file.len());
    let before = size("ledger.db");
    // Nothing is appended meanwhile: what is copied, the keeper has written.
    let blocks = (0..64).map(|entry| BlockRow { term: 1, entry, body: vec![7; 65_536] });
    let write =
        IndexWrite { owner: 1, lease: lease(bench.clock.now(), 60), segment: 99, blocks: blocks.collect(), ..IndexWrite::default() };
    // What is copied may be cut short by somebody who reads.
    for segment in 99..119 {
        if size("ledger.db") < before + (4 << 20) {
            let write = IndexWrite { segment, ..write.clone() };
            assert!(bench.recorder.writer().write_index(write).await.unwrap());
        }
    }
    let limit = Instant::now() + Duration::from_secs(30);
    while size("ledger.db") < before + (4 << 20) {
        assert!(Instant::now() < limit, "{} bytes wait in the write-ahead log", size("ledger.db-wal"));
        tokio::task::yield_now().await;
    }
}
