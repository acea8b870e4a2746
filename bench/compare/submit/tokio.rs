// SPDX-License-Identifier: Apache-2.0
// One thread outside the runtime spawns SIZE tasks and waits until all have run.
use crate::program::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{sync::mpsc, sync::Arc, time::Instant};

fn submit(handle: tokio::runtime::Handle, size: usize) {
    let done = Arc::new(AtomicUsize::new(0));
    let (finished, is_finished) = mpsc::channel();
    let begin = Instant::now();
    for _ in 0..size {
        let (done, finished) = (done.clone(), finished.clone());
        handle.spawn(async move {
            if done.fetch_add(1, Ordering::Relaxed) + 1 == size {
                finished.send(()).unwrap();
            }
        });
    }
    is_finished.recv().unwrap();
    report(size, begin);
    std::process::exit(0);
}

pub fn main(args: Arguments) {
    let runtime = runtime(args.workers);
    let handle = runtime.handle().clone();
    std::thread::spawn(move || submit(handle, args.size));
    runtime.block_on(std::future::pending::<()>());
}
