//! The two kinds of drawing that reports have: columns over time, and bars beside each other.
#![allow(clippy::cast_precision_loss, reason = "lengths on paper")]

use super::plot::{Anchor, Plot, Shape, Tone};

const WIDTH: f32 = 487.0;
const LETTERS: f32 = 7.5;

/// What a column is made of: its name and colour, from the foot upwards.
pub(super) type Series<'s> = &'s [(&'s str, Tone)];

/// Columns over time, each a label and a number for every one of the series.
pub(super) fn columns(series: Series<'_>, points: &[(String, Vec<u64>)]) -> Plot {
    let [left, top_free, right, foot_free, height]: [f32; 5] = [34.0, 22.0, 4.0, 18.0, 150.0];
    let mut shapes = legend(series, left);
    let highest = points.iter().map(|(_, numbers)| numbers.iter().sum::<u64>()).max().unwrap_or_default();
    let step = step(highest);
    let top = highest.div_ceil(step).max(1) * step;
    let (plain, room) = (height - foot_free, height - foot_free - top_free);
    let up = |number: u64| room * (number as f32 / top as f32);
    for mark in 0..=top / step {
        let y = plain - up(mark * step);
        shapes.push(Shape::Line([left, y, WIDTH - right, y], if mark == 0 { Tone::Grey } else { Tone::Faint }));
        shapes.push(Shape::Text([left - 4.0, y + 2.6], LETTERS, Anchor::End, Tone::Grey, (mark * step).to_string()));
    }
    let slot = (WIDTH - left - right) / points.len().max(1) as f32;
    let bar = (slot * 0.72).min(26.0);
    // As many labels as have room.
    let every = (52.0 / slot).ceil().max(1.0) as usize;
    for (position, (label, numbers)) in points.iter().enumerate() {
        let middle = left + slot * (position as f32 + 0.5);
        let mut foot = plain;
        for ((_, tone), number) in series.iter().zip(numbers).filter(|(_, number)| **number > 0) {
            foot -= up(*number);
            shapes.push(Shape::Rect([middle - bar / 2.0, foot, bar, up(*number)], *tone));
        }
        if position % every == 0 {
            shapes.push(Shape::Text([middle, plain + 11.0], LETTERS, Anchor::Middle, Tone::Grey, label.clone()));
        }
    }
    let told = points.iter().filter(|(_, numbers)| numbers.iter().any(|number| *number > 0)).map(|(label, numbers)| {
        let all = series.iter().zip(numbers).map(|((name, _), number)| format!("{name} {number}"));
        format!("{label}: {}", all.collect::<Vec<_>>().join(", "))
    });
    Plot { width: WIDTH, height, shapes, told: told.collect::<Vec<_>>().join("; ") }
}

/// Bars from the left: what each is, how long, and what stands behind it.
pub(super) fn bars(rows: &[(String, u64, String, Tone)]) -> Plot {
    let [left, right, row_high]: [f32; 3] = [150.0, 110.0, 17.0];
    let most = rows.iter().map(|(_, number, ..)| *number).max().unwrap_or_default().max(1);
    let mut shapes = Vec::new();
    for (position, (label, number, behind, tone)) in rows.iter().enumerate() {
        let y = position as f32 * row_high + 2.0;
        let long = (WIDTH - left - right) * (*number as f32 / most as f32);
        shapes.push(Shape::Text([left - 6.0, y + 9.0], 8.5, Anchor::End, Tone::Ink, label.clone()));
        shapes.push(Shape::Rect([left, y, long.max(if *number > 0 { 0.8 } else { 0.0 }), row_high - 5.0], *tone));
        shapes.push(Shape::Text([left + long + 5.0, y + 9.0], 8.5, Anchor::Start, Tone::Ink, behind.clone()));
    }
    let height = rows.len() as f32 * row_high + 2.0;
    shapes.push(Shape::Line([left, 0.0, left, height - 3.0], Tone::Grey));
    let told = rows.iter().map(|(label, _, behind, _)| format!("{label}: {behind}")).collect::<Vec<_>>().join("; ");
    Plot { width: WIDTH, height, shapes, told }
}

fn legend(series: Series<'_>, from: f32) -> Vec<Shape> {
    let (mut x, mut shapes) = (from, Vec::new());
    for (name, tone) in series {
        shapes.push(Shape::Rect([x, 2.0, 8.0, 8.0], *tone));
        shapes.push(Shape::Text([x + 12.0, 9.0], 8.0, Anchor::Start, Tone::Ink, (*name).to_owned()));
        // Wide enough for any letters of this size.
        x += 26.0 + name.chars().count() as f32 * 4.4;
    }
    shapes
}

/// The distance of marks, of which there are at most five: 1, 2 or 5 with zeros.
fn step(highest: u64) -> u64 {
    let mut ten = 1_u64;
    loop {
        let steps = [1, 2, 5].map(|times: u64| times.saturating_mul(ten));
        if let Some(step) = steps.into_iter().find(|step| highest <= step.saturating_mul(5)) {
            return step;
        }
        ten = ten.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_numbers() {
        for (highest, wanted) in [(0, 1), (1, 1), (5, 1), (6, 2), (11, 5), (26, 10), (1_204, 500)] {
            assert_eq!(step(highest), wanted, "{highest}");
        }
    }

    #[test]
    fn a_column_is_as_high_as_its_number() {
        let plot = columns(&[("seen", Tone::Dark), ("refused", Tone::Alarm)], &[("a".into(), vec![4, 0]), ("b".into(), vec![1, 1])]);
        let rects: Vec<[f32; 4]> =
            plot.shapes.iter().skip(4).filter_map(|shape| if let Shape::Rect(at, _) = shape { Some(*at) } else { None }).collect();
        assert_eq!(rects.len(), 3, "a number that is nought is not drawn");
        assert!((rects[0][3] - 4.0 * rects[1][3]).abs() < 0.01 && (rects[1][1] - rects[2][1] - rects[2][3]).abs() < 0.01);
        assert_eq!(plot.told, "a: seen 4, refused 0; b: seen 1, refused 1");
    }
}
