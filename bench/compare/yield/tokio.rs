// SPDX-License-Identifier: Apache-2.0
// 1,000 tasks that yield SIZE / 1,000 times each.
use crate::program::*;
use std::time::Instant;
use tokio::task::yield_now;

const TASKS: usize = 1000;

pub fn main(args: Arguments) {
    run(args.workers, async move {
        let each = args.size / TASKS;
        let begin = Instant::now();
        let tasks = (0..TASKS).map(|_| {
            tokio::spawn(async move {
                for _ in 0..each {
                    yield_now().await;
                }
            })
        });
        join_all(tasks.collect()).await;
        report(each * TASKS, begin);
    });
}
