// SPDX-License-Identifier: Apache-2.0

// 1,000 goroutines that take one of ten permits SIZE / 1,000 times each, which are the places of a
// channel; with the variant yield they yield inside.
package main

import (
	"runtime"
	"time"

	"compare/support/program"
)

const tasks = 1000

func main() {
	size, variant := program.Parse()
	permits := make(chan struct{}, 10)
	begin := time.Now()
	program.Parallel(tasks, func(int) {
		for i := 0; i < size/tasks; i++ {
			permits <- struct{}{}
			if variant == "yield" {
				runtime.Gosched()
			}
			<-permits
		}
	})
	program.Report(size/tasks*tasks, begin)
}
