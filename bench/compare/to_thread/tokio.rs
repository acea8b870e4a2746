// SPDX-License-Identifier: Apache-2.0
// SIZE empty functions by spawn_blocking, one at a time; with the variant "all" all in flight at once.
use crate::program::*;
use std::time::Instant;
use tokio::task::spawn_blocking;

pub fn main(args: Arguments) {
    run(args.workers, async move {
        let size = args.size;
        let begin = Instant::now();
        let sum: usize = if args.variant == "all" {
            join_all((0..size).map(|i| spawn_blocking(move || i)).collect()).await.iter().sum()
        } else {
            let mut sum = 0;
            for i in 0..size {
                sum += spawn_blocking(move || i).await.unwrap();
            }
            sum
        };
        report(size, begin);
        require(sum == size * (size - 1) / 2, "sum");
    });
}
