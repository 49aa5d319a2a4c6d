//! poem: to be written.
