// SPDX-License-Identifier: Apache-2.0

// The product of two SIZE x SIZE matrices of ones by quarters, a goroutine for each, down to blocks of 32.
package main

import (
	"sync"
	"time"

	"compare/support/program"
)

const block = 32

func multiplyBlock(a, b, c []int32, stride int) {
	for i := 0; i < block; i++ {
		row := c[i*stride : i*stride+block]
		for k := 0; k < block; k++ {
			x, top := a[i*stride+k], b[k*stride:k*stride+block]
			for j := range row {
				row[j] += x * top[j]
			}
		}
	}
}

func multiply(a, b, c []int32, size, stride int) {
	if size <= block {
		multiplyBlock(a, b, c, stride)
		return
	}
	half := size / 2
	down, right := half*stride, half
	for _, inner := range []int{0, half} {
		left, top := a[inner:], b[inner*stride:]
		var quarters sync.WaitGroup
		quarters.Add(4)
		quarter := func(a, b, c []int32) {
			multiply(a, b, c, half, stride)
			quarters.Done()
		}
		go quarter(left, top, c)
		go quarter(left, top[right:], c[right:])
		go quarter(left[down:], top, c[down:])
		quarter(left[down:], top[right:], c[down+right:])
		quarters.Wait()
	}
}

func main() {
	size, _ := program.Parse()
	a, b, c := make([]int32, size*size), make([]int32, size*size), make([]int32, size*size)
	for i := range a {
		a[i], b[i] = 1, 1
	}
	begin := time.Now()
	multiply(a, b, c, size, size)
	program.Report(1, begin)
	for _, x := range c {
		program.Require(x == int32(size), "product")
	}
}
