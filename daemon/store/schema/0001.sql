-- The first shape of the store.  One table per Record of ocpp16/records.py, one column per field, the key first;
-- nested values are JSON text, truth values 0 or 1.  STRICT: a value of another type never gets in.
-- Later files only add (a table, or a column with a default), so that the version before can still read and write.

CREATE TABLE unit (
    name TEXT PRIMARY KEY NOT NULL DEFAULT 'unit',
    boot_id TEXT NOT NULL DEFAULT '',
    board_boot_id TEXT NOT NULL DEFAULT '',
    board_session_id TEXT NOT NULL DEFAULT '',
    utc_offset REAL,
    floor_utc REAL NOT NULL DEFAULT 0.0,
    registered INTEGER NOT NULL DEFAULT 0,
    shutdown TEXT NOT NULL DEFAULT '',
    upload TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE availability (
    connector INTEGER PRIMARY KEY NOT NULL,
    operative INTEGER NOT NULL DEFAULT 1,
    scheduled INTEGER
) STRICT;

CREATE TABLE occupancy (
    connector INTEGER PRIMARY KEY NOT NULL,
    finishing INTEGER NOT NULL DEFAULT 0,
    held_for TEXT,
    held_group TEXT
) STRICT;

CREATE TABLE latched_fault (
    name TEXT PRIMARY KEY NOT NULL,
    connector INTEGER NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE cached_tag (
    id_tag TEXT PRIMARY KEY NOT NULL,
    status TEXT NOT NULL,
    expires_utc REAL,
    parent_id_tag TEXT,
    used INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE charge (
    number INTEGER PRIMARY KEY NOT NULL,
    connector INTEGER NOT NULL,
    id_tag TEXT NOT NULL,
    parent_id_tag TEXT,
    began TEXT NOT NULL,
    meter_start_wh INTEGER NOT NULL,
    reservation_id INTEGER,
    start_seq INTEGER NOT NULL,
    start TEXT NOT NULL DEFAULT 'waiting',
    transaction_id INTEGER,
    verdict TEXT NOT NULL DEFAULT '',
    energy_ends_wh INTEGER,
    last_wh INTEGER NOT NULL,
    last TEXT NOT NULL,
    told_utc REAL,
    stop_sampled TEXT NOT NULL DEFAULT '',
    stop_aligned TEXT NOT NULL DEFAULT '',
    stopping TEXT NOT NULL DEFAULT '',
    stop_id_tag TEXT,
    ended TEXT,
    meter_stop_wh INTEGER,
    reason TEXT NOT NULL DEFAULT '',
    stop_seq INTEGER,
    stop TEXT NOT NULL DEFAULT 'none',
    error TEXT NOT NULL DEFAULT '',
    stop_error TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE meter_swap (
    connector INTEGER PRIMARY KEY NOT NULL,
    after_number INTEGER NOT NULL
) STRICT;

CREATE TABLE sample (
    seq INTEGER PRIMARY KEY NOT NULL,
    connector INTEGER NOT NULL,
    number INTEGER,
    at TEXT NOT NULL,
    context TEXT NOT NULL,
    "values" TEXT NOT NULL,
    for_stop INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'waiting',
    error TEXT NOT NULL DEFAULT ''
) STRICT;

-- Rows that no longer validate: kept for a person, never read again.
CREATE TABLE rejected (
    number INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    content TEXT NOT NULL
) STRICT;
