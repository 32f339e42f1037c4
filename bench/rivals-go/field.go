// The field's own benchmarks: commstime with a parallel delta, the ring of the occam-pi comparison, and selects under load.
package main

import (
	"reflect"
	"sync"
	"time"
)

// The occam benchmark with a parallel delta, which starts a goroutine a loop.
func commstimePar(loops uint64) time.Duration {
	prefixed, doubled, succeeded, consumed := make(chan uint64), make(chan uint64), make(chan uint64), make(chan uint64)
	go func() {
		prefixed <- 0
		for number := range succeeded {
			prefixed <- number
		}
	}()
	go func() {
		for number := range prefixed {
			var both sync.WaitGroup
			both.Add(1)
			go func() {
				consumed <- number
				both.Done()
			}()
			doubled <- number
			both.Wait()
		}
	}()
	go forward(doubled, succeeded)
	return timedConsumer(consumed, loopsUntimed, loops)
}

// The multi-token ring of ccsp-comparisons: injected, passed on round by round, collected and summed up.
func occamRing(n, tokens int, rounds uint64) time.Duration {
	first := make(chan uint64)
	left := first
	for place := 1; place < n; place++ {
		right := make(chan uint64)
		go stoppable(left, right)
		left = right
	}
	for token := 1; token <= tokens; token++ {
		first <- uint64(token)
	}
	start := time.Now()
	for round := uint64(0); round <= rounds; round++ {
		for passing := 0; passing < tokens; passing++ {
			first <- <-left + 1
		}
		if round == 0 {
			start = time.Now()
		}
	}
	taken := time.Since(start)
	sum := uint64(0)
	for collected := 0; collected < tokens; collected++ {
		sum += <-left
	}
	t, size := uint64(tokens), uint64(n)
	check(sum, t*(t+1)/2+t*(size-1+size*(rounds+1)))
	first <- 0
	check(<-left, 0)
	return taken
}

func stoppable(left <-chan uint64, right chan<- uint64) {
	for token := range left {
		if token == 0 {
			right <- 0
			return
		}
		right <- token + 1
	}
}

// Above this many bits of a message stands who has sent it.
const name = 40

// One goroutine selects over channels of which each is shared by writers.
func stressedAlt(channels, writers int, messages uint64) time.Duration {
	cases := make([]reflect.SelectCase, channels)
	for index := range cases {
		shared := make(chan uint64)
		cases[index] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(shared)}
		for writer := 0; writer < writers; writer++ {
			go func(own uint64) {
				for number := uint64(0); ; number++ {
					shared <- own<<name | number
				}
			}(uint64(index*writers + writer))
		}
	}
	next := make([]uint64, channels*writers)
	exchange := func(count uint64) {
		for ; count > 0; count-- {
			_, value, _ := reflect.Select(cases)
			message := value.Uint()
			check(message&(1<<name-1), next[message>>name])
			next[message>>name]++
		}
	}
	exchange(2 * uint64(channels*writers)) // everybody has begun
	start := time.Now()
	exchange(messages)
	return time.Since(start)
}

// One goroutine selects over n writers, each of which counts up.
func choiceTime(n int, messages uint64) time.Duration {
	in := make([]chan uint64, n)
	for index := range in {
		in[index] = make(chan uint64)
		go count(in[index])
	}
	next := make([]uint64, n)
	took := func(index int, number uint64) {
		check(number, next[index])
		next[index]++
	}
	exchange := map[int]func(uint64){
		1: func(count uint64) {
			for ; count > 0; count-- {
				took(0, <-in[0])
			}
		},
		2: func(count uint64) {
			for ; count > 0; count-- {
				select {
				case number := <-in[0]:
					took(0, number)
				case number := <-in[1]:
					took(1, number)
				}
			}
		},
		4: func(count uint64) {
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
				}
			}
		},
	}[n]
	if n == 8 {
		return inputs(messages)
	}
	if exchange == nil {
		fail("no select over %d", n)
	}
	exchange(warmUp)
	start := time.Now()
	exchange(messages)
	return time.Since(start)
}
