//! Generates hostile `Cookie` headers. One half consists of headers that a browser sends after attackers set cookies.
//! The other half consists of any bytes that HTTP allows in a header.

use super::NAMES;
use super::browser::{Browser, Setter};

/// The `Cookie` headers of one request.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) headers: Vec<Vec<u8>>,
    /// The browser that sends the headers. `None` if no browser sends these headers.
    pub(crate) browser: Option<Browser>,
}

/// A pseudorandom generator (SplitMix64). The same seed always generates the same headers.
pub(crate) struct Generator {
    state: u64,
}

/// White space of Unicode. Browsers and hardtack do not treat it as white space.
const WHITE_SPACE: [&str; 6] = ["\u{A0}", "\u{85}", "\u{2000}", "\u{3000}", "\u{2028}", "\u{A0}\u{1680}"];

const VALUES: [&[u8]; 46] = [
    b"1",
    b"s3cr3t",
    b"",
    b" padded ",
    b"\tpadded\t",
    b"two words",
    b"\"quoted\"",
    b"\" quoted and padded \"",
    b"\"\"",
    b"\"",
    b"\"open",
    b"closed\"",
    b"\"a\\\"b\"",
    b"\"a\"b\"",
    b"1, __Host-sid=evil",
    b"1,__Host-Http-sid=evil",
    b"\"1; __Host-sid=evil\"",
    b"\"1; sid=evil",
    b"\"1, sid=evil\"",
    b"%3B%20__Host-sid=evil",
    b"%22quoted%22",
    b"50%20%25",
    b"%",
    b"%4",
    b"%zz",
    b"%41",
    b"A",
    b"%e4",
    b"%FF",
    b"%C3%A4",
    b"%00%0D%0ASet-Cookie:%20x=1",
    "\u{E4}".as_bytes(),
    "\u{1F36A}".as_bytes(),
    "\u{A0}blank\u{2003}".as_bytes(),
    "\" \u{A0}quoted\"".as_bytes(),
    b"\xE4",
    b"a\xFFb",
    b"\xC2",
    b"a=b",
    b"==",
    b"=",
    b"__Host-sid=evil",
    b"a\tb",
    b"+",
    b"{\"a\":1,\"b\":[2]}",
    b"$Path",
];

