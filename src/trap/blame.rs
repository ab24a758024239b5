//! Which source a list that was found comes from: Bayes' rule over everybody who was shown some of it.
//!
//! A source is what one reader was shown on screen, or one exported file. If it is where the list comes from, then each person of the
//! list was drawn from the `size` leads that the source was shown with probability *w*, and else from the whole list of `all` leads;
//! *w* is unknown and each of [`SHARES`] as probable. If the source is unknown, all were drawn from the whole list. A canary is drawn
//! from the whole list [`CANARY`] times as seldom: it stands in no other list. Every source, and the unknown one, is as probable
//! as any other beforehand.
//!
//! A list that was merged is explained one source after another: the most probable one takes what it was shown, the rest is looked at
//! again.

/// The parts of a list that come from one source.
const SHARES: [f64; 6] = [0.1, 0.25, 0.5, 0.75, 0.9, 0.98];
/// How much more seldom a canary is met elsewhere.
const CANARY: f64 = 1e-9;
/// People that a further source must explain at least, if there is no canary among them.
const FEWEST: usize = 3;
/// Sources that a list is explained by at most.
const SOURCES: usize = 10;

/// Somebody of the list, identified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Whether it is a canary.
    pub canary: bool,
}

/// A possible source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The numbers of those observed who were among what it was shown, rising.
    pub shown: Vec<usize>,
    /// How many leads it was shown in all.
    pub size: u64,
}

/// A source that explains a part of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its number among the candidates.
    pub candidate: usize,
    /// How probable it is that what only it explains comes from it, 0 to 1.
    pub probability: f64,
    /// How many of those observed it was shown.
    pub explains: usize,
    /// How many of them are canaries.
    pub canaries: usize,
}

/// What is to be said of the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// For each candidate how probable it is that it is the main source. With `unknown` they add up to 1.
    pub probabilities: Vec<f64>,
    /// How probable it is that none of them is.
    pub unknown: f64,
    /// The sources that together explain the list, the first first.
    pub sources: Vec<Source>,
}

/// Weighs the candidates; `all` is how many leads there are.
pub fn judge(observed: &[Observed], candidates: &[Candidate], all: u64) -> Verdict {
    let (mut left, mut sources) = (vec![true; observed.len()], Vec::new());
    let everybody: Vec<usize> = (0..candidates.len()).collect();
    let (probabilities, unknown) = weigh(observed, &left, candidates, &everybody, all);
    let (mut now, mut elsewhere) = (probabilities.clone(), unknown);
    while sources.len() < SOURCES {
        let best = (0..candidates.len()).filter(|at| !sources.contains(at)).max_by(|one, other| now[*one].total_cmp(&now[*other]));
        let Some(best) = best.filter(|best| now[*best] > elsewhere) else { break };
        let fresh = candidates[best].shown.iter().filter(|at| left[**at]);
        let (people, canaries) = fresh.fold((0, 0), |(all, canaries), at| (all + 1, canaries + usize::from(observed[*at].canary)));
        if people < FEWEST.min(observed.len()) && canaries == 0 {
            break;
        }
        for at in &candidates[best].shown {
            left[*at] = false;
        }
        sources.push(best);
        (now, elsewhere) = weigh(observed, &left, candidates, &everybody, all);
    }
    let sources = sources.iter().map(|source| told(observed, candidates, all, *source, &sources)).collect();
    Verdict { probabilities, unknown, sources }
}

/// A source, weighed by what no other source explains.
fn told(observed: &[Observed], candidates: &[Candidate], all: u64, source: usize, sources: &[usize]) -> Source {
    let shown = &candidates[source].shown;
    let others: Vec<usize> = sources.iter().copied().filter(|other| *other != source).collect();
    let mut own = vec![true; observed.len()];
    for at in others.iter().flat_map(|other| &candidates[*other].shown) {
        own[*at] = false;
    }
    if !shown.iter().any(|at| own[*at]) {
        own = vec![true; observed.len()];
    }
    let compared: Vec<usize> = (0..candidates.len()).filter(|at| !others.contains(at)).collect();
    let (probabilities, _) = weigh(observed, &own, candidates, &compared, all);
    let canaries = shown.iter().filter(|at| observed[**at].canary).count();
    Source { candidate: source, probability: probabilities[source], explains: shown.len(), canaries }
}

/// How probable each of the compared is as the source of those who are `left`, and how probable it is that none is.
fn weigh(observed: &[Observed], left: &[bool], candidates: &[Candidate], compared: &[usize], all: u64) -> (Vec<f64>, f64) {
    let count = |canary: bool| left.iter().zip(observed).filter(|(left, seen)| **left && seen.canary == canary).count();
    let (people, canaries) = (count(false), count(true));
    let all = float(all.max(1));
    let seldom = [(all.recip(), people), (CANARY / all, canaries)];
    let nobody: f64 = seldom.iter().map(|(chance, number)| chance.ln() * real(*number)).sum();
    let likely = |candidate: &Candidate| {
        let explained = candidate.shown.iter().filter(|at| left[**at]);
        let (with, traps) = explained.fold((0, 0), |(all, traps), at| (all + 1, traps + usize::from(observed[*at].canary)));
        let drawn = float(candidate.size.max(candidate.shown.len() as u64).max(1)).recip();
        let of_share = |share: &f64| {
            let part = |(chance, number): (f64, usize), explained: usize| {
                let rest = (1.0 - share) * chance;
                (share * drawn + rest).ln() * real(explained) + rest.ln() * real(number - explained)
            };
            part(seldom[0], with - traps) + part(seldom[1], traps)
        };
        log_sum(SHARES.iter().map(of_share)) - real(SHARES.len()).ln()
    };
    let mut weights = vec![f64::NEG_INFINITY; candidates.len()];
    for at in compared {
        weights[*at] = likely(&candidates[*at]);
    }
    let total = log_sum(weights.iter().copied().chain([nobody]));
    (weights.iter().map(|weight| (weight - total).exp()).collect(), (nobody - total).exp())
}

