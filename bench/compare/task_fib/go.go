// SPDX-License-Identifier: Apache-2.0

// fib(SIZE) with a goroutine for each call, which sends its value by a channel.
package main

import (
	"time"

	"compare/support/program"
)

func fib(n int, out chan<- int) {
	if n < 2 {
		out <- n
		return
	}
	in := make(chan int, 2)
	go fib(n-1, in)
	go fib(n-2, in)
	out <- <-in + <-in
}

func main() {
	size, _ := program.Parse()
	in := make(chan int, 1)
	begin := time.Now()
	go fib(size, in)
	value := <-in
	here, next := 0, 1
	for i := 0; i < size; i++ {
		here, next = next, here+next
	}
	program.Report(2*next-1, begin)
	program.Require(value == here, "fib")
}