const SEPARATORS: [&[u8]; 14] =
    [b"; ", b"; ", b"; ", b"; ", b"; ", b";", b" ;\t", b";;", b"; ; ", b", ", b",", b"&", b" ", b"; $Path=/; "];

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Generator { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// Returns a byte that HTTP allows in the value of a header.
    fn header_byte(&mut self) -> u8 {
        let byte = u8::try_from(self.below(256)).unwrap();
        if byte < b' ' || byte == 0x7F { b'\t' } else { byte }
    }

    pub(crate) fn input(&mut self) -> Input {
        if self.chance(50) { self.input_of_a_browser() } else { self.input_of_any_client() }
    }

    fn input_of_a_browser(&mut self) -> Input {
        let mut browser = Browser::default();
        for _ in 0..self.below(3) {
            let (name, value) = (self.pick(&NAMES), self.pick(&VALUES[..24]));
            browser.set(Setter::Application, &[name.as_bytes(), b"=", value].concat());
        }
        for _ in 0..self.below(4) {
            let setter = self.pick(&[Setter::Sibling, Setter::Sibling, Setter::Script, Setter::Network]);
            let pair = self.pair();
            browser.set(setter, &pair);
        }
        browser.rotate(self.below(6));
        let pairs = browser.pairs();
        // A browser sends several headers over HTTP/2.
        let headers = if pairs.is_empty() || self.chance(15) { pairs } else { vec![pairs.join(&b"; "[..])] };
        Input { headers, browser: Some(browser) }
    }

    fn input_of_any_client(&mut self) -> Input {
        let count = self.pick(&[1, 1, 1, 1, 1, 1, 1, 2, 2, 3]);
        let headers = (0..count).map(|_| self.header()).collect();
        Input { headers, browser: None }
    }

    fn header(&mut self) -> Vec<u8> {
        let mut header = Vec::new();
        let count = if self.chance(1) { self.below(150) } else { self.below(6) };
        for at in 0..count {
            if at > 0 {
                header.extend_from_slice(self.pick(&SEPARATORS));
            }
            header.extend(self.pair());
        }
        if self.chance(20) && !header.is_empty() {
            for _ in 0..=self.below(3) {
                let at = self.below(header.len());
                header[at] = self.header_byte();
            }
        }
        header
    }

    fn pair(&mut self) -> Vec<u8> {
        let equals = match self.below(100) {
            0..80 => "=",
            80..84 => " = ",
            84..87 => "\t=",
            87..90 => "= ",
            90..93 => "==",
            93..95 => "\u{A0}=",
            95..97 => "=\u{2003}",
            _ => "",
        };
        [self.name(), equals.as_bytes().to_vec(), self.value()].concat()
    }

    fn name(&mut self) -> Vec<u8> {
        let name = match self.below(10) {
            0 => self.pick(&["x", "PHPSESSID", "$Version", "Path", "sid.x"]),
            _ => self.pick(&NAMES),
        };
        let name = name.as_bytes().to_vec();
        match self.below(100) {
            0..50 => name,
            50..57 => self.in_other_case(name),
            57..69 => self.percent_encoded(&name),
            69..78 => [self.pick(&WHITE_SPACE).as_bytes(), &name].concat(),
            78..81 => [&name[..], self.pick(&WHITE_SPACE).as_bytes()].concat(),
            81..84 => [&name[..], self.pick(&[&b"[]"[..], b".", b"-", b"\xE4", b"%00", b"\t x", b"\""])].concat(),
            84..93 => {
                let before: [&[u8]; 11] = [
                    b"x=1,",
                    b"x=1, ",
                    b"$Version=1,",
                    b"$Version=1; ",
                    b"..",
                    b"$",
                    b"\t",
                    b"  ",
                    b"\xA0",
                    b"\xC2",
                    b"\"",
                ];
                [self.pick(&before), &name].concat()
            }
            93..95 => [b"\"", &name[..], b"\""].concat(),
            95..97 => name[1..].to_vec(),
            _ => Vec::new(),
        }
    }

    fn in_other_case(&mut self, mut name: Vec<u8>) -> Vec<u8> {
        match self.below(3) {
            0 => name.make_ascii_lowercase(),
            1 => name.make_ascii_uppercase(),
            _ => {
                let at = self.below(name.len());
                name[at] ^= 0x20 * u8::from(name[at].is_ascii_alphabetic());
            }
        }
        name
    }

    /// Percent-encodes one byte or all bytes of the name, once or twice.
    fn percent_encoded(&mut self, name: &[u8]) -> Vec<u8> {
        let (only, percent) = (self.below(name.len()), self.pick(&["%", "%", "%", "%25"]));
        let (encodes_all, is_lower) = (self.chance(20), self.chance(50));
        let encode = |(at, byte): (usize, &u8)| match encodes_all || at == only {
            false => char::from(*byte).to_string(),
            true if is_lower => format!("{percent}{byte:02x}"),
            true => format!("{percent}{byte:02X}"),
        };
        name.iter().enumerate().map(encode).collect::<String>().into_bytes()
    }

    fn value(&mut self) -> Vec<u8> {
        match self.below(100) {
            0..85 => self.pick(&VALUES).to_vec(),
            85..99 => (0..self.below(12)).map(|_| self.header_byte()).collect(),
            _ => vec![b'x'; self.below(6000)],
        }
    }
}

/// The headers of attacks that the literature describes, and of the browser tests.
pub(crate) fn known_attacks() -> Vec<Input> {
    let headers: [&[&[u8]]; 18] = [
        &[b"__host-sid=evil"],
        &[b"\xC2\xA0__Host-sid=evil"],
        &[b"\xE2\x80\x80__Host-sid=evil"],
        &[b"\xA0__Host-sid=evil"],
        &[b"%5F_Host-sid=evil"],
        &[b"%5f%5fHost%2Dsid=evil"],
        &[b"..Host-sid=evil"],
        &[b"$Version=1,__Host-sid=evil"],
        &[b"$Version=1; __Host-sid=real; $Path=/; $Domain=evil"],
        &[b"x=1, __Host-sid=evil"],
        &[b"x=\"1, __Host-sid=evil\""],
        &[b"a=\"1; __Host-sid=real"],
        &[b"a=\"1; __Host-sid=real; b=2\""],
        &[b"__Host-sid[]=evil; __Host-sid=real"],
        &[b"=; __Host-sid; __Host-sid=real"],
        &[b"a=1", b"__Host-sid=real", b"a=2"],
        &[b"a=\"1", b"2\"; __Host-sid=real"],
        &[b"__Host-sid=real; __Host-sid=evil"],
    ];
    let input = |headers: &&[&[u8]]| Input { headers: headers.iter().map(|it| it.to_vec()).collect(), browser: None };
    headers.iter().map(input).collect()
}
