//! The extension of a sealed cookie that is bound to a device: the mark of the sign-in, and whether the browser has
//! registered a key since.

/// The number of random bytes in a mark.
pub(crate) const MARK_LEN: usize = 16;

const VERSION: u8 = 1;
const OFFERED: u8 = 0;
const REGISTERED: u8 = 1;

/// A random value that is sealed into the session cookie at sign-in, into the session identifier and into the
/// companion. The mark shows that the three belong together. `Mark` has no `Debug`, so that no log contains a mark.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(pub(crate) [u8; MARK_LEN]);

/// The mark of a session cookie, and whether a device is registered for the session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Binding {
    pub(crate) mark: Mark,
    /// True if a browser has registered a key. The cookie is then read only together with its companion.
    pub(crate) is_registered: bool,
}

/// The extension has a version that this release does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnknownExtension;

impl Binding {
    /// Returns the binding of a sign-in, with a new mark. Returns `None` if the operating system returns no random
    /// bytes.
    pub(crate) fn new() -> Option<Binding> {
        let mut mark = [0; MARK_LEN];
        getrandom::fill(&mut mark).ok()?;
        Some(Binding { mark: Mark(mark), is_registered: false })
    }

    pub(crate) fn registered(self) -> Binding {
        Binding { is_registered: true, ..self }
    }

    pub(crate) fn to_extension(self) -> Vec<u8> {
        let state = if self.is_registered { REGISTERED } else { OFFERED };
        [&[VERSION, state], &self.mark.0[..]].concat()
    }

    /// Parses the extension of a seal. Returns `None` if the extension is empty: the cookie was set before it was
    /// declared `device_bound`.
    pub(crate) fn from_extension(extension: &[u8]) -> Result<Option<Binding>, UnknownExtension> {
        match extension {
            [] => Ok(None),
            [VERSION, state @ (OFFERED | REGISTERED), mark @ ..] => {
                let mark = Mark(mark.try_into().map_err(|_| UnknownExtension)?);
                Ok(Some(Binding { mark, is_registered: *state == REGISTERED }))
            }
            _ => Err(UnknownExtension),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Binding, UnknownExtension};

    #[test]
    fn extension_is_parsed_as_written() {
        let binding = Binding::new().unwrap();
        for binding in [binding, binding.registered()] {
            let parsed = Binding::from_extension(&binding.to_extension());
            assert!(parsed == Ok(Some(binding)));
        }
        assert!(Binding::from_extension(&[]) == Ok(None));
        let mut extension = binding.to_extension();
        for (index, value) in [(0, 2), (1, 2)] {
            let mut changed = extension.clone();
            changed[index] = value;
            assert!(Binding::from_extension(&changed) == Err(UnknownExtension), "{index}");
        }
        extension.pop();
        assert!(Binding::from_extension(&extension) == Err(UnknownExtension));
    }

    #[test]
    fn each_sign_in_has_its_own_mark() {
        assert!(Binding::new().unwrap() != Binding::new().unwrap());
    }
}
