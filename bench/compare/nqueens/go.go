// SPDX-License-Identifier: Apache-2.0

// How many ways there are to place SIZE queens: a goroutine for each square of a row that is free.
package main

import (
	"time"

	"compare/support/program"
)

var answers = map[int][2]int{8: {92, 2057}, 11: {2680, 166926}, 13: {73712, 4674890}, 14: {365596, 27358553}}

func canPlace(rows *[16]int8, row, column int) bool {
	for i := 0; i < row; i++ {
		other := int(rows[i])
		if other == column || other == column-(row-i) || other == column+(row-i) {
			return false
		}
	}
	return true
}

func place(rows [16]int8, size, row int, out chan<- int) {
	if row == size {
		out <- 1
		return
	}
	in := make(chan int, size)
	children, sum := 0, 0
	for column := 0; column < size; column++ {
		if canPlace(&rows, row, column) {
			rows[row] = int8(column)
			go place(rows, size, row+1, in)
			children++
		}
	}
	for ; children > 0; children-- {
		sum += <-in
	}
	out <- sum
}

func main() {
	size, _ := program.Parse()
	in := make(chan int, 1)
	begin := time.Now()
	go place([16]int8{}, size, 0, in)
	ways := <-in
	program.Report(answers[size][1], begin)
	program.Require(ways == answers[size][0], "ways")
}
