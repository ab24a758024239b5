//! The log as other people's tools read it over HTTP, and the proofs that GraphQL answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use leadkeep::{
    audit::record::Decision,
    domain::{Digest, Id},
    ledger::{Checkpoint, Edge, Receipt, proof, tile, tree},
};
use reqwest::Method;
use serde_json::{Value, json};
use support::{
    Caller, World, company,
    ledger::{self, LedgerCopy, public_key},
    on_both_backends,
};

async fn bytes(caller: &Caller, path: &str) -> (u16, Vec<u8>, reqwest::header::HeaderMap) {
    let response = caller.request(Method::GET, path).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, response.bytes().await.unwrap().to_vec(), headers)
}

/// Enough records for a full tile and a partial one, all with their place; returns what was signed.
async fn grown(world: &World) -> Checkpoint {
    let rep = world.caller(company::REP).await;
    for _ in 0..260 {
        rep.graphql("{ __typename }", json!({})).await.data();
    }
    world.core.recorder.fold_now().await.unwrap();
    let answer = world.anonymous().get("/ledger/checkpoint").await;
    assert_eq!(
        (answer.status, answer.header("content-type"), answer.header("cache-control")),
        (200, Some("text/plain; charset=utf-8"), Some("no-cache"))
    );
    Checkpoint::open(&answer.text, &public_key(&world.home)).expect("signed by the ledger's key")
}

on_both_backends!(other_peoples_tools_find_the_whole_tree, |world| async {
    let head = grown(&world).await;
    let (anybody, auditor) = (world.anonymous(), world.caller(company::AUDITOR).await);
    let other = tlog_tiles::Checkpoint::from_bytes(head.body().as_bytes()).unwrap();
    assert_eq!((other.size(), other.hash().0), (head.size, head.root));
    let mut edge = Edge::default();
    for index in 0..=head.size / 256 {
        let width = (head.size - index * 256).min(256);
        let name = if width == 256 { format!("{index:03}") } else { format!("{index:03}.p/{width}") };
        let (status, hashes, headers) = bytes(&anybody, &format!("/ledger/tile/0/{name}")).await;
        assert_eq!(
            (status, hashes.len() as u64, &headers["content-type"]),
            (200, width * 32, &"application/octet-stream".parse().unwrap())
        );
        assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
        let (status, bundle, headers) = bytes(&auditor, &format!("/ledger/tile/entries/{name}")).await;
        assert_eq!((status, &headers["content-type"]), (200, &"application/octet-stream".parse().unwrap()));
        assert_eq!(headers["cache-control"], "no-store");
        let entries = tile::unbundle(&bundle).unwrap();
        let leaves: Vec<Digest> = entries.into_iter().map(tree::leaf).collect();
        assert_eq!(leaves.concat(), hashes);
        for leaf in leaves {
            edge.push(leaf);
        }
    }
    assert_eq!((edge.size(), edge.root()), (head.size, head.root));
    // A narrower tile of an earlier tree is there as well, and one of the level above.
    let (_, full, _) = bytes(&anybody, "/ledger/tile/0/000").await;
    assert_eq!(bytes(&anybody, "/ledger/tile/0/000.p/7").await.1, full[..7 * 32]);
    let above = tile::perfect_root(full.as_chunks::<32>().0);
    assert_eq!(bytes(&anybody, "/ledger/tile/1/000.p/1").await.1, above);
});

on_both_backends!(what_is_not_there_is_not_found, |world| async {
    let auditor = world.caller(company::AUDITOR).await;
    world.core.recorder.fold_now().await.unwrap();
    for path in ["0/001", "0/000", "0/000.p/200", "1/000.p/1", "5/000", "6/000", "x", "0/0", "0/000.p/0", "0/../0/000"] {
        let answer = world.anonymous().get(&format!("/ledger/tile/{path}")).await;
        assert_eq!((answer.status, answer.header("cache-control")), (404, Some("no-store")), "{path}");
    }
    for path in ["entries/000", "entries/001", "entries/000.p/200", "entries/x999/x999/x999/x999/x999/999"] {
        let answer = auditor.get(&format!("/ledger/tile/{path}")).await;
        assert_eq!((answer.status, answer.code()), (404, Some("NOT_FOUND")), "{path}");
    }
});

on_both_backends!(entries_are_for_those_who_may_read_the_log_and_reading_them_is_recorded, |world| async {
    world.caller(company::REP).await;
    world.core.recorder.fold_now().await.unwrap();
    let path = "/ledger/tile/entries/000.p/1";
    for (caller, status, code, decision) in [
        (world.anonymous(), 401, Some("UNAUTHENTICATED"), Decision::Denied),
        (world.anonymous().with_token("x"), 401, Some("UNAUTHENTICATED"), Decision::Denied),
        (world.caller(company::REP).await, 403, Some("FORBIDDEN"), Decision::Denied),
        (world.caller(company::ADMIN).await, 403, Some("FORBIDDEN"), Decision::Denied),
        (world.caller(company::AUDITOR).await, 200, None, Decision::Allowed),
    ] {
        let answer = caller.get(path).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{}", answer.text);
        let [epoch, rseq, leaf, signature]: [&str; 4] =
            answer.header("x-access-receipt").unwrap().split(' ').collect::<Vec<_>>().try_into().unwrap();
        let decode = |text: &str| STANDARD.decode(text).unwrap();
        let receipt = Receipt {
            epoch: epoch.parse().unwrap(),
            rseq: rseq.parse().unwrap(),
            leaf: decode(leaf).try_into().unwrap(),
            signature: decode(signature).try_into().unwrap(),
        };
        let record = LedgerCopy::read(&world.home).await.promised(&receipt, &public_key(&world.home)).record;
        assert_eq!((record.operation.name.as_deref(), record.decision), (Some("ledger/tile/entries"), decision));
        assert_eq!(record.rows, u64::from(status == 200));
        assert_eq!(answer.header("x-request-id"), Some(&record.request.to_string()[..]));
    }
    // Nothing leaves without its record.
    let auditor = world.caller(company::AUDITOR).await;
    world.core.recorder.kill();
    let answer = auditor.get(path).await;
    assert_eq!((answer.status, answer.code()), (503, Some("AUDIT_UNAVAILABLE")));
});

