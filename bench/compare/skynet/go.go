// SPDX-License-Identifier: Apache-2.0

// A tree of ten children a node, SIZE levels deep; each sends its sum to its parent by a channel.
package main

import (
	"time"

	"compare/support/program"
)

func node(first, leaves int, out chan<- int) {
	if leaves == 1 {
		out <- first
		return
	}
	in := make(chan int, 10)
	for i := 0; i < 10; i++ {
		go node(first+i*(leaves/10), leaves/10, in)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-in
	}
	out <- sum
}

func main() {
	size, _ := program.Parse()
	leaves, nodes := 1, 1
	for i := 0; i < size; i++ {
		leaves *= 10
		nodes += leaves
	}
	in := make(chan int, 1)
	begin := time.Now()
	go node(0, leaves, in)
	sum := <-in
	program.Report(nodes, begin)
	program.Require(sum == leaves*(leaves-1)/2, "sum")
}
