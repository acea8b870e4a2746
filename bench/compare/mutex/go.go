// SPDX-License-Identifier: Apache-2.0

// 1,000 goroutines that take one sync.Mutex SIZE / 1,000 times each and count; with the variant yield
// they yield inside.
package main

import (
	"runtime"
	"sync"
	"time"

	"compare/support/program"
)

const tasks = 1000

func main() {
	size, variant := program.Parse()
	var mutex sync.Mutex
	counter := 0
	begin := time.Now()
	program.Parallel(tasks, func(int) {
		for i := 0; i < size/tasks; i++ {
			mutex.Lock()
			seen := counter
			if variant == "yield" {
				runtime.Gosched()
			}
			counter = seen + 1
			mutex.Unlock()
		}
	})
	program.Report(size/tasks*tasks, begin)
	program.Require(counter == size/tasks*tasks, "count")
}
