// SPDX-License-Identifier: Apache-2.0
// Two tasks that wait for each other SIZE times: by Notify (event), by a channel of one place (queue), or by a oneshot
// for each message (future).
use crate::program::*;
use std::{sync::Arc, time::Instant};
use tokio::sync::{mpsc, oneshot, Notify};

async fn by_event(rounds: usize) {
    let (here, there) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let other = {
        let (here, there) = (here.clone(), there.clone());
        tokio::spawn(async move {
            for _ in 0..rounds {
                there.notified().await;
                here.notify_one();
            }
        })
    };
    let mine = tokio::spawn(async move {
        for _ in 0..rounds {
            there.notify_one();
            here.notified().await;
        }
    });
    mine.await.unwrap();
    other.await.unwrap();
}

async fn by_queue(rounds: usize) {
    let (to_other, mut from_mine) = mpsc::channel::<usize>(1);
    let (to_mine, mut from_other) = mpsc::channel::<usize>(1);
    let mine = tokio::spawn(async move {
        for i in 0..rounds {
            to_other.send(i).await.unwrap();
            require(from_other.recv().await == Some(i), "message");
        }
    });
    let other = tokio::spawn(async move {
        for i in 0..rounds {
            require(from_mine.recv().await == Some(i), "message");
            to_mine.send(i).await.unwrap();
        }
    });
    mine.await.unwrap();
    other.await.unwrap();
}

async fn by_future(rounds: usize) {
    let (calls, mut called) = mpsc::channel::<oneshot::Sender<usize>>(1);
    let mine = tokio::spawn(async move {
        for i in 0..rounds {
            let (reply, replied) = oneshot::channel();
            calls.send(reply).await.unwrap();
            require(replied.await.unwrap() == i, "message");
        }
    });
    let other = tokio::spawn(async move {
        for i in 0..rounds {
            called.recv().await.unwrap().send(i).unwrap();
        }
    });
    mine.await.unwrap();
    other.await.unwrap();
}

pub fn main(args: Arguments) {
    run(args.workers, async move {
        let begin = Instant::now();
        match args.variant.as_str() {
            "" | "event" => by_event(args.size).await,
            "queue" => by_queue(args.size).await,
            "future" => by_future(args.size).await,
            _ => cannot(),
        }
        report(args.size, begin);
    });
}
