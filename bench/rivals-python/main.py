"""The rival `pycsp`: one cell a run, as ours are; it measures itself and prints its outcome as JSON.

Usage: main.py WORKLOAD N TOKENS, where a workload without a parameter gets a 0; `main.py probe` only looks for the package.
It needs PyCSP (0.9.2 on the package index) and greenlet, of which nothing is part of this repository.
"""

import collections
import collections.abc
import json
import os
import random
import sys
import time

# PyCSP 0.9.2 is older than Python 3.10, which has moved this name; and it asks the network for its own address.
if not hasattr(collections, "Callable"):
    collections.Callable = collections.abc.Callable
os.environ.setdefault("PYCSP_HOST", "127.0.0.1")

from pycsp.greenlets import (  # noqa: E402
    Channel,
    Parallel,
    Spawn,
    poison,
    process,
    retire,
)

# Rounds before the timed ones, and how long a trial and the timed part take: the same as everybody's (src/timing.rs).
WARM_UP = 100
LOOPS_UNTIMED = 1000
TIMED = int(os.environ.get("CSP_BENCH_TIMED_MS", "250")) / 1000
TRIAL = TIMED / 16


def ns_per_round(run):
    rounds = 1
    taken = run(rounds)
    while taken < TRIAL:
        rounds *= int(min(max(TRIAL / max(taken, 1e-9), 2), 16))
        taken = run(rounds)
    rounds = max(int(rounds * TIMED / taken), 1)
    return run(rounds) * 1e9 / rounds


def check(got, expected):
    if got != expected:
        sys.exit(f"pycsp: {got} instead of {expected}")


@process
def forward(left, right):
    while True:
        right(left() + 1)


@process
def count(numbers):
    number = 0
    while True:
        numbers(number)
        number += 1


@process
def timed_consumer(numbers, untimed, timed, result):
    for expected in range(untimed):
        check(numbers(), expected)
    start = time.perf_counter()
    for expected in range(untimed, untimed + timed):
        check(numbers(), expected)
    result.append(time.perf_counter() - start)
    poison(numbers)


def pingpong(trips):
    requests, replies, result = Channel(), Channel(), []

    @process
    def client(request, reply):
        start = 0
        for number in range(WARM_UP + trips):
            if number == WARM_UP:
                start = time.perf_counter()
            request(number)
            check(reply(), number + 1)
        result.append(time.perf_counter() - start)
        poison(request, reply)

    Parallel(client(requests.writer(), replies.reader()), forward(requests.reader(), replies.writer()))
    return result[0]


def stream(messages):
    numbers, result = Channel(), []
    Parallel(count(numbers.writer()), timed_consumer(numbers.reader(), WARM_UP, messages, result))
    return result[0]


def commstime(loops):
    a, b, c, d = Channel(), Channel(), Channel(), Channel()
    result = []

    @process
    def prefix(source, sink):
        sink(0)
        while True:
            sink(source())

    @process
    def delta(source, first, second):
        while True:
            number = source()
            first(number)
            second(number)

    Parallel(
        prefix(c.reader(), a.writer()),
        delta(a.reader(), d.writer(), b.writer()),
        forward(b.reader(), c.writer()),
        timed_consumer(d.reader(), LOOPS_UNTIMED, loops, result),
    )
    return result[0]


def ring(n, tokens, laps):
    channels = [Channel() for _ in range(n)]
    result = []

    @process
    def element(left, right, token):
        if token:
            right(token + 1)
        while True:
            right(left() + 1)

    @process
    def origin(right, left):
        token, start = 0, 0
        for lap in range(laps + 1):
            for _ in range(tokens):
                right(token + 1)
                token = left()
                check(token, (lap + 1) * n)
            if lap == 0:
                start = time.perf_counter()
        result.append(time.perf_counter() - start)
        poison(right, left)

    elements = [
        element(channels[place - 1].reader(), channels[place].writer(), place if place < tokens else 0)
        for place in range(1, n)
    ]
    Parallel(origin(channels[0].writer(), channels[-1].reader()), elements)
    return result[0]


def primes(n):
    found, start, taken = [], time.perf_counter(), []

    @process
    def generator(numbers):
        number = 2
        while True:
            numbers(number)
            number += 1

    @process
    def sieve(left):
        prime = left()
        found.append(prime)
        if len(found) == n:
            taken.append(time.perf_counter() - start)
            poison(left)
        right = Channel()
        Spawn(sieve(right.reader()))
        sink = right.writer()
        while True:
            number = left()
            if number % prime:
                sink(number)

    numbers = Channel()
    Parallel(generator(numbers.writer()), sieve(numbers.reader()))
    check(len(found), n)
    expected = 2
    for prime in found:
        while any(expected % divisor == 0 for divisor in range(2, int(expected**0.5) + 1)):
            expected += 1
        check(prime, expected)
        expected += 1
    return taken[0] * 1e3


# As many as ours (src/pi.rs).
BAGS = 1000
POINTS = 10_000


def pi(workers):
    bags, results, total = Channel(), Channel(), []

    @process
    def maker(bag):
        for number in range(BAGS):
            bag(number)
        retire(bag)

    @process
    def worker(bag, hits):
        while True:
            generator = random.Random(bag()).random
            hits(sum(1 for _ in range(POINTS) if generator() ** 2 + generator() ** 2 < 1))

    @process
    def counter(hits):
        while True:
            total.append(hits())

    start = time.perf_counter()
    Parallel(maker(bags.writer()), [worker(bags.reader(), results.writer()) for _ in range(workers)], counter(results.reader()))
    taken = time.perf_counter() - start
    if abs(4 * sum(total) / (BAGS * POINTS) - 3.14159265) > 0.002:
        sys.exit("pycsp: that is not pi")
    return taken * 1e3


def main(workload, n, tokens):
    workloads = {
        "pingpong": lambda: ns_per_round(pingpong),
        "stream": lambda: ns_per_round(stream),
        "commstime": lambda: ns_per_round(commstime),
        "ring": lambda: ns_per_round(lambda laps: ring(n, 1, laps)) / n,
        "tokens": lambda: ns_per_round(lambda laps: ring(n, tokens, laps)) / (n * tokens),
        "primes": lambda: primes(n),
        "pi": lambda: pi(n),
    }
    print(json.dumps({"value": workloads[workload]()}), flush=True)
    os._exit(0)  # what is left over is nobody's business any more


if __name__ == "__main__":
    if sys.argv[1] != "probe":
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
