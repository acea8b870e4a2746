// SPDX-License-Identifier: Apache-2.0

// SIZE messages from 4 producers through one channel of 1,024 places to 4 consumers; with the variant
// one to one.
package main

import (
	"sync/atomic"
	"time"

	"compare/support/program"
)

const producers = 4

func main() {
	size, variant := program.Parse()
	consumers := 4
	if variant == "one" {
		consumers = 1
	}
	each := size / producers
	all := each * producers
	messages := make(chan int, 1024)
	var sum int64
	begin := time.Now()
	program.Parallel(producers+consumers, func(task int) {
		if task < producers {
			for i := 0; i < each; i++ {
				messages <- task*each + i
			}
			return
		}
		mine := int64(0)
		for i := 0; i < all/consumers; i++ {
			mine += int64(<-messages)
		}
		atomic.AddInt64(&sum, mine)
	})
	program.Report(all, begin)
	program.Require(sum == int64(all)*int64(all-1)/2, "sum")
}
