//! The `Set-Cookie` headers that a jar wrote. If two hardtack middlewares handle a request, the inner middleware passes
//! a list of these headers to the outer middleware. The list is stored in the response's extensions.

use std::collections::HashMap;

use http::HeaderValue;

/// The `Set-Cookie` headers of declared cookies, in the extensions of a response.
#[derive(Clone, Default)]
pub(crate) struct TrustedHeaders(Vec<TrustedHeader>);

/// One `Set-Cookie` header of a declared cookie.
#[derive(Clone)]
pub(super) struct TrustedHeader {
    pub(super) value: HeaderValue,
    /// The declared name, or `None` if the name is not known. For a cookie of a family, the declared name is the
    /// family's name.
    pub(super) declared_name: Option<&'static str>,
}

impl TrustedHeaders {
    pub(super) fn add(&mut self, value: HeaderValue, declared_name: &'static str) {
        self.0.push(TrustedHeader { value, declared_name: Some(declared_name) });
    }

    /// Adds headers to the list. The headers are from a response that the middleware already handled. A header that is
    /// already in the list keeps its declared name.
    #[cfg(any(test, feature = "salvo"))]
    pub(crate) fn add_all<'a>(&mut self, headers: impl Iterator<Item = &'a HeaderValue>) {
        let index = self.index();
        let is_new = |header: &&HeaderValue| index.place(self, header).is_none();
        let new: Vec<_> = headers.filter(is_new).cloned().collect();
        self.0.extend(new.into_iter().map(|value| TrustedHeader { value, declared_name: None }));
    }

    /// Returns an index of the headers that are in the list now.
    pub(super) fn index(&self) -> TrustedIndex {
        let places = || self.0.iter().map(|header| header.value.clone()).zip(0..);
        TrustedIndex((self.0.len() > TrustedIndex::SHORT).then(|| places().collect()))
    }
}

/// The place of each trusted header. A short list has no index, because a search in the list is then faster.
pub(super) struct TrustedIndex(Option<HashMap<HeaderValue, usize>>);

impl TrustedIndex {
    /// A list with more than `SHORT` headers has an index.
    const SHORT: usize = 8;

    /// Returns the trusted header that is equal to `header`. The index contains the values that the trusted headers had
    /// when the index was made.
    pub(super) fn find<'a>(
        &self,
        trusted: &'a mut TrustedHeaders,
        header: &HeaderValue,
    ) -> Option<&'a mut TrustedHeader> {
        let place = self.place(trusted, header)?;
        trusted.0.get_mut(place)
    }

    pub(super) fn contains(&self, trusted: &TrustedHeaders, header: &HeaderValue) -> bool {
        self.place(trusted, header).is_some()
    }

    fn place(&self, trusted: &TrustedHeaders, header: &HeaderValue) -> Option<usize> {
        match &self.0 {
            Some(places) => places.get(header).copied(),
            None => trusted.0.iter().position(|trusted| trusted.value == *header),
        }
    }
}
