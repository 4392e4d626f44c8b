-- What was admitted, until it is answered and for some time after that. Times are in milliseconds
-- since the Unix epoch.
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    thread TEXT NOT NULL,
    is_group INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    -- 1 when nothing will become of it any more.
    done INTEGER NOT NULL DEFAULT 0,
    sender TEXT NOT NULL,
    message TEXT NOT NULL,
    by_zalo BLOB,
    by_client BLOB,
    -- What is to be done, as JSON; of a line, its bytes.
    body BLOB,
    admitted_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    handed INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    retry_at INTEGER,
    reason TEXT
) STRICT;
CREATE UNIQUE INDEX entry_by_zalo ON entry (by_zalo) WHERE by_zalo IS NOT NULL;
CREATE UNIQUE INDEX entry_by_client ON entry (by_client) WHERE by_client IS NOT NULL;
CREATE INDEX entry_open ON entry (account) WHERE done = 0;
CREATE INDEX entry_done ON entry (changed_at) WHERE done = 1;

-- The parts of the replies that are planned and not wholly sent. A command is JSON.
CREATE TABLE chunk (
    entry INTEGER NOT NULL,
    place INTEGER NOT NULL,
    state TEXT NOT NULL,
    command TEXT NOT NULL,
    note TEXT,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (entry, place)
) STRICT, WITHOUT ROWID;

-- What was written in groups and not let through, to go before the next message that is. A message is JSON.
CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    thread TEXT NOT NULL,
    message TEXT NOT NULL
) STRICT;
CREATE INDEX history_by_thread ON history (account, thread);

-- Written to find out whether the disk takes anything.
CREATE TABLE probe (id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;
