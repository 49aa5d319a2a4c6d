//! salvo: to be written.
