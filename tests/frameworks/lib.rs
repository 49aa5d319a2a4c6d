//! This library is empty, because the package contains only tests and examples. The folder `tests/frameworks` contains
//! one test for each framework. `suite/` contains the scenarios that all frameworks run.