/// ln Σ eˣ without leaving the range of numbers.
fn log_sum(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY { most } else { most + terms.map(|term| (term - most).exp()).sum::<f64>().ln() }
}

#[allow(clippy::cast_precision_loss, reason = "numbers of leads are far below 2^52")]
const fn float(number: u64) -> f64 {
    number as f64
}

const fn real(number: usize) -> f64 {
    float(number as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sources over a list of `all`: each was shown some leads and a canary of its own, whose number is `all` and up.
    fn company(all: usize, sets: &[Vec<usize>]) -> Vec<Vec<usize>> {
        sets.iter().enumerate().map(|(at, set)| set.iter().copied().chain([all + at]).collect()).collect()
    }

    /// The list that was found, as candidates explain it.
    fn judged(all: usize, sources: &[Vec<usize>], found: &[usize]) -> Verdict {
        let observed: Vec<Observed> = found.iter().map(|lead| Observed { canary: *lead >= all }).collect();
        let shown = |source: &Vec<usize>| (0..found.len()).filter(|at| source.contains(&found[*at])).collect();
        let candidates: Vec<_> = sources.iter().map(|source| Candidate { shown: shown(source), size: source.len() as u64 }).collect();
        judge(&observed, &candidates, all as u64)
    }

    const ALL: usize = 300;

    fn sets() -> impl Strategy<Value = Vec<Vec<usize>>> {
        let set = proptest::sample::subsequence((0..ALL).collect::<Vec<_>>(), 20..=60);
        proptest::collection::vec(set, 2..6)
    }

    proptest! {
        #[test]
        fn probabilities_add_up_to_one(sets in sets(), found in proptest::sample::subsequence((0..ALL).collect::<Vec<_>>(), 0..=40)) {
            let verdict = judged(ALL, &company(ALL, &sets), &found);
            let sum = verdict.probabilities.iter().sum::<f64>() + verdict.unknown;
            prop_assert!((sum - 1.0).abs() < 1e-9, "{sum}");
            prop_assert!(verdict.sources.iter().all(|source| (0.0..=1.0).contains(&source.probability)));
        }

        #[test]
        fn a_part_of_a_list_in_any_order_points_to_its_source(sets in sets(), which in 0_usize..2, part in 8_usize..20, seed in any::<u64>()) {
            let sources = company(ALL, &sets);
            let mut found = sources[which].clone();
            // A part of it, and in another order: those that a number drawn from the seed puts first.
            found.sort_by_key(|lead| (*lead as u64 + 1).wrapping_mul(seed | 1).rotate_left(17));
            found.truncate(part);
            if !found.contains(&(ALL + which)) {
                found.push(ALL + which);
            }
            let verdict = judged(ALL, &sources, &found);
            prop_assert!(verdict.probabilities[which] > 0.99, "{verdict:?}");
            prop_assert_eq!(verdict.sources[0].candidate, which);
            let mut turned = found.clone();
            turned.reverse();
            let again = judged(ALL, &sources, &turned);
            prop_assert!(again.probabilities.iter().zip(&verdict.probabilities).all(|(one, other)| (one - other).abs() < 1e-9));
        }

        #[test]
        fn merged_lists_point_to_each_source(sets in sets(), strangers in 0_usize..10) {
            let sources = company(ALL, &sets);
            let mut found: Vec<usize> = sources[0].iter().chain(&sources[1]).copied().collect();
            found.sort_unstable();
            found.dedup();
            let of_nobody = (0..ALL).filter(|lead| !sources.iter().any(|source| source.contains(lead)));
            found.extend(of_nobody.take(strangers));
            let verdict = judged(ALL, &sources, &found);
            let mut named: Vec<usize> = verdict.sources.iter().map(|source| source.candidate).collect();
            named.sort_unstable();
            prop_assert_eq!(named, vec![0, 1], "{:?}", verdict);
            prop_assert!(verdict.sources.iter().all(|source| source.probability > 0.99), "{:?}", verdict);
        }
    }

    #[test]
    fn without_canaries_the_narrowest_source_that_saw_them_is_the_most_probable() {
        let sources = vec![(0..200).collect(), (0..20).collect::<Vec<_>>(), (100..140).collect()];
        let verdict = judged(ALL, &sources, &[1, 3, 5, 7, 11, 13]);
        assert!(verdict.probabilities[1] > 0.9 && verdict.probabilities[2] < 0.01, "{verdict:?}");
    }

    #[test]
    fn what_nobody_was_shown_comes_from_elsewhere() {
        let sources = vec![(0..20).collect::<Vec<_>>(), (20..40).collect()];
        let verdict = judged(ALL, &sources, &(100..120).collect::<Vec<_>>());
        assert!(verdict.unknown > 0.9 && verdict.sources.is_empty(), "{verdict:?}");
        let nothing = judged(ALL, &sources, &[]);
        assert!(nothing.sources.is_empty() && (nothing.unknown - 1.0 / 3.0).abs() < 1e-9, "{nothing:?}");
    }

    #[test]
    fn a_single_canary_is_enough() {
        let sources = company(ALL, &[(0..250).collect(), (0..10).collect()]);
        let verdict = judged(ALL, &sources, &[ALL]);
        assert!(verdict.probabilities[0] > 0.99, "{verdict:?}");
    }
}
