//! Turns what `zca listen` prints into effects.
