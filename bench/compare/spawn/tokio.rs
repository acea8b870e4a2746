// SPDX-License-Identifier: Apache-2.0
// Spawns SIZE tasks, holds all their handles, then awaits each.
use crate::program::*;
use std::time::Instant;

pub fn main(args: Arguments) {
    run(args.workers, async move {
        let size = args.size;
        let begin = Instant::now();
        let tasks = (0..size).map(|i| tokio::spawn(async move { i })).collect();
        let sum: usize = join_all(tasks).await.iter().sum();
        report(size, begin);
        require(sum == size * (size - 1) / 2, "sum");
    });
}
