// SPDX-License-Identifier: Apache-2.0

// Package program is what the programs for Go share: arguments, clock, the one line of output (support/program.hpp).
package program

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Parse reads WORKERS SIZE [VARIANT] and sees to it that so many threads run goroutines.
func Parse() (size int, variant string) {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: PROGRAM WORKERS SIZE [VARIANT]")
		os.Exit(2)
	}
	workers, _ := strconv.Atoi(os.Args[1])
	runtime.GOMAXPROCS(workers)
	size, _ = strconv.Atoi(os.Args[2])
	if len(os.Args) > 3 {
		variant = os.Args[3]
	}
	return size, variant
}

// Cannot ends the program: Go has no such thing.
func Cannot() { os.Exit(3) }

// Require ends the program unless the work came out right.
func Require(right bool, what string) {
	if !right {
		fmt.Fprintln(os.Stderr, "wrong result:", what)
		os.Exit(1)
	}
}

// Report prints how long so many operations took.
func Report(operations int, since time.Time) {
	fmt.Printf("operations=%d seconds=%.9f\n", operations, time.Since(since).Seconds())
}

// ReportTimes prints times as the 101 points from the least to the greatest.
func ReportTimes(times []time.Duration) {
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	var points []string
	for percent := 0; percent <= 100; percent++ {
		point := times[(len(times)-1)*percent/100]
		points = append(points, strconv.FormatFloat(float64(point.Nanoseconds())/1e3, 'f', 1, 64))
	}
	fmt.Printf("operations=%d percentiles_us=%s\n", len(times), strings.Join(points, ","))
}

// Parallel runs work(0) to work(count-1), each as a goroutine, and waits for all.
func Parallel(count int, work func(i int)) {
	var group sync.WaitGroup
	group.Add(count)
	for i := 0; i < count; i++ {
		go func(i int) {
			defer group.Done()
			work(i)
		}(i)
	}
	group.Wait()
}

// Random is xorshift64: the same sequence in every language.
type Random uint64

// NewRandom begins the sequence.
func NewRandom() Random { return 88172645463325252 }

// Below gives the next number, less than bound.
func (r *Random) Below(bound uint64) uint64 {
	*r ^= *r << 13
	*r ^= *r >> 7
	*r ^= *r << 17
	return uint64(*r) % bound
}
