// SPDX-License-Identifier: Apache-2.0

// SIZE time-outs, one after the other, around an operation that is ready, or yields once (yield), the
// latter also with 100,000 timers pending (pending): a context with a time-out.
package main

import (
	"context"
	"runtime"
	"time"

	"compare/support/program"
)

func operation(within context.Context, value int, yields bool) int {
	if yields {
		runtime.Gosched()
	}
	program.Require(within.Err() == nil, "timed out")
	return value
}

func main() {
	size, variant := program.Parse()
	if variant == "pending" {
		for i := 0; i < 100_000; i++ {
			time.AfterFunc(600*time.Second+time.Duration(i)*time.Millisecond, func() {})
		}
	}
	sum := 0
	begin := time.Now()
	for i := 0; i < size; i++ {
		within, cancel := context.WithTimeout(context.Background(), time.Minute)
		sum += operation(within, i, variant != "" && variant != "ready")
		cancel()
	}
	program.Report(size, begin)
	program.Require(sum == size*(size-1)/2, "sum")
}
