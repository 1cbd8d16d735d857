//! Threads that begin together.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// Does the work on so many threads at once: the time from the first one's start to the last one's
/// end. The work is told which thread it is on.
pub(crate) fn together(threads: usize, work: impl Fn(usize) + Sync) -> Duration {
    let barrier = Barrier::new(threads);
    let watched = |thread| {
        barrier.wait();
        // Each thread has its own watch: a third thread would wait for a core to look at one.
        let start = Instant::now();
        work(thread);
        (start, Instant::now())
    };
    let watched = &watched;
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || watched(thread)))
            .collect();
        let times: Vec<(Instant, Instant)> = running
            .into_iter()
            .map(|thread| thread.join().expect("the work does not panic"))
            .collect();
        let first = times.iter().map(|(start, _)| *start).min();
        let last = times.iter().map(|(_, end)| *end).max();
        last.zip(first)
            .map_or(Duration::ZERO, |(last, first)| last - first)
    })
}
