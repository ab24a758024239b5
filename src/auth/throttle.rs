//! Slowing down guesses, so that nobody can lock somebody else out.
//!
//! Failures are counted three ways, and each free number of them is followed by a delay that doubles:
//! - of one account from one address, and of all accounts from one address: attempts are refused until it has passed.
//!   Whoever signed in to an account from an address before is spared what neighbours at that address did to other accounts.
//! - of one account from anywhere: attempts are still looked at, but answered late, and not at all late from an address
//!   that signed in before. A refusal here would let any stranger lock the account.
//!
//! An attempt counts as failed until it has succeeded, so that a thousand at once are no way around. Everything is
//! forgotten after an hour without failures, lies in memory only and within bounds; names and addresses are hashed.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::domain::{Digest, Timestamp, clock::SECOND};

/// After this long without a failure, all is forgiven (µs).
const MEMORY: i64 = 3_600 * SECOND;
/// Longest refusal of one account from one address (seconds).
const PAIR_CAP: i64 = 300;
/// Longest refusal of an address (seconds).
const ADDRESS_CAP: i64 = 60;
/// Longest delay of an answer (milliseconds).
const ANSWER_CAP: u64 = 4_000;
/// How many answers are held back at a time. One more is not: were it refused, strangers could lock the account, and were
/// it held back, they could take up every request the server answers at a time.
const HELD_BACK: usize = 16;
/// How many counters of each kind are kept.
const CAPACITY: usize = 20_000;

/// What is guessed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A person's password.
    Password,
    /// An app's secret: 256 random bits, so only a flood of attempts is of concern.
    ClientSecret,
}

impl Credential {
    /// Free failures of (account from address, address, account).
    const fn free(self) -> (u32, u32, u32) {
        match self {
            Self::Password => (10, 50, 30),
            Self::ClientSecret => (100, 500, u32::MAX),
        }
    }
}

/// Come back later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter {
    /// Whole seconds until the next attempt is looked at.
    pub seconds: i64,
}

#[derive(Clone, Copy, Debug)]
struct Counter {
    failures: u32,
    last: Timestamp,
    /// Whether somebody has signed in to this account from this address.
    known: bool,
}

#[derive(Debug, Default)]
struct Counters {
    pairs: HashMap<Digest, Counter>,
    addresses: HashMap<Digest, Counter>,
    accounts: HashMap<Digest, Counter>,
}

/// Counts failures.
#[derive(Debug)]
pub struct Throttle {
    counters: Mutex<Counters>,
    held_back: Semaphore,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { counters: Mutex::default(), held_back: Semaphore::new(HELD_BACK) }
    }
}

impl Throttle {
    /// Begins an attempt on `account` from `address`. The answer, good or bad, must not leave before the returned time
    /// has passed ([`Throttle::hold_back`]); an attempt that is refused does not count.
    pub fn begin(&self, what: Credential, account: &str, address: Option<&str>, now: Timestamp) -> Result<Duration, RetryAfter> {
        let (pair, address, account) = keys(what, account, address);
        let (free_pair, free_address, free_account) = what.free();
        let mut counters = self.lock();
        let of_pair = current(&mut counters.pairs, pair, now);
        let of_address = current(&mut counters.addresses, address, now);
        let mut wait = refusal(of_pair, free_pair, PAIR_CAP, now);
        if !of_pair.known {
            wait = wait.max(refusal(of_address, free_address, ADDRESS_CAP, now));
        }
        if wait > 0 {
            return Err(RetryAfter { seconds: (wait + SECOND - 1) / SECOND });
        }
        let of_account = current(&mut counters.accounts, account, now);
        let over = of_account.failures.checked_sub(free_account).filter(|_| !of_pair.known);
        let late = over.map_or(0, |over| (250 << over.min(10)).min(ANSWER_CAP));
        let failed = |counter: Counter| Counter { failures: counter.failures.saturating_add(1), last: now, ..counter };
        keep(&mut counters.pairs, pair, failed(of_pair));
        keep(&mut counters.addresses, address, failed(of_address));
        keep(&mut counters.accounts, account, failed(of_account));
        Ok(Duration::from_millis(late))
    }

    /// Holds an answer back for the time that [`Throttle::begin`] returned.
    pub async fn hold_back(&self, late: Duration) {
        if late > Duration::ZERO
            && let Ok(_place) = self.held_back.try_acquire()
        {
            tokio::time::sleep(late).await;
        }
    }

