//! Makes keys, drops them, and searches the memory of this process for the keys. The test `seal/memory.rs` builds and
//! runs this program. The program exits with an error if it finds a copy of a key.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use hardtack::seal::{Key, Keyring};

/// The program stores the expected bytes only with this mask, so that a search does not find the expected bytes.
const MASK: u8 = 0xA5;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Converts the base64 text of a key to masked bytes, without a copy of the key.
#[inline(never)]
fn masked_secret(text: &str) -> Vec<u8> {
    let mut masked = Vec::with_capacity(32);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let value = ALPHABET.iter().position(|letter| *letter == byte).unwrap();
        (bits, count) = (bits << 6 | u32::try_from(value).unwrap(), count + 6);
        if count >= 8 {
            count -= 8;
            masked.push(u8::try_from(bits >> count & 0xFF).unwrap() ^ MASK);
        }
    }
    assert_eq!(masked.len(), 32);
    masked
}

/// Overwrites a text that contains a key.
fn erase(text: String) {
    let mut bytes = text.into_bytes();
    bytes.fill(0);
    std::hint::black_box(&mut bytes);
}

/// Overwrites the stack below the caller's frame, where the program's own functions left copies.
#[inline(never)]
fn erase_stack() {
    std::hint::black_box(&mut [0_u8; 64 * 1024]);
}

/// Returns the number of copies in the memory areas for which `is_in_area` returns true. The argument of `is_in_area`
/// is a line of `/proc/self/maps`.
fn copies(masked: &[u8], is_in_area: impl Fn(&str) -> bool) -> usize {
    const STEP: usize = 1 << 16;
    let mut memory = File::open("/proc/self/mem").unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut buffer = vec![0; STEP + masked.len() - 1];
    // The search reads each copy into its buffer, so a copy in the buffer does not count.
    let buffer_start = buffer.as_ptr() as usize;
    let own = buffer_start.saturating_sub(masked.len())..buffer_start + buffer.len();
    let mut found = 0;
    for line in maps.lines().filter(|line| line.contains(" rw-p ") && is_in_area(line)) {
        let (start, rest) = line.split_once('-').unwrap();
        let (end, _) = rest.split_once(' ').unwrap();
        let number = |text: &str| usize::from_str_radix(text, 16).unwrap();
        let (start, end) = (number(start), number(end));
        for chunk_start in (start..end).step_by(STEP) {
            let length = buffer.len().min(end - chunk_start);
            let chunk = &mut buffer[..length];
            memory.seek(SeekFrom::Start(u64::try_from(chunk_start).unwrap())).unwrap();
            memory.read_exact(chunk).unwrap();
            chunk.iter_mut().for_each(|byte| *byte ^= MASK);
            let matches = chunk.windows(masked.len()).enumerate().filter(|(_, window)| *window == masked);
            let addresses = matches.map(|(offset, _)| chunk_start + offset);
            found += addresses.filter(|address| !own.contains(address)).count();
        }
    }
    buffer.fill(0);
    std::hint::black_box(&mut buffer);
    found
}

fn on_stack(masked: &[u8]) -> usize {
    copies(masked, |line| line.contains("[stack"))
}

fn anywhere(masked: &[u8]) -> usize {
    copies(masked, |_| true)
}

/// Makes a key, drops the key, and returns the numbers of copies: on the stack while the key exists, anywhere while the
/// key exists, and anywhere afterwards. Does not overwrite the stack, so that the search finds copies that hardtack
/// left on the stack.
fn measure(make: impl FnOnce() -> (Vec<u8>, Keyring)) -> [usize; 3] {
    let (masked, keyring) = make();
    let held = [on_stack(&masked), anywhere(&masked)];
    drop(std::hint::black_box(keyring));
    [held[0], held[1], anywhere(&masked)]
}

#[inline(never)]
fn random_text() -> String {
    let key = Key::generate();
    key.to_base64()
}

fn main() {
    // Check the search itself: the search must find a secret on the stack.
    let text = random_text();
    let masked = masked_secret(&text);
    let mut plain = [0; 32];
    plain.iter_mut().zip(&masked).for_each(|(plain, masked)| *plain = masked ^ MASK);
    std::hint::black_box(&mut plain);
    assert!(on_stack(&masked) >= 1 && anywhere(&masked) >= 1, "the search does not find a copy on the stack");
    plain.fill(0);
    std::hint::black_box(&mut plain);
    erase(text);
    erase_stack();
    assert_eq!(anywhere(&masked), 0, "the program itself left a copy");

    for (name, make) in [
        ("generate", (|| {
            let key = Key::generate();
            let text = key.to_base64();
            let masked = masked_secret(&text);
            erase(text);
            (masked, Keyring::new(key))
        }) as fn() -> (Vec<u8>, Keyring)),
        ("from_base64", || {
            let text = random_text();
            let masked = masked_secret(&text);
            erase_stack();
            let key = Key::from_base64(&text).unwrap();
            erase(text);
            (masked, Keyring::new(key))
        }),
        ("parse", || {
            let text = random_text();
            let masked = masked_secret(&text);
            erase_stack();
            let keyring = text.parse::<Keyring>().unwrap();
            erase(text);
            (masked, keyring)
        }),
    ] {
        let [stack, held, dropped] = measure(make);
        println!("{name}: {stack} on the stack, {held} while held, {dropped} after the drop");
        assert_eq!((stack, held, dropped), (0, 1, 0), "{name}");
    }
}
