// SPDX-License-Identifier: Apache-2.0
// SIZE timers armed and dropped, one after the other. Variants: "ahead", with an earlier one pending; "pending" and
// "million", with 100,000 and 1,000,000 later ones; "both", two tasks at once with an earlier one pending.
use crate::program::*;
use std::future::{poll_fn, Future};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// A sleep arms its timer when it is first polled, and takes it back when it is dropped.
async fn arm_and_drop() {
    let mut timer = Box::pin(sleep(Duration::from_secs(60)));
    poll_fn(|context| {
        require(timer.as_mut().poll(context).is_pending(), "a timer of 60 s is due");
        Poll::Ready(())
    })
    .await;
}

async fn churn(size: usize) {
    for _ in 0..size {
        arm_and_drop().await;
    }
}

pub fn main(args: Arguments) {
    run(args.workers, async move {
        let later = match args.variant.as_str() {
            "pending" => 100_000,
            "million" => 1_000_000,
            _ => 0,
        };
        for i in 0..later {
            tokio::spawn(sleep(Duration::from_millis(600_000 + i)));
        }
        if args.variant == "ahead" || args.variant == "both" {
            tokio::spawn(sleep(Duration::from_secs(30)));
        }
        sleep(Duration::from_millis(if later > 0 { 1000 } else { 50 })).await; // until each of them has armed its timer
        let tasks = if args.variant == "both" { 2 } else { 1 };
        let begin = Instant::now();
        join_all((0..tasks).map(|_| tokio::spawn(churn(args.size / tasks))).collect()).await;
        report(args.size, begin);
    });
}
