//! The tables, in Markdown.

/// A line of the table of peers.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) workload: String,
    pub(crate) hardtack: Cell,
    pub(crate) cookie_store: Option<Cell>,
    pub(crate) cookie: Option<Cell>,
}

#[derive(Clone, Copy)]
pub(crate) enum Cell {
    /// Nanoseconds.
    Time(f64),
    Octets(f64),
    /// How many times something else; the more, the better.
    Factor(f64),
}

impl Cell {
    fn text(self) -> String {
        match self {
            Self::Time(nanoseconds) => duration(nanoseconds),
            Self::Octets(octets) => format!("{octets:.0} octets"),
            Self::Factor(factor) => format!("{factor:.2} ×"),
        }
    }

    /// What is to be small.
    pub(crate) fn cost(self) -> Option<f64> {
        match self {
            Self::Time(cost) | Self::Octets(cost) => Some(cost),
            Self::Factor(_) => None,
        }
    }
}

impl Row {
    /// hardtack's cost, divided by that of the better peer.
    fn ratio(&self) -> Option<f64> {
        let costs = [self.cookie_store, self.cookie].into_iter().flatten();
        let best = costs.filter_map(Cell::cost).min_by(f64::total_cmp)?;
        Some(self.hardtack.cost()? / best)
    }
}

/// A line of the table of hardtack alone.
#[derive(Clone)]
pub(crate) struct Beside {
    pub(crate) what: String,
    /// Nanoseconds.
    pub(crate) time: f64,
    /// How many times that of a jar with room for all.
    pub(crate) factor: Option<f64>,
}

impl Beside {
    pub(crate) fn alone(what: &str, time: f64) -> Self {
        Self {
            what: what.to_owned(),
            time,
            factor: None,
        }
    }
}

pub(crate) fn peer_table(rows: &[Row], cookie_store: &str, cookie: &str) -> String {
    let mut table = format!(
        "| workload | hardtack | `cookie_store` {cookie_store} | `cookie` {cookie} | ratio |\n\
         | --- | ---: | ---: | ---: | ---: |"
    );
    for row in rows {
        let cell = |cell: Option<Cell>| cell.map_or_else(none, Cell::text);
        let columns = [
            row.workload.clone(),
            row.hardtack.text(),
            cell(row.cookie_store),
            cell(row.cookie),
            row.ratio().map_or_else(none, significant),
        ];
        table.push_str(&line(&columns));
    }
    table
}

pub(crate) fn beside_table(rows: &[Beside]) -> String {
    let mut table = "| hardtack alone | time | against a jar with room |\n\
                     | --- | ---: | ---: |"
        .to_owned();
    for row in rows {
        let beside = row.factor.map(|factor| format!("{factor:.2} ×"));
        let columns = [
            row.what.clone(),
            duration(row.time),
            beside.unwrap_or_else(none),
        ];
        table.push_str(&line(&columns));
    }
    table
}

fn none() -> String {
    "–".to_owned()
}

fn line(columns: &[String]) -> String {
    format!("\n| {} |", columns.join(" | "))
}

/// A power of ten nanoseconds, as an axis has it.
pub(crate) fn decade(exponent: f64) -> String {
    duration(10_f64.powf(exponent)).replace(".0", "")
}

/// A time, in the unit that suits it.
pub(crate) fn duration(nanoseconds: f64) -> String {
    let units = [(1e9, "s"), (1e6, "ms"), (1e3, "µs")];
    let (scale, unit) = units
        .into_iter()
        .find(|(scale, _)| nanoseconds >= *scale)
        .unwrap_or((1.0, "ns"));
    format!("{} {unit}", significant(nanoseconds / scale))
}

/// With two significant digits, or all that stand before the point.
fn significant(number: f64) -> String {
    // As far as it would be rounded up to the next power of ten.
    match number {
        9.95.. => format!("{number:.0}"),
        0.995.. => format!("{number:.1}"),
        0.0995.. => format!("{number:.2}"),
        0.00995.. => format!("{number:.3}"),
        0.000_995.. => format!("{number:.4}"),
        0.000_099_5.. => format!("{number:.5}"),
        _ => format!("{number:.6}"),
    }
}

/// A number with its thousands apart.
pub(crate) fn thousands(number: usize) -> String {
    match number {
        ..1_000 => number.to_string(),
        _ => format!("{},{:03}", thousands(number / 1_000), number % 1_000),
    }
}
