// The sieve, and what a goroutine costs by being there: its start and end, and its memory.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

// Milliseconds to find the first n primes with one goroutine each.
func primes(n int) float64 {
	start := time.Now()
	numbers := make(chan uint64)
	go func() {
		for number := uint64(2); ; number++ {
			numbers <- number
		}
	}()
	left := (<-chan uint64)(numbers)
	found := make([]uint64, 0, n)
	for {
		prime := <-left
		found = append(found, prime)
		if len(found) == n {
			break
		}
		right := make(chan uint64)
		go filter(left, right, prime)
		left = right
	}
	taken := time.Since(start)
	expected := uint64(2)
	for _, prime := range found {
		for !isPrime(expected) {
			expected++
		}
		check(prime, expected)
		expected++
	}
	return float64(taken.Nanoseconds()) / 1e6
}

func filter(left <-chan uint64, right chan<- uint64, prime uint64) {
	for number := range left {
		if number%prime != 0 {
			right <- number
		}
	}
}

func isPrime(number uint64) bool {
	for divisor := uint64(2); divisor*divisor <= number; divisor++ {
		if number%divisor == 0 {
			return false
		}
	}
	return true
}

// Starts atOnce goroutines that yield once, and waits for all of them.
func start(atOnce int, times uint64) time.Duration {
	lived := make([]int, atOnce)
	live := func() {
		var all sync.WaitGroup
		all.Add(atOnce)
		for number := range lived {
			lived[number] = -1
			go func(number int) {
				runtime.Gosched()
				lived[number] = number
				all.Done()
			}(number)
		}
		all.Wait()
		for number, result := range lived {
			check(uint64(result), uint64(number))
		}
	}
	for count := 0; count < warmUp; count += atOnce {
		live()
	}
	start := time.Now()
	for ; times > 0; times-- {
		live()
	}
	return time.Since(start)
}

// Resident bytes for each of n goroutines that wait to receive, with its channel.
func memory(n int) float64 {
	before := residentBytes()
	senders := make([]chan<- uint64, n)
	for own := range senders {
		numbers := make(chan uint64)
		senders[own] = numbers
		go func(own uint64) {
			for number := range numbers {
				check(number, own)
			}
		}(uint64(own))
	}
	for number, sender := range senders {
		sender <- uint64(number)
	}
	return (residentBytes() - before) / float64(n)
}

func residentBytes() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		fail("%v", err)
	}
	var size, resident int
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		fail("%v", err)
	}
	return float64(resident * os.Getpagesize())
}
