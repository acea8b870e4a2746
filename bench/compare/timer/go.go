// SPDX-License-Identifier: Apache-2.0

// SIZE timers armed and stopped, one after the other. Variants: ahead, with an earlier one pending;
// pending and million, with 100,000 and 1,000,000 later ones; both, two goroutines at once with an
// earlier one pending.
package main

import (
	"time"

	"compare/support/program"
)

func nothing() {}

func main() {
	size, variant := program.Parse()
	later := map[string]int{"pending": 100_000, "million": 1_000_000}[variant]
	for i := 0; i < later; i++ {
		time.AfterFunc(600*time.Second+time.Duration(i)*time.Millisecond, nothing)
	}
	tasks := 1
	if variant == "ahead" || variant == "both" {
		time.AfterFunc(30*time.Second, nothing)
	}
	if variant == "both" {
		tasks = 2
	}
	begin := time.Now()
	program.Parallel(tasks, func(int) {
		for i := 0; i < size/tasks; i++ {
			time.AfterFunc(time.Minute, nothing).Stop()
		}
	})
	program.Report(size, begin)
}
