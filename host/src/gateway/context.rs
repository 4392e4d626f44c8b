//! What an agent is given of a message, under the names that agents of this channel know.
