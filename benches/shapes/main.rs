//! hardtack alone: hostile shapes, each at two sizes, whose throughput is to be the same; full jars;
//! the public suffix list. "Elements" are cookies, attributes or labels.

#[path = "../contenders/mod.rs"]
mod contenders;
mod full;
mod hostile;
mod suffixes;
#[path = "../workloads/mod.rs"]
mod workloads;

use std::time::Duration;

use criterion::Criterion;

fn main() {
    if contenders::is_first_look_up() {
        return;
    }
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    hostile::lines(&mut criterion);
    hostile::attributes(&mut criterion);
    hostile::labels(&mut criterion);
    hostile::paths(&mut criterion);
    hostile::hosts(&mut criterion);
    hostile::names(&mut criterion);
    full::jars(&mut criterion);
    full::expired_at_once(&mut criterion);
    suffixes::list(&mut criterion);
    criterion.final_summary();
}
