// SPDX-License-Identifier: Apache-2.0
// What the programs for Tokio share: arguments, runtime, clock, the one line of output (support/program.hpp). They are
// modules of one crate, which runner/build.py writes: PROGRAM WORKLOAD WORKERS SIZE [VARIANT].
use std::future::Future;
use std::process::exit;
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

#[derive(Clone)]
pub struct Arguments {
    pub workers: usize,
    pub size: usize,
    pub variant: String,
}

pub fn parse() -> (String, Arguments) {
    let words: Vec<String> = std::env::args().collect();
    if words.len() < 4 {
        eprintln!("usage: {} WORKLOAD WORKERS SIZE [VARIANT]", words[0]);
        exit(2);
    }
    let variant = words.get(4).cloned().unwrap_or_default();
    (words[1].clone(), Arguments { workers: words[2].parse().unwrap(), size: words[3].parse().unwrap(), variant })
}

/// The runtime of so many threads; with FLAVOUR=current_thread the one that has no others.
pub fn runtime(workers: usize) -> Runtime {
    if std::env::var("FLAVOUR").as_deref() == Ok("current_thread") {
        if workers != 1 {
            cannot();
        }
        return Builder::new_current_thread().enable_all().build().unwrap();
    }
    Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap()
}

/// Runs the work as a task on a worker, not on the thread that waits for it, and ends the process: what is still pending
/// then is not part of the measurement.
pub fn run<F: Future<Output = ()> + Send + 'static>(workers: usize, work: F) {
    runtime(workers).block_on(async { tokio::spawn(work).await.unwrap() });
    exit(0);
}

pub fn cannot() -> ! {
    exit(3)
}

pub fn require(right: bool, what: &str) {
    if !right {
        eprintln!("wrong result: {what}");
        exit(1);
    }
}

pub fn report(operations: usize, begin: Instant) {
    println!("operations={operations} seconds={:.9}", begin.elapsed().as_secs_f64());
}

/// Prints times in microseconds as the 101 points from the least to the greatest.
pub fn report_times(mut microseconds: Vec<f64>) {
    microseconds.sort_by(|a, b| a.partial_cmp(b).unwrap());
    let points: Vec<String> =
        (0..=100).map(|percent| format!("{:.1}", microseconds[(microseconds.len() - 1) * percent / 100])).collect();
    println!("operations={} percentiles_us={}", microseconds.len(), points.join(","));
}

/// Awaits them all.
pub async fn join_all<T>(tasks: Vec<JoinHandle<T>>) -> Vec<T> {
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

/// xorshift64: the same sequence in every language.
pub struct Random(u64);

impl Random {
    pub fn new() -> Self {
        Random(88172645463325252)
    }
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
