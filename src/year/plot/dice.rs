//! Chance that repeats itself: the same seed, purpose and numbers always fall the same way, whoever asks in whatever order.

/// A stream of chance (SplitMix64).
#[derive(Clone, Debug)]
pub(in crate::year) struct Dice(u64);

impl Dice {
    /// The stream of a seed for one purpose, told apart from others of it by two numbers (a person and a day, for example).
    pub(in crate::year) fn of(seed: u64, purpose: &str, numbers: [usize; 2]) -> Self {
        let mut dice = Self(seed);
        for part in purpose.bytes().map(u64::from).chain(numbers.map(|number| number as u64)) {
            dice.0 = dice.next() ^ part.wrapping_mul(0xd6e8_feb8_6659_fd93);
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, but without, `end`; 0 if `end` is 0.
    pub(in crate::year) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// A number of this range, its ends included.
    pub(in crate::year) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below((to - from + 1).max(1) as usize) as i64
    }

    /// Whether something happens that does so this often in a hundred times.
    pub(in crate::year) fn percent(&mut self, often: usize) -> bool {
        self.below(100) < often
    }

    /// Whether something happens that happens `mean` times on average; always from 1 on.
    pub(in crate::year) fn often(&mut self, mean: f64) -> bool {
        mean >= 1.0 || self.unit() < mean
    }

    /// One of these.
    pub(in crate::year) fn pick<T: Copy, const N: usize>(&mut self, of: &[T; N]) -> T {
        of[self.below(N)]
    }

    /// In another order.
    pub(in crate::year) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }

    /// How often something happens that happens `mean` times on average (Poisson, by Knuth's multiplication).
    pub(in crate::year) fn times(&mut self, mean: f64) -> usize {
        let (floor, mut product, mut times) = ((-mean).exp(), self.unit(), 0);
        while product > floor && times < 1_000 {
            product *= self.unit();
            times += 1;
        }
        times
    }

    /// A factor around 1, sometimes far from it: a half to double in two cases out of three (log-normal, σ = ln 2).
    pub(in crate::year) fn factor(&mut self) -> f64 {
        // Twelve uniform numbers have the variance 1.
        let normal = (0..12).map(|_| self.unit()).sum::<f64>() - 6.0;
        normal.exp2()
    }

    /// From 0 up to, but without, 1.
    fn unit(&mut self) -> f64 {
        f64::from((self.next() >> 32) as u32) / 4_294_967_296.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_falls_the_same() {
        let draw = |seed, purpose, numbers| {
            let mut dice = Dice::of(seed, purpose, numbers);
            (0..8).map(|_| dice.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7, "day", [1, 2]), draw(7, "day", [1, 2]));
        for other in [draw(8, "day", [1, 2]), draw(7, "year", [1, 2]), draw(7, "day", [2, 1])] {
            assert_ne!(draw(7, "day", [1, 2]), other);
        }
    }

    #[test]
    fn chance_is_fair() {
        let mut dice = Dice::of(1, "fair", [0, 0]);
        let all: usize = (0..10_000).map(|_| dice.times(3.0)).sum();
        assert!((29_000..31_000).contains(&all), "{all}");
        let middle = (0..10_000).filter(|_| (0.5..2.0).contains(&dice.factor())).count();
        assert!((6_500..7_200).contains(&middle), "{middle}");
        let mut order: Vec<usize> = (0..50).collect();
        dice.shuffle(&mut order);
        assert!(order.iter().enumerate().any(|(at, item)| at != *item));
        order.sort_unstable();
        assert_eq!(order, (0..50).collect::<Vec<_>>());
        assert_eq!((dice.below(0), dice.below(1), dice.between(4, 4)), (0, 0, 4));
    }
}
