//! Nonces: twelve random octets each, from the system's generator by way of a buffer of this thread's, since one call to
//! the system costs as much as sealing a value. Never promises that none comes twice; AES-GCM-SIV does not need it.

use std::cell::RefCell;

pub(super) const LENGTH: usize = 12;

/// How many are asked for at once.
const COUNT: usize = 32;

struct Buffer {
    octets: [u8; LENGTH * COUNT],
    left: usize,
}

thread_local! {
    static BUFFER: RefCell<Buffer> = const { RefCell::new(Buffer { octets: [0; LENGTH * COUNT], left: 0 }) };
}

/// The next nonce; `None` where the system gives no random octets.
pub(super) fn next() -> Option<[u8; LENGTH]> {
    let buffered = BUFFER.try_with(|buffer| buffer.try_borrow_mut().ok()?.next());
    match buffered {
        Ok(nonce) => nonce,
        // The thread is ending.
        Err(_) => fresh(),
    }
}

fn fresh() -> Option<[u8; LENGTH]> {
    let mut nonce = [0; LENGTH];
    getrandom::fill(&mut nonce).ok()?;
    Some(nonce)
}

impl Buffer {
    fn next(&mut self) -> Option<[u8; LENGTH]> {
        if self.left == 0 {
            getrandom::fill(&mut self.octets).ok()?;
            self.left = COUNT;
        }
        self.left -= 1;
        self.octets.get(self.left * LENGTH..)?.first_chunk().copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{COUNT, fresh, next};

    #[test]
    fn the_buffer_is_filled_again_and_each_nonce_is_handed_out_once() {
        let nonces: HashSet<_> = (0..4 * COUNT).map(|_| next().unwrap()).collect();
        assert_eq!(nonces.len(), 4 * COUNT);
        let elsewhere = std::thread::spawn(next).join().unwrap().unwrap();
        assert!(!nonces.contains(&elsewhere));
    }

    #[test]
    fn no_two_nonces_share_octets_and_an_ending_thread_has_its_own() {
        // A nonce that began one octet further on in the buffer would differ from its neighbour, and hold most of it.
        let nonces = (0..2 * COUNT).map(|_| next().unwrap()).chain([fresh().unwrap(), fresh().unwrap()]);
        let parts: Vec<[u8; 8]> = nonces
            .flat_map(|nonce| nonce.windows(8).map(|part| part.try_into().unwrap()).collect::<Vec<_>>())
            .collect();
        assert_eq!(parts.iter().collect::<HashSet<_>>().len(), parts.len());
    }
}
