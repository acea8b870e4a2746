// SPDX-License-Identifier: Apache-2.0

// SIZE goroutines that sleep 10 s each; with the variant random between 1 and 10 s.
package main

import (
	"fmt"
	"sync"
	"time"

	"compare/support/program"
)

func main() {
	size, variant := program.Parse()
	random := program.NewRandom()
	var group sync.WaitGroup
	group.Add(size)
	begin := time.Now()
	for i := 0; i < size; i++ {
		pause := 10 * time.Second
		if variant == "random" {
			pause = time.Duration(1000+random.Below(9001)) * time.Millisecond
		}
		go func() {
			time.Sleep(pause)
			group.Done()
		}()
	}
	group.Wait()
	seconds := time.Since(begin).Seconds()
	fmt.Printf("operations=%d seconds=%.9f beyond_ms=%.1f\n", size, seconds, (seconds-10)*1e3)
}
