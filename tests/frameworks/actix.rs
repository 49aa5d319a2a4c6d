//! actix: to be written.
