//! Tests of hardtack; nothing is built from here.
