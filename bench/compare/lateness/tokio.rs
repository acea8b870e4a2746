// SPDX-License-Identifier: Apache-2.0
// SIZE tasks that sleep between 1 and 100 ms, all started at once: how late each wakes.
use crate::program::*;
use std::time::{Duration, Instant};

pub fn main(args: Arguments) {
    run(args.workers, async move {
        let mut random = Random::new();
        let tasks = (0..args.size).map(|_| {
            let pause = Duration::from_micros(1000 + random.below(99_001));
            tokio::spawn(async move {
                let begin = Instant::now();
                tokio::time::sleep(pause).await;
                (begin.elapsed().as_secs_f64() - pause.as_secs_f64()) * 1e6
            })
        });
        report_times(join_all(tasks.collect()).await);
    });
}
