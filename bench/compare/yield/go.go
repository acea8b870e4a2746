// SPDX-License-Identifier: Apache-2.0

// 1,000 goroutines that yield SIZE / 1,000 times each.
package main

import (
	"runtime"
	"time"

	"compare/support/program"
)

const tasks = 1000

func main() {
	size, _ := program.Parse()
	begin := time.Now()
	program.Parallel(tasks, func(int) {
		for i := 0; i < size/tasks; i++ {
			runtime.Gosched()
		}
	})
	program.Report(size/tasks*tasks, begin)
}
