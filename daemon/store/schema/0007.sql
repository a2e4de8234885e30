-- The signed firmware update: one row, kept after its end.

CREATE TABLE signed_firmware_update (
    name TEXT PRIMARY KEY NOT NULL DEFAULT 'update',
    request_id INTEGER NOT NULL,
    location TEXT NOT NULL,
    retrieve_utc REAL NOT NULL,
    install_utc REAL,
    certificate TEXT NOT NULL,
    signature TEXT NOT NULL,
    retries_left INTEGER NOT NULL,
    retry_interval_s INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'scheduled',
    file TEXT NOT NULL DEFAULT '',
    digest TEXT NOT NULL DEFAULT '',
    boot_id TEXT NOT NULL DEFAULT '',
    told TEXT NOT NULL DEFAULT '',
    confirmed INTEGER NOT NULL DEFAULT 0,
    checksum INTEGER DEFAULT -1
) STRICT, WITHOUT ROWID;

CREATE TRIGGER signed_firmware_update_inserted AFTER INSERT ON signed_firmware_update WHEN new.checksum IS -1
BEGIN UPDATE signed_firmware_update SET checksum = NULL WHERE name = new.name; END;
CREATE TRIGGER signed_firmware_update_updated AFTER UPDATE ON signed_firmware_update
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE signed_firmware_update SET checksum = NULL WHERE name = new.name; END;
