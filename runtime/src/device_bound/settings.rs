//! The policy's setting for device-bound cookies.

/// The policy's setting for device-bound cookies: the path of the two endpoints.
///
/// ```
/// use hardtack::Policy;
/// use hardtack::device_bound::DeviceBound;
///
/// let policy = Policy::builder().device_bound(DeviceBound::new().at("/auth/device")).build()?;
/// assert_eq!(policy.device_bound().register_path(), "/auth/device/register");
/// assert_eq!(policy.device_bound().refresh_path(), "/auth/device/refresh");
///
/// let error = Policy::builder().device_bound(DeviceBound::new().at("auth")).build().unwrap_err();
/// assert_eq!(error.key(), "device_bound.at");
/// # Ok::<(), hardtack::policy::PolicyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceBound {
    at: String,
}

impl Default for DeviceBound {
    fn default() -> Self {
        DeviceBound::new()
    }
}

impl DeviceBound {
    /// Returns the default setting: the endpoints are under `/.well-known/hardtack/device-bound`.
    #[must_use]
    pub fn new() -> Self {
        DeviceBound { at: "/.well-known/hardtack/device-bound".to_owned() }
    }

    /// Sets the path under which the two endpoints are: `…/register` and `…/refresh`. The policy's middleware answers
    /// both paths, so the application has no routes there. A proxy in front must forward both paths.
    ///
    /// The path begins with `/` and does not end with `/`. It contains only letters, digits, `-`, `.`, `_`, `~` and
    /// `/`. [`PolicyBuilder::build`](crate::policy::PolicyBuilder::build) returns an error for another path.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.at = path.into();
        self
    }

    /// Returns the path of the endpoint for registrations.
    #[must_use]
    pub fn register_path(&self) -> String {
        format!("{}/register", self.at)
    }

    /// Returns the path of the endpoint for refreshes.
    #[must_use]
    pub fn refresh_path(&self) -> String {
        format!("{}/refresh", self.at)
    }

    /// Returns the problem with the path.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/');
        let mut segments = self.at.split('/');
        if self.at.is_empty() || segments.next() != Some("") {
            return Some("the path does not begin with `/`; write it as in \"/auth/device\"");
        }
        if segments.any(|segment| matches!(segment, "" | "." | "..")) {
            return Some("a part of the path is empty, `.` or `..`; write it as in \"/auth/device\"");
        }
        let is_valid = self.at.bytes().all(is_allowed);
        (!is_valid).then_some("the path contains another character than letters, digits, `-`, `.`, `_`, `~` and `/`")
    }
}

#[cfg(test)]
mod tests {
    use super::DeviceBound;

    #[test]
    fn only_plain_paths_are_accepted() {
        for path in ["/a", "/auth/device", "/.well-known/a_b~c-d"] {
            assert_eq!(DeviceBound::new().at(path).problem(), None, "{path}");
        }
        assert_eq!(DeviceBound::new().problem(), None);
        for path in
            ["", "/", "a", "a/b", "/a/", "//a", "/a//b", "/a/../b", "/./a", "/a?b", "/a\"", "/a b", "/{id}", "/é"]
        {
            assert!(DeviceBound::new().at(path).problem().is_some(), "{path}");
        }
    }
}
