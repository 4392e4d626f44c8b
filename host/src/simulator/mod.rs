//! A stand-in for `zca`, for the demo and the tests: it follows what the real one accepts and prints.
