//! What is kept on disk and shared with OpenClaw: pairing requests and allow-lists.
