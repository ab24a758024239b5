//! Days as they are stored: eight of an account in a row of the index.
//!
//! A day is its number in the span (one byte), how many bytes follow, and numbers of seven bits to the byte, the lowest first, the
//! last below 128. What peers are compared by comes first, so that whoever needs no more reads no further.

use std::collections::BTreeMap;

use super::Daily;
use crate::store::StoreError;

/// How many days a span has.
pub const SPAN: i64 = 8;

/// What an account did, by day.
pub type Days = BTreeMap<i64, Daily>;

/// The span that a day lies in.
pub const fn span_of(day: i64) -> i64 {
    day.div_euclid(SPAN)
}

/// The days of one span as they are stored.
pub fn pack(days: &Days) -> Vec<u8> {
    let (mut body, mut one) = (Vec::new(), Vec::new());
    for (day, daily) in days {
        body.push(day.rem_euclid(SPAN) as u8);
        one.clear();
        write(daily, &mut one);
        put(one.len() as u64, &mut body);
        body.extend_from_slice(&one);
    }
    body
}

/// A day by itself, which stands in no row.
pub fn pack_day(daily: &Daily) -> Box<[u8]> {
    let mut body = Vec::new();
    write(daily, &mut body);
    body.into()
}

/// What [`pack_day`] packed.
pub fn unpack_day(body: &[u8]) -> Option<Daily> {
    read(body, false)
}

/// The days of a span that was stored; of each only records, views, leads, leads in files and denials if it is to be `brief`.
pub fn unpack(span: i64, body: &[u8], brief: bool) -> Result<Days, StoreError> {
    let corrupt = || StoreError::Corrupt("a day of the ledger's index; run `leadkeep ledger reindex`".into());
    read_all(span, body, brief).ok_or_else(corrupt)
}

fn read_all(span: i64, body: &[u8], brief: bool) -> Option<Days> {
    let (mut input, mut days) = (body, Days::new());
    while let Some((number, rest)) = input.split_first() {
        input = rest;
        let length = usize::try_from(take(&mut input)?).ok()?;
        let (one, rest) = input.split_at_checked(length)?;
        input = rest;
        let after = days.last_key_value().is_none_or(|(last, _)| last.rem_euclid(SPAN) < i64::from(*number));
        let known = (i64::from(*number) < SPAN && after).then_some(span * SPAN + i64::from(*number))?;
        days.insert(known, read(one, brief)?);
    }
    Some(days)
}

fn write(daily: &Daily, out: &mut Vec<u8>) {
    let [allowed, denied, invalid, failed] = daily.decisions;
    let first = [daily.views, daily.leads, daily.downloaded, denied, daily.records, daily.downloads, allowed, invalid, failed];
    for number in first.into_iter().chain(daily.kinds).chain([daily.clear.into(), daily.masked.into()]) {
        put(number, out);
    }
    let hours = (0..24).filter(|hour| daily.hours[*hour] > 0);
    put(hours.clone().fold(0, |set, hour| set | 1 << hour), out);
    for hour in hours {
        put(daily.hours[hour], out);
    }
    for kinds in [&daily.addresses, &daily.purposes, &daily.codes] {
        put(kinds.len() as u64, out);
        for (kind, count) in kinds {
            put(kind.len() as u64, out);
            out.extend_from_slice(kind.as_bytes());
            put(*count, out);
        }
    }
}

fn read(mut input: &[u8], brief: bool) -> Option<Daily> {
    let input = &mut input;
    let mut daily = Daily { views: take(input)?, leads: take(input)?, downloaded: take(input)?, ..Daily::default() };
    (daily.decisions[1], daily.records) = (take(input)?, take(input)?);
    if brief {
        return Some(daily);
    }
    daily.downloads = take(input)?;
    for decision in [0, 2, 3] {
        daily.decisions[decision] = take(input)?;
    }
    for kind in &mut daily.kinds {
        *kind = take(input)?;
    }
    (daily.clear, daily.masked) = (take(input)?.try_into().ok()?, take(input)?.try_into().ok()?);
    let hours = take(input).filter(|hours| *hours < 1 << 24)?;
    for hour in (0..24).filter(|hour| hours >> hour & 1 == 1) {
        daily.hours[hour] = take(input)?;
    }
    for kinds in [&mut daily.addresses, &mut daily.purposes, &mut daily.codes] {
        for _ in 0..take(input)? {
            let length = usize::try_from(take(input)?).ok()?;
            let (kind, rest) = input.split_at_checked(length)?;
            *input = rest;
            kinds.insert(std::str::from_utf8(kind).ok()?.to_owned(), take(input)?);
        }
    }
    input.is_empty().then_some(daily)
}

fn put(mut number: u64, out: &mut Vec<u8>) {
    while number >= 128 {
        out.push(number as u8 | 128);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take(input: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = input.split_first()?;
        *input = rest;
        number |= u64::from(byte & 127) << shift;
        if *byte < 128 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::{
        collection::{btree_map, vec},
        prelude::*,
    };

    use super::*;

    fn number() -> impl Strategy<Value = u64> {
        prop_oneof![0..3_u64, 100..300_u64, any::<u64>()]
    }

    prop_compose! {
        fn daily()(
            numbers in vec(number(), 5 + 4 + 6 + 24),
            fields in any::<[u32; 2]>(),
            named in vec(btree_map("[a-z0-9.:é]{0,12}", number(), 0..4), 3),
        ) -> Daily {
            let mut numbers = numbers.into_iter();
            let mut next = || numbers.next().unwrap();
            Daily {
                records: next(),
                views: next(),
                leads: next(),
                downloads: next(),
                downloaded: next(),
                decisions: std::array::from_fn(|_| next()),
                kinds: std::array::from_fn(|_| next()),
                hours: std::array::from_fn(|_| next()),
                clear: fields[0],
                masked: fields[1],
                addresses: named[0].clone(),
                purposes: named[1].clone(),
                codes: named[2].clone(),
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_packed_can_be_unpacked(span in -3..4_000_i64, found in btree_map(0..SPAN, daily(), 0..9)) {
            let days: Days = found.into_iter().map(|(day, daily)| (span * SPAN + day, daily)).collect();
            let body = pack(&days);
            prop_assert!(days.keys().all(|day| span_of(*day) == span));
            let brief = unpack(span, &body, true).unwrap();
            prop_assert!(brief.keys().eq(days.keys()));
            for (brief, day) in brief.values().zip(days.values()) {
                prop_assert_eq!(
                    (brief.records, brief.views, brief.leads, brief.downloaded, brief.denied()),
                    (day.records, day.views, day.leads, day.downloaded, day.denied())
                );
            }
            for daily in days.values() {
                let again = unpack_day(&pack_day(daily));
                prop_assert_eq!(again.as_ref(), Some(daily));
            }
            prop_assert_eq!(unpack(span, &body, false).unwrap(), days);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(body in vec(any::<u8>(), 0..60)) {
            drop(unpack(2_500, &body, false));
        }
    }
}
