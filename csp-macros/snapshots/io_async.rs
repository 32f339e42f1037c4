//! The expansion of what stands in the comment; `src/tests/snapshots.rs` compares it.

// #[io]
// async fn get(url: &str) -> Result<String, Error> { fetch(url).await?.text().await }

fn get(url: &str) -> Result<String, Error> {
    ::csp::__private::io_async(async move {
        #[allow(
            unused_braces,
            clippy::let_and_return,
            clippy::let_unit_value,
            clippy::diverging_sub_expression
        )]
        let __output: Result<String, Error> = { fetch(url).await?.text().await };
        #[allow(unreachable_code)] __output
    })
}
