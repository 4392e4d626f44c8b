//! Reads a section of a JSON document strictly: every problem at once, with its path and the
//! nearest valid spelling.
