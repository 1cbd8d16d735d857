//! The public suffix list: read once a process, looked up for every new domain.

use criterion::Criterion;
use hardtack::PublicSuffixList;

use crate::contenders::first_look_up;
use crate::workloads;

pub(crate) fn list(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("public suffix list");
    group.sample_size(10);
    group.bench_function("load", |bencher| {
        bencher.iter_custom(|iterations| (0..iterations).map(|_| first_look_up()).sum());
    });
    group.sample_size(50);
    let list = PublicSuffixList::embedded();
    let domains: Vec<String> = (0..1_000).map(workloads::domain).collect();
    let mut next = domains.iter().cycle();
    group.bench_function("is_public_suffix", |bencher| {
        bencher.iter(|| Some(list.is_public_suffix(next.next()?.as_bytes())));
    });
    let hosts: Vec<String> = domains
        .iter()
        .map(|domain| workloads::www(domain))
        .collect();
    let mut next = hosts.iter().cycle();
    group.bench_function("registrable_domain", |bencher| {
        bencher.iter(|| {
            let domain = list.registrable_domain(next.next()?.as_bytes());
            domain.map(<[u8]>::len)
        });
    });
}
