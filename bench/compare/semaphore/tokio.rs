// SPDX-License-Identifier: Apache-2.0
// 1,000 tasks that take one of ten permits SIZE / 1,000 times each; with the variant "yield" they yield inside.
use crate::program::*;
use std::{sync::Arc, time::Instant};
use tokio::sync::Semaphore;

const TASKS: usize = 1000;

pub fn main(args: Arguments) {
    run(args.workers, async move {
        let (each, yields) = (args.size / TASKS, args.variant == "yield");
        let permits = Arc::new(Semaphore::new(10));
        let begin = Instant::now();
        let tasks = (0..TASKS).map(|_| {
            let permits = permits.clone();
            tokio::spawn(async move {
                for _ in 0..each {
                    let _permit = permits.acquire().await.unwrap();
                    if yields {
                        tokio::task::yield_now().await;
                    }
                }
            })
        });
        join_all(tasks.collect()).await;
        report(each * TASKS, begin);
    });
}
