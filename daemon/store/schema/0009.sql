-- Certificates, and the key of a CSR that is not answered yet: names of files, dates and hashes, never a content.

CREATE TABLE certificate (
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
    checksum INTEGER DEFAULT -1
) STRICT;

CREATE TRIGGER certificate_inserted AFTER INSERT ON certificate WHEN new.checksum IS -1
BEGIN UPDATE certificate SET checksum = NULL WHERE name = new.name; END;
CREATE TRIGGER certificate_updated AFTER UPDATE ON certificate
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE certificate SET checksum = NULL WHERE name = new.name; END;
