//! This library is empty. The tests are in this folder, one for each framework. `suite/` contains the scenarios that
//! all frameworks run.
