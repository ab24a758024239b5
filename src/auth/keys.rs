//! The keys that sign access tokens: Ed25519, one PKCS#8 PEM file each, `token-<kid>.pem`. The newest signs.
//!
//! A kid is an id and so tells when its key was made; a key that has a successor verifies until the last token it can
//! have signed has expired. Nothing else about keys is kept anywhere.

use std::{
    fmt,
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::SystemTime,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{
    SigningKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey, spki::der::pem::LineEnding},
};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::Serialize;

use super::AuthError;
use crate::{
    domain::{Clock, Id, IdMaker, Random, Timestamp, clock::random_bytes},
    store::private,
};

/// Added to a token's life before its key is forgotten: another server may sign with it until it has seen the new one.
const MARGIN_SECONDS: i64 = 60;

/// One signing key.
#[derive(Clone)]
pub struct Key {
    kid: Id,
    public: [u8; 32],
    pub(super) signs: EncodingKey,
    pub(super) verifies: DecodingKey,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.kid)
    }
}

/// A public key as RFC 7517 and RFC 8037 write it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublicKey {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    kid: String,
    x: String,
}

/// What a rotation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The key that signs from now on.
    pub signs: String,
    /// Those that still verify.
    pub verify: Vec<String>,
    /// Those whose last token had expired; their files are gone.
    pub removed: Vec<String>,
}

/// The keys of a folder. Notices by itself when files come or go.
#[derive(Debug)]
pub struct Keys {
    folder: PathBuf,
    /// How long a token lives, in seconds.
    token_life: i64,
    clock: Arc<dyn Clock>,
    /// By rising kid; never empty.
    ring: RwLock<Vec<Key>>,
    seen: Mutex<Option<SystemTime>>,
}

impl Keys {
    /// Loads the keys of `folder`; makes the first one if there is none.
    pub fn open(folder: &Path, token_life: i64, clock: Arc<dyn Clock>, random: &dyn Random) -> Result<Self, AuthError> {
        if load(folder)?.is_empty() {
            make(folder, &*clock, random)?;
        }
        let seen = Mutex::new(modified(folder));
        Ok(Self { folder: folder.to_owned(), token_life, clock, ring: RwLock::new(load(folder)?), seen })
    }

    /// The key that signs.
    pub(super) fn signing(&self) -> Result<(String, Key), AuthError> {
        self.reload_if_changed();
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        let newest = ring.last().ok_or_else(|| AuthError::Key(self.folder.display().to_string(), "no key".into()))?;
        Ok((newest.kid.to_string(), newest.clone()))
    }

    /// The key with this kid, if tokens signed with it can still be good.
    pub(super) fn verifying(&self, kid: Id) -> Option<Key> {
        self.reload_if_changed();
        self.good().into_iter().find(|key| key.kid == kid)
    }

    /// Whether tokens signed with this key can still be good.
    pub(super) fn verifies(&self, kid: Id) -> bool {
        self.reload_if_changed();
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let found = ring.iter().position(|key| key.kid == kid);
        found.is_some_and(|at| ring.get(at + 1).is_none_or(|next| now < verifies_until(next, self.token_life)))
    }

    /// The public keys that verify, newest first.
    pub fn public(&self) -> Vec<PublicKey> {
        self.reload_if_changed();
        self.good().iter().rev().map(Key::to_public).collect()
    }

    fn good(&self) -> Vec<Key> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        let until = |next: Option<&Key>| next.map(|key| verifies_until(key, self.token_life));
        let now = self.clock.now();
        let good = (0..ring.len()).filter(|at| until(ring.get(at + 1)).is_none_or(|end| now < end));
        good.filter_map(|at| ring.get(at).cloned()).collect()
    }

    /// Looks at the folder's time stamp, and at its files if that moved. What cannot be read changes nothing but the log.
    fn reload_if_changed(&self) {
        let now = modified(&self.folder);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return;
        }
        match load(&self.folder) {
            Ok(ring) if !ring.is_empty() => {
                *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
                *seen = now;
            }
            Ok(_) => tracing::error!(folder = %self.folder.display(), "the signing keys are gone; going on with those in memory"),
            Err(error) => tracing::error!(%error, "could not reload the signing keys; going on with those in memory"),
        }
    }
}

