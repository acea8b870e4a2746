// SPDX-License-Identifier: Apache-2.0
// Echoes what it is sent: a task for each connection. Prints its port and serves until it is killed.
use crate::program::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn serve(mut guest: TcpStream) {
    let mut bytes = [0u8; 4096];
    loop {
        match guest.read(&mut bytes).await {
            Ok(size) if size > 0 && guest.write_all(&bytes[..size]).await.is_ok() => {}
            _ => return,
        }
    }
}

pub fn main(args: Arguments) {
    run(args.workers, async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("port={}", listener.local_addr().unwrap().port());
        loop {
            let (guest, _) = listener.accept().await.unwrap();
            guest.set_nodelay(true).unwrap();
            tokio::spawn(serve(guest));
        }
    });
}
