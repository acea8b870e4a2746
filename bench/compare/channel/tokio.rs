// SPDX-License-Identifier: Apache-2.0
// SIZE messages from 4 producers through one channel of 1,024 places to 4 consumers, which share the one receiver behind
// a lock, as Tokio has no channel for many; with the variant "one" to one, which has it for itself.
use crate::program::*;
use std::{sync::Arc, time::Instant};
use tokio::sync::{mpsc, Mutex};

const PRODUCERS: usize = 4;

pub fn main(args: Arguments) {
    run(args.workers, async move {
        let each = args.size / PRODUCERS;
        let all = each * PRODUCERS;
        let (sender, mut receiver) = mpsc::channel::<usize>(1024);
        let begin = Instant::now();
        for producer in 0..PRODUCERS {
            let sender = sender.clone();
            tokio::spawn(async move {
                for i in 0..each {
                    sender.send(producer * each + i).await.unwrap();
                }
            });
        }
        drop(sender);
        let sum: usize = if args.variant == "one" {
            let consumer = tokio::spawn(async move {
                let mut sum = 0;
                while let Some(message) = receiver.recv().await {
                    sum += message;
                }
                sum
            });
            consumer.await.unwrap()
        } else {
            let receiver = Arc::new(Mutex::new(receiver));
            let consumers = (0..4).map(|_| {
                let receiver = receiver.clone();
                tokio::spawn(async move {
                    let mut sum = 0;
                    loop {
                        let message = receiver.lock().await.recv().await;
                        match message {
                            Some(message) => sum += message,
                            None => return sum,
                        }
                    }
                })
            });
            join_all(consumers.collect()).await.iter().sum()
        };
        report(all, begin);
        require(sum == all * (all - 1) / 2, "sum");
    });
}
