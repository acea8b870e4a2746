// SPDX-License-Identifier: Apache-2.0

// One goroutine that keeps its thread to itself starts SIZE others and waits until all have run: Go has
// no threads outside its runtime.
package main

import (
	"runtime"
	"sync/atomic"
	"time"

	"compare/support/program"
)

func main() {
	size, _ := program.Parse()
	runtime.LockOSThread()
	var done int64
	finished := make(chan struct{})
	begin := time.Now()
	for i := 0; i < size; i++ {
		go func() {
			if atomic.AddInt64(&done, 1) == int64(size) {
				close(finished)
			}
		}()
	}
	<-finished
	program.Report(size, begin)
}
