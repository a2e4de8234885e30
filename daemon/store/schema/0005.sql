-- What a meter had shown when it began to count backwards: it outlives a restart of both processes.

CREATE TABLE register_seen (
    connector INTEGER PRIMARY KEY NOT NULL,
    wh INTEGER NOT NULL,
    checksum INTEGER DEFAULT -1
) STRICT;

CREATE TRIGGER register_seen_inserted AFTER INSERT ON register_seen WHEN new.checksum IS -1
BEGIN UPDATE register_seen SET checksum = NULL WHERE connector = new.connector; END;
CREATE TRIGGER register_seen_updated AFTER UPDATE ON register_seen
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE register_seen SET checksum = NULL WHERE connector = new.connector; END;
