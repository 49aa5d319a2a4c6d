//! Finds the text of a cookie's name in a `Cookie` header. The input is the bytes of the header and of the name. The
//! output is the positions at which the name can begin. The caller checks each position.
//!
//! The search compares only two bytes of the name. For speed, the search first skips each block of 64 bytes in which
//! the two bytes match nowhere. In the other blocks, it compares eight positions at once. So a neighbour that looks like
//! the name costs little more than any other text.

/// Calls `check` with each position at which `name` can begin, from the position `from` on. Stops at the first position
/// for which `check` returns a value, and returns this value.
#[inline]
pub(super) fn find<T>(header: &[u8], name: &[u8], from: usize, check: impl Fn(usize) -> Option<T>) -> Option<T> {
    // Different names often have the same first letter or the same last letter, so two other letters are compared.
    let last = name.len().checked_sub(1)?;
    let first_offset = last / 2;
    let second_offset = if last > 2 { last - 1 } else { last };
    let bytes = (*name.get(first_offset)?, *name.get(second_offset)?);
    let seconds = header.get(from.checked_add(second_offset)?..)?;
    let firsts = header.get(from.checked_add(first_offset)?..)?.get(..seconds.len())?;
    // After the first value of a cookie, a header rarely contains a second one, so the rest usually has no match.
    let checks_rest = from > 0;
    find_in_blocks::<128, T>(firsts, seconds, bytes, from, checks_rest, &|firsts, seconds, from| {
        find_in_blocks::<64, T>(firsts, seconds, bytes, from, checks_rest, &|firsts, seconds, from| {
            find_in_words(firsts, seconds, bytes, from, &check)
        })
    })
}

/// Splits the text into blocks of `N` bytes, and calls `search` for each block with a match, and for the rest.
/// `firsts` and `seconds` have the same length.
#[inline]
fn find_in_blocks<const N: usize, T>(
    all_firsts: &[u8],
    all_seconds: &[u8],
    bytes: (u8, u8),
    mut position: usize,
    checks_rest: bool,
    search: &impl Fn(&[u8], &[u8], usize) -> Option<T>,
) -> Option<T> {
    let (mut firsts, mut seconds) = (all_firsts, all_seconds);
    while let (Some((first_block, rest)), Some((second_block, seconds_rest))) =
        (firsts.split_first_chunk::<N>(), seconds.split_first_chunk::<N>())
    {
        if has_match(first_block, second_block, bytes) {
            if let Some(found) = search(first_block, second_block, position) {
                return Some(found);
            }
        }
        (firsts, seconds, position) = (rest, seconds_rest, position + N);
    }
    // If `checks_rest` is true, a short rest is skipped like a block: the last 64 bytes of the text contain the rest.
    if let (1..=64, Some(first_block), Some(second_block)) =
        (firsts.len(), all_firsts.last_chunk::<64>(), all_seconds.last_chunk::<64>())
    {
        if checks_rest && !has_match(first_block, second_block, bytes) {
            return None;
        }
    }
    search(firsts, seconds, position)
}

/// Returns true if the block contains a match. `inline(never)` keeps the loop in a separate function, because LLVM
/// vectorises the loop only in a separate function.
#[inline(never)]
fn has_match<const N: usize>(firsts: &[u8; N], seconds: &[u8; N], (first, second): (u8, u8)) -> bool {
    let mut found = 0;
    for (a, b) in firsts.iter().zip(seconds) {
        found |= u8::from(*a == first) & u8::from(*b == second);
    }
    found != 0
}

/// Compares eight positions at once, and calls `check` with each match.
#[inline]
fn find_in_words<T>(
    mut firsts: &[u8],
    mut seconds: &[u8],
    (first, second): (u8, u8),
    mut position: usize,
    check: &impl Fn(usize) -> Option<T>,
) -> Option<T> {
    let (all_first, all_second) = (EACH * u64::from(first), EACH * u64::from(second));
    while let (Some((a, rest)), Some((b, seconds_rest))) = (firsts.split_first_chunk(), seconds.split_first_chunk()) {
        let mut matches = zero_bytes((u64::from_le_bytes(*a) ^ all_first) | (u64::from_le_bytes(*b) ^ all_second));
        while matches != 0 {
            if let Some(found) = check(position + first_byte(matches)) {
                return Some(found);
            }
            matches &= matches - 1;
        }
        (firsts, seconds, position) = (rest, seconds_rest, position + 8);
    }
    let mut last = firsts.iter().zip(seconds).zip(position..);
    last.find_map(|((a, b), position)| if *a == first && *b == second { check(position) } else { None })
}

const EACH: u64 = u64::from_le_bytes([1; 8]);

/// Returns a number in which the top bit of each zero byte of `word` is set. The top bit of a byte above a zero byte can
/// also be set. That does no harm, because `check` checks each position.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(EACH) & !word & EACH << 7
}

/// Returns the index of the first byte with a bit.
fn first_byte(word: u64) -> usize {
    usize::try_from(word.trailing_zeros() / 8).unwrap_or_default()
}

/// Returns the position of the first semicolon, or the length of the text.
pub(super) fn find_semicolon(text: &[u8]) -> usize {
    let mut rest = text;
    while let Some((word, after)) = rest.split_first_chunk() {
        let matches = zero_bytes(u64::from_le_bytes(*word) ^ (EACH * u64::from(b';')));
        if matches != 0 {
            return text.len() - rest.len() + first_byte(matches);
        }
        rest = after;
    }
    text.len() - rest.len() + rest.iter().position(|byte| *byte == b';').unwrap_or(rest.len())
}
