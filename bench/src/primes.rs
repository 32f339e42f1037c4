//! What a sieve has to find.

/// The first `n` primes, by trial division.
pub(crate) fn first(n: usize) -> Vec<u64> {
    let mut primes: Vec<u64> = Vec::with_capacity(n);
    for number in 2.. {
        if primes.len() == n {
            break;
        }
        let mut divisors = primes.iter().take_while(|prime| *prime * *prime <= number);
        if divisors.all(|prime| number % prime != 0) {
            primes.push(number);
        }
    }
    primes
}

#[test]
fn the_four_thousandth_prime_is_the_one_of_the_tables() {
    assert_eq!(first(4000).last(), Some(&37_813));
    assert_eq!(first(5), [2, 3, 5, 7, 11]);
}
