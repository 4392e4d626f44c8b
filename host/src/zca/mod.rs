//! The `zca` command line: commands to argv, child processes, and the listener.
