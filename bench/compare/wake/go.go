// SPDX-License-Identifier: Apache-2.0

// SIZE times: an idle runtime is given a goroutine by a thread that slept in the kernel; how long until
// its first instruction. With the variant burst: 1,000 at once, until the last has begun.
package main

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"compare/support/program"
)

func main() {
	size, variant := program.Parse()
	runtime.LockOSThread()
	burst := int64(1)
	if variant == "burst" {
		burst = 1000
	}
	times := make([]time.Duration, size)
	for round := range times {
		syscall.Nanosleep(&syscall.Timespec{Nsec: 2e6}, nil)
		left := burst
		ran := make(chan time.Time, 1)
		begin := time.Now()
		for i := int64(0); i < burst; i++ {
			go func() {
				now := time.Now()
				if atomic.AddInt64(&left, -1) == 0 {
					ran <- now
				}
			}()
		}
		times[round] = (<-ran).Sub(begin)
	}
	program.ReportTimes(times)
}
