//! The zalouser component: the types of the WIT package around the logic, and nothing else.
