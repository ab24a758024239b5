//! Keys and tokens together.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU8, Ordering},
    },
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;

use super::{
    AccessTokens, Claims, Keys, Settings,
    keys::{Rotated, rotate},
};
use crate::domain::{Clock, Id, Random, Timestamp};

const ISSUER: &str = "https://leads.example";

#[derive(Debug)]
struct Now(AtomicI64);

impl Clock for Now {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

#[derive(Debug, Default)]
struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

fn kid(key: &super::keys::PublicKey) -> String {
    serde_json::to_value(key).unwrap()["kid"].as_str().unwrap().to_owned()
}

struct House {
    folder: tempfile::TempDir,
    now: Arc<Now>,
    keys: Arc<Keys>,
    tokens: AccessTokens,
}

fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let now = Arc::new(Now(AtomicI64::new(1_800_000_000_000_000)));
    let keys = Arc::new(Keys::open(&folder.path().join("keys"), 600, now.clone(), &Counting::default()).unwrap());
    let tokens = AccessTokens::new(ISSUER, &Settings::default(), Arc::clone(&keys));
    House { folder, now, keys, tokens }
}

impl House {
    fn pass(&self, seconds: i64) {
        self.now.0.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }

    fn rotate(&self) -> Rotated {
        // Time stamps of folders are as coarse as the kernel's tick.
        std::thread::sleep(std::time::Duration::from_millis(20));
        rotate(&self.folder.path().join("keys"), 600, &*self.now, &Counting(100.into())).unwrap()
    }

    fn claims(&self) -> Claims {
        let now = self.now.now();
        Claims { subject: Id(1), actor: Some(Id(2)), session: Id(3), issued_at: now, expires_at: now.plus_seconds(600) }
    }
}

#[test]
fn a_token_says_what_was_signed_until_it_expires() {
    let house = house();
    let claims = house.claims();
    let token = house.tokens.sign(&claims).unwrap();
    for _ in 0..2 {
        assert_eq!(house.tokens.verify(&token, house.now.now()), Some(claims));
    }
    let forged = token.replacen(|letter: char| letter != 'A', "A", 1);
    let (head, _) = token.rsplit_once('.').unwrap();
    for wrong in ["", "a.b.c", &forged, head, &format!("{head}."), &"x".repeat(10_000)] {
        assert_eq!(house.tokens.verify(wrong, house.now.now()), None);
    }
    house.pass(599);
    assert!(house.tokens.verify(&token, house.now.now()).is_some());
    house.pass(1);
    assert_eq!(house.tokens.verify(&token, house.now.now()), None);
}

#[test]
fn other_issuers_audiences_and_algorithms_are_refused() {
    let house = house();
    let sign_as = |issuer, settings: Settings| AccessTokens::new(issuer, &settings, Arc::clone(&house.keys)).sign(&house.claims()).unwrap();
    let sign = |settings| sign_as(ISSUER, settings);
    let other_audience = sign(Settings { audience: "other".into(), ..Settings::default() });
    let other_issuer = sign_as("https://other.example", Settings::default());
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let kid = kid(&house.keys.public()[0]);
    let body = sign(Settings::default()).split('.').nth(1).unwrap().to_owned();
    let unsigned = format!("{}.{body}.", part(&format!(r#"{{"alg":"none","kid":"{kid}"}}"#)));
    let symmetric = jsonwebtoken::encode(
        &jsonwebtoken::Header { kid: Some(kid.clone()), ..jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256) },
        &serde_json::json!({"iss": ISSUER, "aud": "leadkeep", "sub": Id(1).to_string(), "exp": 4_000_000_000_i64}),
        &EncodingKey::from_secret(kid.as_bytes()),
    );
    for wrong in [other_audience, other_issuer, unsigned, symmetric.unwrap()] {
        assert_eq!(house.tokens.verify(&wrong, house.now.now()), None, "{wrong}");
    }
}

#[test]
fn the_newest_signs_and_old_ones_verify_until_their_tokens_expire() {
    let house = house();
    let first = kid(&house.keys.public()[0]);
    house.pass(1_000);
    let token = house.tokens.sign(&house.claims()).unwrap();
    let rotated = house.rotate();
    assert_eq!((rotated.verify.as_slice(), rotated.removed.len()), (&[first.clone()][..], 0));
    let kids = || house.keys.public().into_iter().map(|key| kid(&key)).collect::<Vec<_>>();
    assert_eq!(kids(), [rotated.signs.clone(), first.clone()], "noticed without a restart");
    let newer = house.tokens.sign(&house.claims()).unwrap();
    assert_eq!(jsonwebtoken::decode_header(&newer).unwrap().kid, Some(rotated.signs.clone()));
    assert!(house.tokens.verify(&token, house.now.now()).is_some());
    house.pass(661);
    assert_eq!(kids(), std::slice::from_ref(&rotated.signs));
    assert!(house.keys.verifying(first.parse().unwrap()).is_none());
    let again = house.rotate();
    assert_eq!((again.verify, again.removed), (vec![rotated.signs], vec![first]));
}

#[test]
fn a_token_is_worth_no_more_than_its_key() {
    let house = house();
    let token = house.tokens.sign(&house.claims()).unwrap();
    assert!(house.tokens.verify(&token, house.now.now()).is_some(), "and is remembered from now on");
    house.pass(1);
    house.rotate();
    assert!(house.tokens.verify(&token, house.now.now()).is_some(), "its key has a successor, and verifies for a while");
    std::thread::sleep(std::time::Duration::from_millis(20));
    let oldest = fs::read_dir(house.folder.path().join("keys")).unwrap().map(|entry| entry.unwrap().path()).min().unwrap();
    fs::remove_file(oldest).unwrap();
    assert!(house.tokens.verify(&token, house.now.now()).is_none(), "taken away: whoever had it can sign no more");
}

#[test]
fn keys_are_private_and_kept() {
    let house = house();
    let folder = house.folder.path().join("keys");
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = Keys::open(&folder, 600, house.now.clone(), &Counting::default()).unwrap();
    assert_eq!(again.public(), house.keys.public());
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let refused = Keys::open(&folder, 600, house.now.clone(), &Counting::default()).unwrap_err();
    assert!(refused.to_string().contains("chmod 600"), "{refused}");
}
