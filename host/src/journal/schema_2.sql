-- What a bridge hands out, until it is confirmed; what it is recognised by is kept for longer. A body is JSON.
CREATE TABLE event (
    -- Never used twice, so that a reader can go on from a number.
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- NULL once it is confirmed.
    body TEXT,
    by_zalo BLOB,
    by_client BLOB
) STRICT;
-- The first number is a time, so that none of a journal that had to be begun anew was in the old one: a reader that
-- goes on from a number of the old one confirms nothing that it has not seen.
INSERT INTO sqlite_sequence (name, seq) VALUES ('event', unixepoch('now') * 1000);
CREATE UNIQUE INDEX event_by_zalo ON event (by_zalo) WHERE by_zalo IS NOT NULL;
CREATE UNIQUE INDEX event_by_client ON event (by_client) WHERE by_client IS NOT NULL;
CREATE INDEX event_open ON event (account, seq) WHERE body IS NOT NULL;
CREATE INDEX event_done ON event (at) WHERE body IS NULL;

-- How many events of an account were given up before they were confirmed.
CREATE TABLE event_lost (account TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- What became of the commands that a bridge was given under a key. NULL while nobody knows.
CREATE TABLE outcome (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT,
    PRIMARY KEY (account, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX outcome_at ON outcome (at);