on_both_backends!(whoever_holds_a_receipt_gets_its_proof, |world| async {
    let rep = world.caller(company::REP).await;
    let answer = rep.graphql("{ __typename }", json!({})).await;
    world.core.recorder.fold_now().await.unwrap();
    let receipt = ledger::receipt(&answer.json).unwrap();
    let asked = async |receipt: &Receipt| {
        let words = format!("{} {} {} {}", receipt.epoch, receipt.rseq, STANDARD.encode(receipt.leaf), STANDARD.encode(receipt.signature));
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("receipt", &words).finish();
        world.anonymous().get(&format!("/ledger/proof?{query}")).await
    };
    let proof = asked(&receipt).await;
    let head = Checkpoint::open(proof.json["checkpoint"].as_str().unwrap(), &public_key(&world.home)).unwrap();
    let index = proof.json["index"].as_u64().unwrap();
    assert!(proof::is_included(index, head.size, &receipt.leaf, &digests(&proof.json["hashes"]), &head.root));
    let key = world.core.recorder.key();
    let forged = Receipt { rseq: 9_999, ..receipt };
    assert_eq!((asked(&forged).await.status, asked(&forged).await.code()), (400, Some("BAD_USER_INPUT")));
    let left_out = Receipt::sign(key, receipt.epoch, 9_999, receipt.leaf);
    assert_eq!((asked(&left_out).await.status, asked(&left_out).await.code()), (404, Some("NOT_FOUND")));
    assert_eq!(world.anonymous().get("/ledger/proof?receipt=x").await.status, 400);
    assert_eq!(world.anonymous().get("/ledger/proof").await.status, 400);
});

fn digests(value: &Value) -> Vec<Digest> {
    value.as_array().unwrap().iter().map(|hash| STANDARD.decode(hash.as_str().unwrap()).unwrap().try_into().unwrap()).collect()
}

on_both_backends!(graphql_proves_what_it_says, |world| async {
    let kept = grown(&world).await;
    let auditor = world.caller(company::AUDITOR).await;
    let asked = "query($size: Int!) {
        checkpoint { origin size root note key }
        one: inclusionProof(index: 257, treeSize: $size) { index treeSize leafHash hashes root }
        consistencyProof(from: $size) { from to hashes }
        accessRecord(index: 257) { leafHash }
    }";
    let answer = auditor.graphql(asked, json!({ "size": kept.size })).await;
    let data = answer.data();
    let head = Checkpoint::open(data["checkpoint"]["note"].as_str().unwrap(), &public_key(&world.home)).unwrap();
    assert_eq!((data["checkpoint"]["size"].as_u64(), data["checkpoint"]["origin"].as_str()), (Some(head.size), Some(&head.origin[..])));
    let one = &data["one"];
    assert_eq!(one["leafHash"], data["accessRecord"]["leafHash"]);
    let leaf = digests(&json!([one["leafHash"]]))[0];
    assert!(proof::is_included(257, kept.size, &leaf, &digests(&one["hashes"]), &kept.root));
    let grew = &data["consistencyProof"];
    assert!(grew["to"].as_u64().unwrap() >= kept.size);
    let later = auditor.graphql("query($to: Int!) { inclusionProof(index: 0, treeSize: $to) { root } }", json!({ "to": grew["to"] })).await;
    let root = digests(&json!([later.data()["inclusionProof"]["root"]]))[0];
    assert!(proof::is_consistent(kept.size, &kept.root, grew["to"].as_u64().unwrap(), &root, &digests(&grew["hashes"])));

    for (document, code) in [
        ("{ inclusionProof(index: 99999999) { root } }", "NOT_FOUND"),
        ("{ inclusionProof(index: -1) { root } }", "BAD_USER_INPUT"),
        ("{ inclusionProof(index: 0, treeSize: 99999999) { root } }", "BAD_USER_INPUT"),
        ("{ consistencyProof(from: 5, to: 4) { to } }", "BAD_USER_INPUT"),
    ] {
        assert_eq!(auditor.graphql(document, json!({})).await.code(), Some(code), "{document}");
    }
    for member in [company::REP, company::ADMIN] {
        let caller = world.caller(member).await;
        for document in ["{ checkpoint { size } }", "{ inclusionProof(index: 0) { root } }", "{ consistencyProof(from: 0) { to } }"] {
            assert_eq!(caller.graphql(document, json!({})).await.code(), Some("FORBIDDEN"), "{document}");
        }
    }
});

on_both_backends!(a_receipt_holds_offline_and_for_itself_only, |world| async {
    let caller = world.caller(company::REP).await;
    let answer = caller.graphql("{ leads(first: 1) { nodes { id } } }", json!({})).await;
    let (receipt, key) = (ledger::receipt(&answer.json).unwrap(), public_key(&world.home));
    let entry = LedgerCopy::read(&world.home).await.promised(&receipt, &key);
    assert_eq!(entry.record.subject.person, Some(company::REP.id));
    let mut leaf = receipt.leaf;
    leaf[0] ^= 1;
    for forged in
        [Receipt { leaf, ..receipt }, Receipt { rseq: receipt.rseq + 1, ..receipt }, Receipt { epoch: Id(receipt.epoch.0 + 1), ..receipt }]
    {
        assert!(!forged.is_signed_by(&key));
    }
});
