//! Whether two collections of postings are the same, told by one number of each.
//!
//! The number is the product, modulo a prime, of a secret linear form of each posting. Different collections of *n* postings come to the
//! same for fewer than *n* + 4 in 2⁶¹ of all secrets, and whoever made them cannot know which is drawn. The order makes no difference.

use std::{collections::hash_map::RandomState, hash::BuildHasher};

/// A prime.
const P: u64 = (1 << 61) - 1;

/// The coefficients, drawn anew for each verification.
#[derive(Clone, Copy)]
pub(super) struct Secret {
    constant: u64,
    low: u64,
    high: u64,
}

impl Secret {
    pub(super) fn draw() -> Self {
        let hash = RandomState::new();
        let [constant, low, high] = [0_u8, 1, 2].map(|which| hash.hash_one(which) % P);
        Self { constant, low, high }
    }

    /// What the term of a posting comes to.
    pub(super) fn term(&self, term: i64) -> u64 {
        let (low, high) = (term as u64 & u64::from(u32::MAX), term as u64 >> 32);
        // In two halves: terms that are a multiple of the prime apart must not be the same.
        modulo(u128::from(self.constant) + u128::from(self.low) * u128::from(low) + u128::from(self.high) * u128::from(high))
    }
}

/// The product of some postings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Product(pub(super) u64);

impl Default for Product {
    /// Of none.
    fn default() -> Self {
        Self(1)
    }
}

impl Product {
    /// Takes in an entry, below 2⁶¹, of the term that [`Secret::term`] made `term` of.
    pub(super) fn posting(&mut self, term: u64, entry: u64) {
        self.0 = modulo(u128::from(self.0) * u128::from(term + entry));
    }

    /// Takes others in.
    pub(super) fn all(&mut self, others: Self) {
        self.0 = modulo(u128::from(self.0) * u128::from(others.0));
    }
}

/// The rest of a number below 2¹²⁴.
const fn modulo(number: u128) -> u64 {
    let once = (number as u64 & P) + (number >> 61) as u64;
    let twice = (once & P) + (once >> 61);
    if twice >= P { twice - P } else { twice }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn a_rest_is_what_division_leaves(number in 0..1_u128 << 124, near in 0..4_u64, times in 0..9_u64) {
            prop_assert_eq!(u128::from(modulo(number)), number % u128::from(P));
            let number = u128::from(P) * u128::from(times) + u128::from(near);
            prop_assert_eq!(u128::from(modulo(number)), number % u128::from(P));
        }

        #[test]
        fn only_the_same_postings_come_to_the_same(mut postings in vec((any::<i64>(), 0..1_u64 << 40), 2..60), other: i64) {
            let secret = Secret::draw();
            let product = |postings: &[(i64, u64)]| {
                let (mut first, mut second) = (Product::default(), Product::default());
                let (one, two) = postings.split_at(postings.len() / 2);
                for (term, entry) in one {
                    first.posting(secret.term(*term), *entry);
                }
                for (term, entry) in two {
                    second.posting(secret.term(*term), *entry);
                }
                first.all(second);
                first
            };
            let before = product(&postings);
            postings.reverse();
            prop_assert_eq!(product(&postings), before);
            let crossed = (postings[0].1, postings[1].1);
            (postings[1].1, postings[0].1) = crossed;
            if postings[0] != postings[1] && crossed.0 != crossed.1 && postings[0].0 != postings[1].0 {
                prop_assert_ne!(product(&postings), before, "leads of two entries crossed");
            }
            (postings[0].1, postings[1].1) = crossed;
            let was = std::mem::replace(&mut postings[0].0, other);
            prop_assert_eq!(product(&postings) == before, was == other);
            postings[0].0 = was.wrapping_add(P as i64);
            prop_assert_ne!(product(&postings), before, "as far away as the prime");
        }
    }
}
