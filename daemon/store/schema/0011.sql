-- The parts of a connector: which meter it has, and how often its contactor has switched.

CREATE TABLE equipment (
    connector INTEGER PRIMARY KEY NOT NULL,
    meter_serial TEXT NOT NULL DEFAULT '',
    meter_model TEXT NOT NULL DEFAULT '',
    loaded INTEGER NOT NULL DEFAULT 0,
    unloaded INTEGER NOT NULL DEFAULT 0,
    session_id TEXT NOT NULL DEFAULT '',
    session_loaded INTEGER NOT NULL DEFAULT 0,
    session_unloaded INTEGER NOT NULL DEFAULT 0,
    checksum INTEGER DEFAULT -1
) STRICT;

CREATE TRIGGER equipment_inserted AFTER INSERT ON equipment WHEN new.checksum IS -1
BEGIN UPDATE equipment SET checksum = NULL WHERE connector = new.connector; END;
CREATE TRIGGER equipment_updated AFTER UPDATE ON equipment
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE equipment SET checksum = NULL WHERE connector = new.connector; END;
