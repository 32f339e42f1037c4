// The rival `go`: one cell a run, as ours are; it measures itself and prints its outcome as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"
)

// Rounds before the timed ones, the same as everybody's (src/timing.rs).
const (
	warmUp       = 100
	loopsUntimed = 1000
)

// How long the timed part takes, and a trial (src/timing.rs).
var (
	timed = setting("CSP_BENCH_TIMED_MS", 250*time.Millisecond)
	trial = timed / 16
)

type outcome struct {
	Value float64 `json:"value"`
}

// Usage: WORKLOAD N TOKENS-OR-WRITERS, where a workload without a parameter gets a 0.
func main() {
	if len(os.Args) != 4 {
		fail("three arguments, not %v", os.Args[1:])
	}
	result, err := json.Marshal(run(os.Args[1], number(os.Args[2]), number(os.Args[3])))
	if err != nil {
		fail("%v", err)
	}
	fmt.Println(string(result))
}

func run(workload string, n, tokens int) outcome {
	switch workload {
	case "pingpong":
		return outcome{Value: nsPerRound(pingpong)}
	case "stream":
		return outcome{Value: nsPerRound(stream)}
	case "commstime":
		return outcome{Value: nsPerRound(commstime)}
	case "ring":
		return outcome{Value: nsPerRound(func(laps uint64) time.Duration { return ring(n, 1, laps) }) / float64(n)}
	case "tokens":
		hops := float64(n * tokens)
		return outcome{Value: nsPerRound(func(laps uint64) time.Duration { return ring(n, tokens, laps) }) / hops}
	case "commstime-par":
		return outcome{Value: nsPerRound(commstimePar)}
	case "occam-ring":
		hops := float64(n * tokens)
		return outcome{Value: nsPerRound(func(rounds uint64) time.Duration { return occamRing(n, tokens, rounds) }) / hops}
	case "stressed-alt":
		return outcome{Value: nsPerRound(func(messages uint64) time.Duration { return stressedAlt(n, tokens, messages) })}
	case "choice-time":
		return outcome{Value: nsPerRound(func(messages uint64) time.Duration { return choiceTime(n, messages) })}
	case "primes":
		return outcome{Value: primes(n)}
	case "start":
		return outcome{Value: nsPerRound(func(times uint64) time.Duration { return start(n, times) }) / float64(n)}
	case "memory":
		return outcome{Value: memory(n)}
	case "inputs":
		return outcome{Value: nsPerRound(inputs)}
	case "mixed":
		return outcome{Value: nsPerRound(mixed)}
	case "switch":
		return outcome{Value: nsPerRound(yields)}
	}
	fail("no %s", workload)
	return outcome{}
}

// Nanoseconds per round of run, which does that many rounds and says how long they took.
func nsPerRound(run func(rounds uint64) time.Duration) float64 {
	rounds := uint64(1)
	taken := run(rounds)
	for taken < trial {
		factor := ratio(trial, taken)
		if factor < 2 {
			factor = 2
		} else if factor > 16 {
			factor = 16
		}
		rounds *= uint64(factor)
		taken = run(rounds)
	}
	rounds = uint64(float64(rounds) * ratio(timed, taken))
	if rounds == 0 {
		rounds = 1
	}
	return float64(run(rounds).Nanoseconds()) / float64(rounds)
}

func ratio(wanted, taken time.Duration) float64 {
	if taken <= 0 {
		taken = 1
	}
	return float64(wanted) / float64(taken)
}

func setting(name string, otherwise time.Duration) time.Duration {
	if value, isSet := os.LookupEnv(name); isSet {
		return time.Duration(number(value)) * time.Millisecond
	}
	return otherwise
}

func number(word string) int {
	value, err := strconv.Atoi(word)
	if err != nil {
		fail("%v", err)
	}
	return value
}

// Ends the cell as failed.
func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "go: "+format+"\n", values...)
	os.Exit(1)
}

func check(got, expected uint64) {
	if got != expected {
		fail("%d instead of %d", got, expected)
	}
}
