// SPDX-License-Identifier: Apache-2.0
// SIZE time-outs, one after the other, around an operation that is ready, or yields once ("yield"), the latter also with
// 100,000 timers pending ("pending").
use crate::program::*;
use std::future::Future;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

async fn ready(value: usize) -> usize {
    value
}

async fn yields(value: usize) -> usize {
    tokio::task::yield_now().await;
    value
}

async fn churn<F: Future<Output = usize>>(size: usize, operation: fn(usize) -> F) {
    let mut sum = 0;
    let begin = Instant::now();
    for i in 0..size {
        sum += timeout(Duration::from_secs(60), operation(i)).await.unwrap();
    }
    report(size, begin);
    require(sum == size * (size - 1) / 2, "sum");
}

pub fn main(args: Arguments) {
    run(args.workers, async move {
        let pending = if args.variant == "pending" { 100_000 } else { 0 };
        for i in 0..pending {
            tokio::spawn(sleep(Duration::from_millis(600_000 + i)));
        }
        sleep(Duration::from_millis(200)).await; // until each of them has armed its timer
        match args.variant.as_str() {
            "" | "ready" => churn(args.size, ready).await,
            _ => churn(args.size, yields).await,
        }
    });
}
