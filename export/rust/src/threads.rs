use std::env;
use std::thread::available_parallelism;

/// How many threads this process may use: by its affinity, its control group's quota, and `OMP_NUM_THREADS`.
pub(crate) fn usable() -> usize {
    let limit = env::var("OMP_NUM_THREADS").ok().and_then(|text| text.trim().parse().ok()).filter(|limit| *limit > 0);
    let found = available_parallelism().map_or(1, usize::from);
    limit.map_or(found, |limit: usize| limit.min(found))
}
