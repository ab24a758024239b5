//! Others can verify tokens, and keys rotate under a running server.

use std::{fs::Permissions, os::unix::fs::PermissionsExt, sync::Arc};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use leadkeep::{auth::keys::rotate, config::Settings, server};
use serde_json::Value;

use super::counts;
use crate::support::{Backend, Home, SeededRandom, TestClock, World, company::REP, on_both_backends};

async fn verified(world: &World, token: &str) -> Option<Value> {
    let answer = world.anonymous().get("/.well-known/jwks.json").await;
    assert_eq!(answer.header("content-type"), Some("application/jwk-set+json"));
    let kid = decode_header(token).unwrap().kid.unwrap();
    let key = answer.json["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid.as_str())?.clone();
    assert_eq!((key["kty"].as_str(), key["crv"].as_str(), key["d"].as_str()), (Some("OKP"), Some("Ed25519"), None));
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.validate_exp = false;
    validation.set_audience(&["leadkeep"]);
    let key = DecodingKey::from_ed_components(key["x"].as_str().unwrap()).unwrap();
    Some(decode::<Value>(token, &key, &validation).unwrap().claims)
}

on_both_backends!(keys_are_published_and_rotate, |world| async {
    let before = world.caller(REP).await;
    let token = before.token.clone().unwrap();
    let claims = verified(&world, &token).await.unwrap();
    assert_eq!(claims["sub"].as_str(), Some(&*REP.id.to_string()));
    let names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["aud", "exp", "iat", "iss", "sid", "sub"], "no roles");

    world.clock.advance_seconds(1);
    rotate(&world.settings.data.join("keys"), 600, &*world.clock, &SeededRandom::new(5)).unwrap();
    let after = world.caller(REP).await;
    assert_ne!(decode_header(&token).unwrap().kid, decode_header(after.token.as_deref().unwrap()).unwrap().kid);
    assert!(counts(&before).await && counts(&after).await);
    assert!(verified(&world, &token).await.is_some());
    world.clock.advance_seconds(661);
    assert!(verified(&world, &token).await.is_none(), "nothing it signed is good any more");
    assert!(verified(&world, after.token.as_deref().unwrap()).await.is_some());
});

on_both_backends!(the_server_says_what_it_can_do, |world| async {
    let metadata = world.anonymous().get("/.well-known/oauth-authorization-server").await;
    assert_eq!(metadata.json["issuer"], world.settings.issuer());
    for endpoint in ["token_endpoint", "revocation_endpoint", "jwks_uri"] {
        let url = metadata.json[endpoint].as_str().unwrap();
        let path = url.strip_prefix(&world.settings.issuer()).unwrap();
        assert_ne!(world.anonymous().get(path).await.status, 404, "{path}");
    }
});

#[tokio::test]
async fn keys_that_others_may_read_are_refused() {
    let home = Home::new(Backend::Sqlite).await;
    let settings = Settings { data: home.folder().to_owned(), ..Settings::default() };
    let build = async || server::build_core(&settings, Arc::new(TestClock::running()), Arc::new(SeededRandom::new(3))).await;
    build().await.unwrap().recorder.stop().await;
    let keys: Vec<_> = std::fs::read_dir(home.folder().join("keys")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(keys.len(), 3, "the ledger's, one of tokens, and the canaries'");
    for key in keys {
        std::fs::set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
        let refused = build().await.unwrap_err().to_string();
        assert!(refused.contains(&format!("chmod 600 {}", key.display())), "{refused}");
        std::fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    }
    build().await.unwrap().recorder.stop().await;
}
