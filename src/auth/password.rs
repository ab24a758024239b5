//! Passwords: Argon2id (RFC 9106) with the parameters OWASP names, off the async threads, a bounded number at a time.

use std::{fmt, sync::Arc};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::{Error as HashError, phc::PasswordHash},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{AuthError, Settings};
use crate::domain::{Random, clock::random_bytes};

/// OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT: usize = 16;

/// What a new password must be. Length is what counts (NIST SP 800-63B § 5.1.1.2); no rules on kinds of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordPolicy {
    /// Fewer than [`PasswordPolicy::MIN`] characters.
    #[error("A password needs at least {} characters.", Self::MIN)]
    TooShort,
    /// More than [`PasswordPolicy::MAX`] characters.
    #[error("A password has at most {} characters.", Self::MAX)]
    TooLong,
}

impl PasswordPolicy {
    /// The fewest characters.
    pub const MIN: usize = 12;
    /// The most characters.
    pub const MAX: usize = 256;

    /// Whether `password` may become somebody's; the error's text is for the person who chose it.
    pub fn check(password: &str) -> Result<(), Self> {
        match password.chars().take(Self::MAX + 1).count() {
            0..Self::MIN => Err(Self::TooShort),
            Self::MIN..=Self::MAX => Ok(()),
            _ => Err(Self::TooLong),
        }
    }
}

/// Hashes and verifies passwords. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    /// Verified against when there is no account, so that its absence takes the same time.
    dummy: Arc<str>,
    random: Arc<dyn Random>,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("running", &self.running).finish_non_exhaustive()
    }
}

impl Passwords {
    /// A hasher with these bounds.
    pub fn new(settings: &Settings, random: Arc<dyn Random>) -> Result<Self, AuthError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| AuthError::Password(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let at_once = settings.password_hashes_at_once.max(1);
        // Of the right shape, which is all that time depends on; that nothing hashes to it is not even needed,
        // because without an account the answer is no whatever the comparison says.
        let dummy = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${}", "A".repeat(22), "A".repeat(43));
        Ok(Self {
            argon2,
            dummy: dummy.into(),
            random,
            running: Arc::new(Semaphore::new(at_once)),
            admitted: Arc::new(Semaphore::new(at_once.saturating_add(settings.password_hashes_waiting).min(Semaphore::MAX_PERMITS))),
        })
    }

    /// The PHC string (`$argon2id$v=19$m=19456,t=2,p=1$salt$hash`) of a password that [`PasswordPolicy`] has let pass.
    pub async fn hash(&self, password: String) -> Result<String, AuthError> {
        let salt: [u8; SALT] = random_bytes(&*self.random);
        let argon2 = self.argon2.clone();
        self.run(move || argon2.hash_password_with_salt(password.as_bytes(), &salt).map(|hash| hash.to_string())).await
    }

    /// Whether `password` belongs to the PHC string `hash`. Without a hash the answer is no, after the same time.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, AuthError> {
        let argon2 = self.argon2.clone();
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.dummy.to_string());
        // One character is at most four bytes; what is longer was never accepted, and must not cost more.
        let fits = password.len() <= PasswordPolicy::MAX * 4;
        let password = if fits { password } else { String::new() };
        let verify = move || match argon2.verify_password(password.as_bytes(), &PasswordHash::new(&hash)?) {
            Ok(()) => Ok(true),
            Err(HashError::PasswordInvalid) => Ok(false),
            Err(error) => Err(error),
        };
        Ok(self.run(verify).await? && known && fits)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T, HashError> + Send + 'static) -> Result<T, AuthError> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| AuthError::Busy)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| AuthError::Busy)?;
        // The permits travel with the work: a caller that goes away does not stop it.
        let permits: (OwnedSemaphorePermit, OwnedSemaphorePermit) = (admitted, running);
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permits);
            result
        });
        done.await.map_err(|error| AuthError::Password(error.to_string()))?.map_err(|error| AuthError::Password(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Counting(std::sync::atomic::AtomicU8);

    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    fn passwords(settings: &Settings) -> Passwords {
        Passwords::new(settings, Arc::new(Counting(1.into()))).unwrap()
    }

    #[tokio::test]
    async fn hash_and_verify() {
        let passwords = passwords(&Settings::default());
        let hash = passwords.hash("correct horse battery".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash("correct horse battery".into()).await.unwrap(), "every hash has its own salt");
        assert!(passwords.verify("correct horse battery".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("correct horse batterie".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("x".repeat(5_000), Some(hash)).await.unwrap());
        assert!(passwords.verify("whatever".into(), Some("no hash".into())).await.is_err());
    }

    #[tokio::test]
    async fn no_account_does_the_same_work() {
        let passwords = passwords(&Settings::default());
        let hash = passwords.hash("correct horse battery".into()).await.unwrap();
        let mut spent = [std::time::Duration::ZERO; 2];
        for _ in 0..5 {
            for (spent, hash) in spent.iter_mut().zip([Some(hash.clone()), None]) {
                let start = std::time::Instant::now();
                assert!(!passwords.verify("a wrong password".into(), hash).await.unwrap());
                *spent += start.elapsed();
            }
        }
        let ratio = spent[0].as_secs_f64() / spent[1].as_secs_f64();
        assert!((0.3..3.0).contains(&ratio), "{spent:?}");
    }

    #[tokio::test]
    async fn a_full_queue_turns_away() {
        let passwords = passwords(&Settings { password_hashes_at_once: 1, password_hashes_waiting: 1, ..Settings::default() });
        let tries = (0..4).map(|_| passwords.verify("a wrong password".into(), None));
        let answers = futures_util::future::join_all(tries).await;
        assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(AuthError::Busy))).count(), 2);
        assert!(!passwords.verify("a wrong password".into(), None).await.unwrap(), "room again");
    }

    #[test]
    fn policy() {
        assert_eq!(PasswordPolicy::check("elevenchars"), Err(PasswordPolicy::TooShort));
        assert_eq!(PasswordPolicy::check("twelve chars"), Ok(()));
        assert_eq!(PasswordPolicy::check(&"ü".repeat(256)), Ok(()));
        assert_eq!(PasswordPolicy::check(&"ü".repeat(257)), Err(PasswordPolicy::TooLong));
    }
}
