-- Local list, reservations, charging profiles, the firmware update under way.

CREATE TABLE listed_tag (
    id_tag TEXT PRIMARY KEY NOT NULL,
    status TEXT NOT NULL,
    expires_utc REAL,
    parent_id_tag TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE list_version (
    name TEXT PRIMARY KEY NOT NULL DEFAULT 'list',
    version INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE reservation (
    reservation_id INTEGER PRIMARY KEY NOT NULL,
    connector INTEGER NOT NULL,
    id_tag TEXT NOT NULL,
    parent_id_tag TEXT,
    expires_utc REAL NOT NULL
) STRICT;

CREATE TABLE profile (
    profile_id INTEGER PRIMARY KEY NOT NULL,
    connector INTEGER NOT NULL,
    number INTEGER,
    document TEXT NOT NULL
) STRICT;

CREATE TABLE firmware_update (
    name TEXT PRIMARY KEY NOT NULL DEFAULT 'update',
    location TEXT NOT NULL,
    retrieve_utc REAL NOT NULL,
    retries_left INTEGER NOT NULL,
    retry_interval_s INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    file TEXT NOT NULL DEFAULT '',
    told TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
