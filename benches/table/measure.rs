//! Medians of contenders that take turns, so that what else the machine does meets them alike.

use std::time::{Duration, Instant};

/// What one contender does in a round.
pub(crate) struct Work<'a> {
    /// The time of a round's operations. What has to be made before, and dropped after, is not in it.
    run: Box<dyn FnMut() -> Duration + 'a>,
    operations: u32,
}

impl<'a> Work<'a> {
    /// Work that says itself how long it took.
    pub(crate) fn timed(operations: usize, run: impl FnMut() -> Duration + 'a) -> Self {
        Self {
            run: Box::new(run),
            operations: u32::try_from(operations).expect("a few million operations"),
        }
    }

    /// Work that is done twice in a round, and timed the second time: the contender before has left
    /// its own octets in the caches.
    pub(crate) fn new(operations: usize, mut run: impl FnMut() + 'a) -> Self {
        Self::timed(operations, move || {
            run();
            time(&mut run)
        })
    }
}

pub(crate) fn time(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

/// The median of the nanoseconds that one operation takes, of each work.
pub(crate) fn medians<const N: usize>(rounds: usize, mut works: [Work<'_>; N]) -> [f64; N] {
    let mut times = [const { Vec::new() }; N];
    for _ in 0..rounds {
        for (work, times) in works.iter_mut().zip(&mut times) {
            let nanoseconds = (work.run)().as_secs_f64() * 1e9;
            times.push(nanoseconds / f64::from(work.operations));
        }
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    })
}
