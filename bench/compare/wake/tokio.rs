// SPDX-License-Identifier: Apache-2.0
// SIZE times: an idle runtime is given a task from outside; how long until its first instruction. With the variant
// "burst": 1,000 tasks at once, until the last has begun.
use crate::program::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{sync::mpsc, sync::Arc};

fn outside(handle: tokio::runtime::Handle, args: Arguments) {
    let burst = if args.variant == "burst" { 1000 } else { 1 };
    let mut microseconds = Vec::new();
    for _ in 0..args.size {
        std::thread::sleep(Duration::from_millis(2)); // until all workers are asleep
        let left = Arc::new(AtomicUsize::new(burst));
        let (ran, has_run) = mpsc::channel();
        let begin = Instant::now();
        for _ in 0..burst {
            let (left, ran) = (left.clone(), ran.clone());
            handle.spawn(async move {
                let now = Instant::now();
                if left.fetch_sub(1, Ordering::SeqCst) == 1 {
                    ran.send(now).unwrap();
                }
            });
        }
        microseconds.push((has_run.recv().unwrap() - begin).as_secs_f64() * 1e6);
    }
    report_times(microseconds);
    std::process::exit(0);
}

pub fn main(args: Arguments) {
    let runtime = runtime(args.workers);
    let handle = runtime.handle().clone();
    std::thread::spawn(move || outside(handle, args));
    runtime.block_on(std::future::pending::<()>());
}
