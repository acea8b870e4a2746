// SPDX-License-Identifier: Apache-2.0

// SIZE goroutines that sleep 10 s each; with the variant brief 2 s, with random between 1 and 10 s.
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
	longest := 10 * time.Second
	if variant == "brief" {
		longest = 2 * time.Second
	}
	var group sync.WaitGroup
	group.Add(size)
	begin := time.Now()
	for i := 0; i < size; i++ {
		pause := longest
		if variant == "random" {
			pause = time.Duration(1000+random.Below(9001)) * time.Millisecond
		}
		go func() {
			time.Sleep(pause)
			group.Done()
		}()
	}
	group.Wait()
	passed := time.Since(begin)
	beyond := float64((passed - longest).Microseconds()) / 1e3
	fmt.Printf("operations=%d seconds=%.9f beyond_ms=%.1f\n", size, passed.Seconds(), beyond)
}
