// SPDX-License-Identifier: Apache-2.0
// SIZE tasks that sleep 10 s each; with the variant "brief" 2 s, with "random" between 1 and 10 s.
use crate::program::*;
use std::time::{Duration, Instant};

pub fn main(args: Arguments) {
    run(args.workers, async move {
        let mut random = Random::new();
        let longest = if args.variant == "brief" { 2_000 } else { 10_000 };
        let begin = Instant::now();
        let tasks = (0..args.size).map(|_| {
            let ms = if args.variant == "random" { 1000 + random.below(9001) } else { longest };
            tokio::spawn(tokio::time::sleep(Duration::from_millis(ms)))
        });
        join_all(tasks.collect()).await;
        let seconds = begin.elapsed().as_secs_f64();
        println!("operations={} seconds={seconds:.9} beyond_ms={:.1}", args.size, seconds * 1e3 - longest as f64);
    });
}
