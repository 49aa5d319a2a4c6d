//! Nothing: the tests stand beside this file, one for each framework, and `suite/` has the scenarios that all of them run.
