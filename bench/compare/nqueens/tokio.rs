// SPDX-License-Identifier: Apache-2.0
// How many ways there are to place SIZE queens: a task for each square of a row that is free.
use crate::program::*;
use std::{future::Future, pin::Pin, time::Instant};

fn can_place(rows: &[i8; 16], row: usize, column: usize) -> bool {
    (0..row).all(|i| {
        let (other, away) = (rows[i] as isize, (row - i) as isize);
        other != column as isize && other != column as isize - away && other != column as isize + away
    })
}

fn place(mut rows: [i8; 16], size: usize, row: usize) -> Pin<Box<dyn Future<Output = usize> + Send>> {
    Box::pin(async move {
        if row == size {
            return 1;
        }
        let mut children = Vec::with_capacity(size);
        for column in 0..size {
            if can_place(&rows, row, column) {
                rows[row] = column as i8;
                children.push(tokio::spawn(place(rows, size, row + 1)));
            }
        }
        join_all(children).await.iter().sum()
    })
}

pub fn main(args: Arguments) {
    run(args.workers, async move {
        let (answer, boards) = match args.size {
            8 => (92, 2057),
            11 => (2680, 166926),
            13 => (73712, 4674890),
            14 => (365596, 27358553),
            _ => cannot(),
        };
        let begin = Instant::now();
        let ways = place([0; 16], args.size, 0).await;
        report(boards, begin);
        require(ways == answer, "ways");
    });
}
