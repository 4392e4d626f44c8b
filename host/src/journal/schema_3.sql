-- So that looking for the few entries that nobody goes on with does not mean reading all that wait.
CREATE INDEX entry_unknown ON entry (changed_at) WHERE state = 'unknown';
CREATE INDEX entry_dead ON entry (id) WHERE state = 'dead';
