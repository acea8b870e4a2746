// SPDX-License-Identifier: Apache-2.0
// fib(SIZE) with a task for each call.
use crate::program::*;
use std::{future::Future, pin::Pin, time::Instant};

fn fib(n: usize) -> Pin<Box<dyn Future<Output = usize> + Send>> {
    Box::pin(async move {
        if n < 2 {
            return n;
        }
        let (left, right) = (tokio::spawn(fib(n - 1)), tokio::spawn(fib(n - 2)));
        left.await.unwrap() + right.await.unwrap()
    })
}

pub fn main(args: Arguments) {
    run(args.workers, async move {
        let begin = Instant::now();
        let value = fib(args.size).await;
        let (here, next) = (0..args.size).fold((0, 1), |(a, b), _| (b, a + b));
        report(2 * next - 1, begin);
        require(value == here, "fib");
    });
}
