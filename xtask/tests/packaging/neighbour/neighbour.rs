//! A static library of somebody else, in Rust like ours but with the standard
//! library: it allocates, panics and catches.

/// The sum of the numbers below `count`, or 0 when that is more than ten.
#[unsafe(no_mangle)]
pub extern "C" fn neighbour_sum(count: u32) -> u32 {
    std::panic::catch_unwind(|| {
        let numbers: Vec<u32> = (0..count).collect();
        assert!(numbers.len() <= 10, "too many numbers");
        numbers.iter().sum()
    })
    .unwrap_or(0)
}
