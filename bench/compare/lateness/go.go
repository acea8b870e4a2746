// SPDX-License-Identifier: Apache-2.0

// SIZE goroutines that sleep between 1 and 100 ms, all started at once: how late each wakes.
package main

import (
	"time"

	"compare/support/program"
)

func main() {
	size, _ := program.Parse()
	random := program.NewRandom()
	pauses, late := make([]time.Duration, size), make([]time.Duration, size)
	for i := range pauses {
		pauses[i] = time.Duration(1000+random.Below(99_001)) * time.Microsecond
	}
	program.Parallel(size, func(i int) {
		begin := time.Now()
		time.Sleep(pauses[i])
		late[i] = time.Since(begin) - pauses[i]
	})
	program.ReportTimes(late)
}
