//! rocket: to be written.