/// Makes a new key, which signs from now on, and removes those whose last token has expired. A running server notices.
pub fn rotate(folder: &Path, token_life: i64, clock: &dyn Clock, random: &dyn Random) -> Result<Rotated, AuthError> {
    let signs = make(folder, clock, random)?;
    let ring = load(folder)?;
    let now = clock.now();
    let (mut verify, mut removed) = (Vec::new(), Vec::new());
    for (key, next) in ring.iter().zip(ring.iter().skip(1)) {
        if now < verifies_until(next, token_life) {
            verify.push(key.kid.to_string());
        } else {
            let file = folder.join(file_name(key.kid));
            fs::remove_file(&file).map_err(|error| failed(&file, &error))?;
            removed.push(key.kid.to_string());
        }
    }
    Ok(Rotated { signs: signs.to_string(), verify, removed })
}

impl Key {
    fn read(file: &Path, kid: Id) -> Result<Self, AuthError> {
        let pem = private::read_file(file).map_err(|error| failed(file, &error))?.ok_or_else(|| failed(file, &"it is missing"))?;
        let key = SigningKey::from_pkcs8_pem(&pem).map_err(|error| failed(file, &error))?;
        let der = key.to_pkcs8_der().map_err(|error| failed(file, &error))?;
        let public = key.verifying_key().to_bytes();
        Ok(Self { kid, public, signs: EncodingKey::from_ed_der(der.as_bytes()), verifies: DecodingKey::from_ed_der(&public) })
    }

    fn to_public(&self) -> PublicKey {
        PublicKey {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            usage: "sig",
            kid: self.kid.to_string(),
            x: URL_SAFE_NO_PAD.encode(self.public),
        }
    }
}

/// Until when the predecessor of `next` verifies.
fn verifies_until(next: &Key, token_life: i64) -> Timestamp {
    next.kid.made_at().plus_seconds(token_life + MARGIN_SECONDS)
}

fn make(folder: &Path, clock: &dyn Clock, random: &dyn Random) -> Result<Id, AuthError> {
    let kid = IdMaker::default().next(clock, random);
    let file = folder.join(file_name(kid));
    let key = SigningKey::from_bytes(&random_bytes(random));
    let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| failed(&file, &error))?;
    // Under another name first: a server that looks meanwhile must not find half a key.
    let draft = folder.join(format!("{}.new", file_name(kid)));
    private::write_file(&draft, pem.as_bytes()).map_err(|error| failed(&file, &error))?;
    fs::set_permissions(&draft, Permissions::from_mode(0o600)).map_err(|error| failed(&draft, &error))?;
    fs::rename(&draft, &file).map_err(|error| failed(&file, &error))?;
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed(folder, &error))?;
    Ok(kid)
}

fn load(folder: &Path) -> Result<Vec<Key>, AuthError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| failed(folder, &error))?,
    };
    let mut keys = Vec::new();
    for entry in entries {
        let file = entry.map_err(|error| failed(folder, &error))?.path();
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let kid = name.strip_prefix("token-").and_then(|rest| rest.strip_suffix(".pem")).and_then(|kid| kid.parse().ok());
        if let Some(kid) = kid {
            keys.push(Key::read(&file, kid)?);
        }
    }
    keys.sort_by_key(|key| key.kid);
    Ok(keys)
}

fn file_name(kid: Id) -> String {
    format!("token-{kid}.pem")
}

fn modified(folder: &Path) -> Option<SystemTime> {
    fs::metadata(folder).and_then(|folder| folder.modified()).ok()
}

fn failed(file: &Path, error: &dyn fmt::Display) -> AuthError {
    AuthError::Key(file.display().to_string(), error.to_string())
}
