// Networks of plain sends and receives, and of selects, over unbuffered channels.
//
// A goroutine that waits for ever costs nothing but its memory, so a network that nobody reads from any more
// is left as it stands where closing its channels would not end it.
package main

import (
	"runtime"
	"time"
)

// Two goroutines: there and back.
func pingpong(roundTrips uint64) time.Duration {
	requests, replies := make(chan uint64), make(chan uint64)
	go forward(requests, replies)
	exchange := func(count uint64) {
		for request := uint64(0); request < count; request++ {
			requests <- request
			check(<-replies, request+1)
		}
	}
	exchange(warmUp)
	start := time.Now()
	exchange(roundTrips)
	taken := time.Since(start)
	close(requests)
	return taken
}

// One goroutine sends, the other receives.
func stream(messages uint64) time.Duration {
	numbers := make(chan uint64)
	go count(numbers)
	return timedConsumer(numbers, warmUp, messages)
}

// n goroutines in a ring pass tokens, which each increments.
//
// The first of them start with a token each, numbered as if it had come all the way from the origin.
func ring(n, tokens int, laps uint64) time.Duration {
	first := make(chan uint64)
	left := first
	for place := 1; place < n; place++ {
		right := make(chan uint64)
		go element(left, right, uint64(place), place < tokens)
		left = right
	}
	token, start := uint64(0), time.Now()
	for lap := uint64(0); lap <= laps; lap++ {
		for passing := 0; passing < tokens; passing++ {
			first <- token + 1
			token = <-left
			check(token, (lap+1)*uint64(n))
		}
		if lap == 0 {
			start = time.Now()
		}
	}
	taken := time.Since(start)
	close(first)
	return taken
}

func element(left <-chan uint64, right chan<- uint64, place uint64, hasToken bool) {
	if hasToken {
		right <- place + 1
	}
	forward(left, right)
}

// The occam benchmark, with a sequential delta that serves the consumer first.
func commstime(loops uint64) time.Duration {
	prefixed, doubled, succeeded, consumed := make(chan uint64), make(chan uint64), make(chan uint64), make(chan uint64)
	go func() {
		prefixed <- 0
		for number := range succeeded {
			prefixed <- number
		}
	}()
	go func() {
		for number := range prefixed {
			consumed <- number
			doubled <- number
		}
	}()
	go forward(doubled, succeeded)
	return timedConsumer(consumed, loopsUntimed, loops)
}

// One goroutine selects over 8 writers, each of which counts up.
func inputs(messages uint64) time.Duration {
	var in [8]chan uint64
	for index := range in {
		in[index] = make(chan uint64)
		go count(in[index])
	}
	var next [8]uint64
	took := func(index int, number uint64) {
		check(number, next[index])
		next[index]++
	}
	exchange := func(count uint64) {
		for ; count > 0; count-- {
			select {
			case number := <-in[0]:
				took(0, number)
			case number := <-in[1]:
				took(1, number)
			case number := <-in[2]:
				took(2, number)
			case number := <-in[3]:
				took(3, number)
			case number := <-in[4]:
				took(4, number)
			case number := <-in[5]:
				took(5, number)
			case number := <-in[6]:
				took(6, number)
			case number := <-in[7]:
				took(7, number)
			}
		}
	}
	exchange(warmUp)
	start := time.Now()
	exchange(messages)
	return time.Since(start)
}

// One goroutine selects over 4 writers to read from and 4 readers to write to.
func mixed(messages uint64) time.Duration {
	var in, out [4]chan uint64
	for index := range in {
		in[index], out[index] = make(chan uint64), make(chan uint64)
		go count(in[index])
		go func(numbers <-chan uint64) {
			expected := uint64(0)
			for number := range numbers {
				check(number, expected)
				expected++
			}
		}(out[index])
	}
	var nextIn, nextOut [4]uint64
	took := func(index int, number uint64) {
		check(number, nextIn[index])
		nextIn[index]++
	}
	exchange := func(count uint64) {
		for ; count > 0; count-- {
			select {
			case number := <-in[0]:
				took(0, number)
			case number := <-in[1]:
				took(1, number)
			case number := <-in[2]:
				took(2, number)
			case number := <-in[3]:
				took(3, number)
			case out[0] <- nextOut[0]:
				nextOut[0]++
			case out[1] <- nextOut[1]:
				nextOut[1]++
			case out[2] <- nextOut[2]:
				nextOut[2]++
			case out[3] <- nextOut[3]:
				nextOut[3]++
			}
		}
	}
	exchange(warmUp)
	start := time.Now()
	exchange(messages)
	return time.Since(start)
}

// One goroutine yields.
func yields(times uint64) time.Duration {
	for count := 0; count < warmUp; count++ {
		runtime.Gosched()
	}
	start := time.Now()
	for ; times > 0; times-- {
		runtime.Gosched()
	}
	return time.Since(start)
}

// Passes on each number plus one.
func forward(left <-chan uint64, right chan<- uint64) {
	for number := range left {
		right <- number + 1
	}
	close(right)
}

// Sends 0, 1, 2, … for ever.
func count(numbers chan<- uint64) {
	for number := uint64(0); ; number++ {
		numbers <- number
	}
}

// Receives 0, 1, 2, … and times all but the first of them.
func timedConsumer(numbers <-chan uint64, untimed, timed uint64) time.Duration {
	for expected := uint64(0); expected < untimed; expected++ {
		check(<-numbers, expected)
	}
	start := time.Now()
	for expected := untimed; expected < untimed+timed; expected++ {
		check(<-numbers, expected)
	}
	return time.Since(start)
}
