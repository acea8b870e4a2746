// SPDX-License-Identifier: Apache-2.0

// Echoes what it is sent: a goroutine for each connection. Prints its port and serves until it is killed.
package main

import (
	"fmt"
	"net"

	"compare/support/program"
)

func serve(guest net.Conn) {
	defer guest.Close()
	bytes := make([]byte, 4096)
	for {
		size, err := guest.Read(bytes)
		if err != nil {
			return
		}
		if _, err = guest.Write(bytes[:size]); err != nil {
			return
		}
	}
}

func main() {
	program.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	program.Require(err == nil, "listen")
	fmt.Printf("port=%d\n", listener.Addr().(*net.TCPAddr).Port)
	for {
		guest, err := listener.Accept() // sets TCP_NODELAY itself
		program.Require(err == nil, "accept")
		go serve(guest)
	}
}
