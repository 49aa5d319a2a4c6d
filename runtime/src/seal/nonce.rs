//! Returns nonces of 12 random bytes from the operating system. Each thread has a buffer of nonces, because one call to
//! the operating system takes as much time as the encryption of a value. After a fork, parent and child process use the
//! same nonces from the buffer. The cipher AES-GCM-SIV tolerates repeated nonces.

use std::cell::RefCell;

pub(super) const LENGTH: usize = 12;

/// The number of nonces that fit into the buffer. One call to the operating system fills the whole buffer.
const COUNT: usize = 32;

struct Buffer {
    bytes: [u8; LENGTH * COUNT],
    /// The number of unused nonces. The unused nonces are at the start of the buffer.
    left: usize,
}

thread_local! {
    static BUFFER: RefCell<Buffer> = const { RefCell::new(Buffer { bytes: [0; LENGTH * COUNT], left: 0 }) };
}

/// Returns the next nonce, or `None` if the operating system returns no random bytes.
pub(super) fn next() -> Option<[u8; LENGTH]> {
    let buffered = BUFFER.try_with(|buffer| buffer.try_borrow_mut().ok()?.next());
    match buffered {
        Ok(nonce) => nonce,
        // At the end of a thread, the thread's buffer is perhaps already dropped.
        Err(_) => without_buffer(),
    }
}

fn without_buffer() -> Option<[u8; LENGTH]> {
    let mut nonce = [0; LENGTH];
    getrandom::fill(&mut nonce).ok()?;
    Some(nonce)
}

impl Buffer {
    fn next(&mut self) -> Option<[u8; LENGTH]> {
        if self.left == 0 {
            getrandom::fill(&mut self.bytes).ok()?;
            self.left = COUNT;
        }
        self.left -= 1;
        self.bytes.get(self.left * LENGTH..)?.first_chunk().copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{COUNT, next, without_buffer};

    #[test]
    fn refilled_buffer_returns_each_nonce_once() {
        let nonces: HashSet<_> = (0..4 * COUNT).map(|_| next().unwrap()).collect();
        assert_eq!(nonces.len(), 4 * COUNT);
        let of_other_thread = std::thread::spawn(next).join().unwrap().unwrap();
        assert!(!nonces.contains(&of_other_thread));
    }

    #[test]
    fn nonces_never_overlap() {
        // Compares parts of 8 bytes instead of whole nonces. If nonces overlapped in the buffer, whole nonces would
        // differ, but some of their 8-byte parts would be equal.
        let unbuffered = [without_buffer().unwrap(), without_buffer().unwrap()];
        let nonces = (0..2 * COUNT).map(|_| next().unwrap()).chain(unbuffered);
        let parts: Vec<[u8; 8]> = nonces
            .flat_map(|nonce| nonce.windows(8).map(|part| part.try_into().unwrap()).collect::<Vec<_>>())
            .collect();
        assert_eq!(parts.iter().collect::<HashSet<_>>().len(), parts.len());
    }
}
