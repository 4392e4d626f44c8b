//! Reads the gateway's configuration file into accounts.
