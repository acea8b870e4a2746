// SPDX-License-Identifier: Apache-2.0

// Starts SIZE goroutines that each give a value, then waits for all.
package main

import (
	"time"

	"compare/support/program"
)

func main() {
	size, _ := program.Parse()
	given := make([]int, size)
	begin := time.Now()
	program.Parallel(size, func(i int) { given[i] = i })
	sum := 0
	for _, value := range given {
		sum += value
	}
	program.Report(size, begin)
	program.Require(sum == size*(size-1)/2, "sum")
}
