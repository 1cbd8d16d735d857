//! The plot of W3: time against size, both by their logarithms.

use std::fs;
use std::io;

use crate::text::{self, Cell, Row, duration, thousands};
use crate::workloads::SIZES;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/w3.svg");

const LEFT: f64 = 68.0;
const RIGHT: f64 = 520.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 312.0;
/// From the ends of the grid to the outermost points.
const INSET: f64 = 34.0;

/// It brings its own background: who looks may have another mode than the page.
const HEAD: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 688 368" width="688" height="368" role="img">
<title>The time to write a Cookie header with 10 cookies, against the size of the jar</title>
<style>
  .ground { fill: #ffffff } text { font: 13px sans-serif; fill: #1f2328 } .heading { font-weight: bold }
  .value { paint-order: stroke; stroke: #ffffff; stroke-width: 4; stroke-linejoin: round }
  .axis { fill: #59636e } .grid { stroke: #d1d9e0; stroke-width: 1 }
  .curve { fill: none; stroke-width: 2.5; stroke-linejoin: round }
  .ours { stroke: #0969da } .ours-fill { fill: #0969da } .theirs { stroke: #bc4c00 } .theirs-fill { fill: #bc4c00 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } .value { stroke: #0d1117 } text { fill: #f0f6fc } .axis { fill: #9198a1 } .grid { stroke: #3d444d }
    .ours { stroke: #58a6ff } .ours-fill { fill: #58a6ff } .theirs { stroke: #f0883e } .theirs-fill { fill: #f0883e }
  }
</style>
<rect class="ground" width="688" height="368" rx="6"/>
<text class="heading" x="68" y="30">Time to write a Cookie header with 10 cookies</text>
"#;

/// The rows of W3, in the order of their sizes.
pub(crate) fn write(headers: &[Row], cookie_store: &str) -> io::Result<()> {
    let ours: Vec<f64> = headers
        .iter()
        .filter_map(|row| row.hardtack.cost())
        .collect();
    let theirs: Vec<f64> = headers
        .iter()
        .filter_map(|row| row.cookie_store.and_then(Cell::cost))
        .collect();
    let times = || ours.iter().chain(&theirs).map(|time| time.log10());
    let lowest = times().fold(f64::INFINITY, f64::min).floor();
    let highest = times().fold(f64::NEG_INFINITY, f64::max).ceil();
    let y = |time: f64| BOTTOM - (BOTTOM - TOP) * (time.log10() - lowest) / (highest - lowest);

    let mut svg = HEAD.to_owned();
    let mut decade = lowest;
    while decade <= highest {
        let height = y(10_f64.powf(decade));
        svg += &line(height);
        svg += &text(
            "axis",
            "end",
            LEFT - 10.0,
            height + 4.5,
            &text::decade(decade),
        );
        decade += 1.0;
    }
    for size in SIZES {
        svg += &text("axis", "middle", x(size), BOTTOM + 22.0, &thousands(size));
    }
    svg += &text(
        "axis",
        "middle",
        f64::midpoint(LEFT, RIGHT),
        BOTTOM + 43.0,
        "cookies in the jar",
    );
    svg += &curve(
        "theirs",
        &theirs,
        y,
        &format!("cookie_store {cookie_store}"),
    );
    svg += &curve("ours", &ours, y, "hardtack");
    svg += "</svg>\n";
    fs::write(FILE, svg)
}

fn x(size: usize) -> f64 {
    let log = |size: usize| f64::from(u32::try_from(size).unwrap_or(u32::MAX)).log10();
    let [first, .., last] = SIZES.map(log);
    LEFT + INSET + (RIGHT - LEFT - 2.0 * INSET) * (log(size) - first) / (last - first)
}

fn curve(class: &str, times: &[f64], y: impl Fn(f64) -> f64, label: &str) -> String {
    let points: Vec<(f64, f64)> = SIZES
        .iter()
        .zip(times)
        .map(|(size, time)| (x(*size), y(*time)))
        .collect();
    let path: Vec<String> = points
        .iter()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    let mut svg = format!(
        "<polyline class=\"curve {class}\" points=\"{}\"/>\n",
        path.join(" ")
    );
    for ((x, y), time) in points.iter().zip(times) {
        svg += &dot(class, *x, *y);
        // The upper curve rises: what stands above it stands to the left.
        let (anchor, x, y) = match class {
            "ours" => ("middle", *x, y + 21.0),
            _ => ("end", x + 6.0, y - 11.0),
        };
        svg += &text("value", anchor, x, y, &duration(*time));
    }
    if let Some((_, y)) = points.last() {
        svg += &text(
            &format!("heading {class}-fill"),
            "start",
            RIGHT + 10.0,
            y + 4.5,
            label,
        );
    }
    svg
}

fn line(y: f64) -> String {
    format!("<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\"/>\n")
}

fn dot(class: &str, x: f64, y: f64) -> String {
    format!("<circle class=\"{class}-fill\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>\n")
}

fn text(class: &str, anchor: &str, x: f64, y: f64, text: &str) -> String {
    format!(
        "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>\n"
    )
}
