//! Empty. The tests are beside this file, one for each framework. `suite/` has the scenarios that all of them run.
