// SPDX-License-Identifier: Apache-2.0
// 1,000 tasks that take one lock SIZE / 1,000 times each and count; with the variant "yield" they yield inside.
use crate::program::*;
use std::{sync::Arc, time::Instant};
use tokio::sync::Mutex;

const TASKS: usize = 1000;

pub fn main(args: Arguments) {
    run(args.workers, async move {
        let (each, yields) = (args.size / TASKS, args.variant == "yield");
        let counter = Arc::new(Mutex::new(0));
        let begin = Instant::now();
        let tasks = (0..TASKS).map(|_| {
            let counter = counter.clone();
            tokio::spawn(async move {
                for _ in 0..each {
                    let mut guard = counter.lock().await;
                    if yields {
                        tokio::task::yield_now().await;
                    }
                    *guard += 1;
                }
            })
        });
        join_all(tasks.collect()).await;
        report(each * TASKS, begin);
        require(*counter.lock().await == each * TASKS, "count");
    });
}