    /// The attempt was not looked at after all, and so has not failed.
    pub fn not_looked_at(&self, what: Credential, account: &str, address: Option<&str>) {
        let (pair, address, account) = keys(what, account, address);
        let mut counters = self.lock();
        take_back(counters.pairs.get_mut(&pair));
        take_back(counters.addresses.get_mut(&address));
        take_back(counters.accounts.get_mut(&account));
    }

    /// The attempt has succeeded.
    pub fn succeeded(&self, what: Credential, account: &str, address: Option<&str>, now: Timestamp) {
        let (pair, address, account) = keys(what, account, address);
        let mut counters = self.lock();
        keep(&mut counters.pairs, pair, Counter { failures: 0, last: now, known: true });
        // Only this attempt: owning one account must not wipe out what was tried on others, nor what others tried on it.
        take_back(counters.addresses.get_mut(&address));
        take_back(counters.accounts.get_mut(&account));
    }

    fn lock(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take_back(counter: Option<&mut Counter>) {
    if let Some(counter) = counter {
        counter.failures = counter.failures.saturating_sub(1);
    }
}

/// How much longer to refuse (µs).
fn refusal(counter: Counter, free: u32, cap: i64, now: Timestamp) -> i64 {
    let delay = |over: u32| (1_i64 << over.min(20)).min(cap) * SECOND;
    counter.failures.checked_sub(free).map_or(0, |over| counter.last.0 + delay(over) - now.0)
}

fn current(counters: &mut HashMap<Digest, Counter>, key: Digest, now: Timestamp) -> Counter {
    let found = counters.get(&key).copied().unwrap_or(Counter { failures: 0, last: now, known: false });
    if now.0 - found.last.0 > MEMORY { Counter { failures: 0, ..found } } else { found }
}

fn keep(counters: &mut HashMap<Digest, Counter>, key: Digest, counter: Counter) {
    if counters.len() >= CAPACITY && !counters.contains_key(&key) {
        make_room(counters);
    }
    counters.insert(key, counter);
}

/// Forgets the older half, of what belongs to no known address first.
fn make_room(counters: &mut HashMap<Digest, Counter>) {
    for spare_known in [true, false] {
        let mut times: Vec<_> = counters.values().map(|counter| counter.last).collect();
        let middle = times.len() / 2;
        let median = *times.select_nth_unstable(middle).1;
        counters.retain(|_, counter| counter.last > median || (spare_known && counter.known));
        if counters.len() < CAPACITY * 3 / 4 {
            return;
        }
    }
}

/// People and apps are counted apart: guesses at passwords must not slow an app at the same address, nor the other way round.
fn keys(what: Credential, account: &str, address: Option<&str>) -> (Digest, Digest, Digest) {
    let (kind, address) = ([what as u8], network(address));
    let account: Digest = Sha256::new().chain_update(kind).chain_update(account).finalize().into();
    let pair = Sha256::new().chain_update(account).chain_update(&address).finalize().into();
    (pair, Sha256::new().chain_update(kind).chain_update(address).finalize().into(), account)
}

/// An IPv4 address, or the /64 network of an IPv6 address, which is what one household or server has.
fn network(address: Option<&str>) -> Vec<u8> {
    match address.map(|text| text.parse::<IpAddr>().map(|ip| ip.to_canonical())) {
        Some(Ok(IpAddr::V4(ip))) => ip.octets().to_vec(),
        Some(Ok(IpAddr::V6(ip))) => ip.octets().into_iter().take(8).collect(),
        Some(Err(_)) | None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Option<&str> = Some("192.0.2.1");
    const AWAY: Option<&str> = Some("198.51.100.7");

    fn at(seconds: i64) -> Timestamp {
        Timestamp(0).plus_seconds(1_000_000 + seconds)
    }

    fn begin(throttle: &Throttle, account: &str, address: Option<&str>, now: Timestamp) -> Result<u64, i64> {
        let begun = throttle.begin(Credential::Password, account, address, now);
        begun.map(|late| late.as_millis() as u64).map_err(|retry| retry.seconds)
    }

    #[test]
    fn delays_grow_and_end() {
        let throttle = Throttle::default();
        for _ in 0..10 {
            assert_eq!(begin(&throttle, "a", HOME, at(0)), Ok(0));
        }
        assert_eq!(begin(&throttle, "a", HOME, at(0)), Err(1));
        assert_eq!(begin(&throttle, "a", HOME, at(1)), Ok(0));
        assert_eq!(begin(&throttle, "a", HOME, at(1)), Err(2));
        let mut now = 1;
        for _ in 0..20 {
            now += begin(&throttle, "a", HOME, at(now)).err().unwrap_or(0);
            assert!(begin(&throttle, "a", HOME, at(now)).is_ok());
        }
        assert_eq!(begin(&throttle, "a", HOME, at(now)), Err(300), "never longer than the cap");
        assert_eq!(begin(&throttle, "a", HOME, at(now + 3_601)), Ok(0), "forgotten");
        assert_eq!(begin(&throttle, "a", HOME, at(now + 3_601)), Ok(0));
    }

    #[test]
    fn strangers_elsewhere_lock_nobody_out() {
        let throttle = Throttle::default();
        assert_eq!(begin(&throttle, "a", HOME, at(0)), Ok(0));
        throttle.succeeded(Credential::Password, "a", HOME, at(0));
        for stranger in 0..10_000_u32 {
            let address = std::net::Ipv4Addr::from(stranger).to_string();
            assert!(begin(&throttle, "a", Some(&address), at(1)).is_ok_and(|late| late <= 4_000));
        }
        assert_eq!(begin(&throttle, "a", HOME, at(1)), Ok(0), "known address: at once");
        assert_eq!(begin(&throttle, "a", AWAY, at(1)), Ok(4_000), "unknown address: late, but looked at");
    }

    #[test]
    fn one_address_cannot_try_every_account() {
        let throttle = Throttle::default();
        assert_eq!(begin(&throttle, "mine", HOME, at(0)), Ok(0));
        throttle.succeeded(Credential::Password, "mine", HOME, at(0));
        for account in 0..50 {
            assert_eq!(begin(&throttle, &account.to_string(), HOME, at(0)), Ok(0));
        }
        assert_eq!(begin(&throttle, "another", HOME, at(0)), Err(1));
        assert_eq!(begin(&throttle, "mine", HOME, at(0)), Ok(0), "whoever belongs here is spared");
        assert_eq!(begin(&throttle, "another", AWAY, at(0)), Ok(0));
    }

    #[test]
    fn people_and_apps_are_counted_apart() {
        let throttle = Throttle::default();
        for account in 0..50 {
            assert_eq!(begin(&throttle, &account.to_string(), HOME, at(0)), Ok(0));
        }
        assert_eq!(begin(&throttle, "another", HOME, at(0)), Err(1));
        let app = |account| throttle.begin(Credential::ClientSecret, account, HOME, at(0));
        assert!((0..100).all(|_| app("app").is_ok()), "its own hundred is free");
        assert_eq!(begin(&throttle, "app", AWAY, at(0)), Ok(0), "an account of the same name is another one");
    }

    #[test]
    fn owning_an_account_wipes_out_nothing() {
        let throttle = Throttle::default();
        for account in 0..50 {
            assert_eq!(begin(&throttle, &account.to_string(), HOME, at(0)), Ok(0));
            assert!(begin(&throttle, "mine", HOME, at(0)).is_ok());
            throttle.succeeded(Credential::Password, "mine", HOME, at(0));
        }
        assert_eq!(begin(&throttle, "another", HOME, at(0)), Err(1));
    }

    #[test]
    fn a_network_is_one_address() {
        let throttle = Throttle::default();
        for host in 0..10 {
            assert_eq!(begin(&throttle, "a", Some(&format!("2001:db8::{host}")), at(0)), Ok(0));
        }
        assert_eq!(begin(&throttle, "a", Some("2001:db8::ffff"), at(0)), Err(1));
        assert_eq!(begin(&throttle, "a", Some("2001:db8:0:1::1"), at(0)), Ok(0));
        assert_eq!(network(Some("::ffff:192.0.2.1")), network(HOME));
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::default();
        assert!(begin(&throttle, "mine", HOME, at(0)).is_ok());
        throttle.succeeded(Credential::Password, "mine", HOME, at(0));
        for number in 0..70_000_u32 {
            let address = std::net::Ipv4Addr::from(number).to_string();
            assert!(begin(&throttle, &number.to_string(), Some(&address), at(i64::from(number / 100))).is_ok());
        }
        let counters = throttle.lock();
        assert!(counters.pairs.len() <= CAPACITY && counters.addresses.len() <= CAPACITY && counters.accounts.len() <= CAPACITY);
        assert!(counters.pairs.values().any(|counter| counter.known), "known addresses go last");
    }

    #[tokio::test]
    async fn holding_back_is_bounded() {
        let throttle = Throttle::default();
        let start = std::time::Instant::now();
        let answers = (0..HELD_BACK + 5).map(|_| async {
            throttle.hold_back(Duration::from_millis(200)).await;
            start.elapsed()
        });
        let waited = futures_util::future::join_all(answers).await;
        assert_eq!(waited.iter().filter(|waited| waited.as_millis() >= 200).count(), HELD_BACK);
    }
}
