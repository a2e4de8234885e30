-- A new root of the Central System is on trial until a connection has worked with it.

ALTER TABLE certificate ADD COLUMN proved INTEGER NOT NULL DEFAULT 1;

CREATE TABLE certificate_next (
    name TEXT PRIMARY KEY NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'in-force',
    configured INTEGER NOT NULL DEFAULT 0,
    key_name TEXT NOT NULL DEFAULT '',
    subject TEXT NOT NULL DEFAULT '',
    issuer TEXT NOT NULL DEFAULT '',
    serial_number TEXT NOT NULL DEFAULT '',
    not_before REAL NOT NULL DEFAULT 0.0,
    not_after REAL NOT NULL DEFAULT 0.0,
    key_kind TEXT NOT NULL DEFAULT '',
    since_utc REAL NOT NULL DEFAULT 0.0,
    hashes TEXT NOT NULL,
    proved INTEGER NOT NULL DEFAULT 1,
    checksum INTEGER DEFAULT -1
) STRICT;

INSERT INTO certificate_next
    (name, role, state, configured, key_name, subject, issuer, serial_number, not_before, not_after, key_kind, since_utc,
        hashes, proved, checksum)
SELECT
    name, role, state, configured, key_name, subject, issuer, serial_number, not_before, not_after, key_kind, since_utc,
        hashes, proved, NULL
FROM certificate;

DROP TABLE certificate;
ALTER TABLE certificate_next RENAME TO certificate;

CREATE TRIGGER certificate_inserted AFTER INSERT ON certificate WHEN new.checksum IS -1
BEGIN UPDATE certificate SET checksum = NULL WHERE name = new.name; END;
CREATE TRIGGER certificate_updated AFTER UPDATE ON certificate
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE certificate SET checksum = NULL WHERE name = new.name; END;
