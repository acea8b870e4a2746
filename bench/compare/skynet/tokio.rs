// SPDX-License-Identifier: Apache-2.0
// A tree of ten children a node, SIZE levels deep: a task for each child.
use crate::program::*;
use std::{future::Future, pin::Pin, time::Instant};

fn node(first: usize, leaves: usize) -> Pin<Box<dyn Future<Output = usize> + Send>> {
    Box::pin(async move {
        if leaves == 1 {
            return first;
        }
        let part = leaves / 10;
        let children = (0..10).map(|i| tokio::spawn(node(first + i * part, part))).collect();
        join_all(children).await.iter().sum()
    })
}

pub fn main(args: Arguments) {
    run(args.workers, async move {
        let (leaves, nodes) = (0..args.size).fold((1, 1), |(leaves, nodes), _| (leaves * 10, nodes + leaves * 10));
        let begin = Instant::now();
        let sum = node(0, leaves).await;
        report(nodes, begin);
        require(sum == leaves * (leaves - 1) / 2, "sum");
    });
}
