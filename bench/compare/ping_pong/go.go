// SPDX-License-Identifier: Apache-2.0

// Two goroutines that wait for each other SIZE times: by a channel of one place, by one without (event),
// or by a new channel for each message (future).
package main

import (
	"time"

	"compare/support/program"
)

func play(rounds int, mine, other chan int, begins bool) {
	for i := 0; i < rounds; i++ {
		if begins {
			other <- i
		}
		program.Require(<-mine == i, "message")
		if !begins {
			other <- i
		}
	}
}

func futures(rounds int) {
	type call struct{ reply chan int }
	calls := make(chan call, 1)
	program.Parallel(2, func(side int) {
		for i := 0; i < rounds; i++ {
			if side == 0 {
				reply := make(chan int, 1)
				calls <- call{reply}
				program.Require(<-reply == i, "message")
			} else {
				(<-calls).reply <- i
			}
		}
	})
}

func main() {
	size, variant := program.Parse()
	begin := time.Now()
	if variant == "future" {
		futures(size)
	} else {
		places := 0
		if variant == "queue" {
			places = 1
		}
		a, b := make(chan int, places), make(chan int, places)
		program.Parallel(2, func(side int) {
			if side == 0 {
				play(size, a, b, true)
			} else {
				play(size, b, a, false)
			}
		})
	}
	program.Report(size, begin)
}
