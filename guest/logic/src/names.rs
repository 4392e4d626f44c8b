//! Compares what people and groups are called: case folding, accents and slugs.
