-- Sets of what a connection to the Central System needs. Names and numbers only; their content lies in private files.

CREATE TABLE connection_set (
    number INTEGER PRIMARY KEY NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    local TEXT NOT NULL DEFAULT '',
    profile INTEGER NOT NULL DEFAULT 0,
    encrypted INTEGER NOT NULL DEFAULT 0,
    password INTEGER NOT NULL DEFAULT 0,
    root TEXT NOT NULL DEFAULT '',
    certificate TEXT NOT NULL DEFAULT '',
    changed TEXT NOT NULL DEFAULT '',
    elsewhere INTEGER NOT NULL DEFAULT 0,
    starts INTEGER NOT NULL DEFAULT 0,
    checksum INTEGER DEFAULT -1
) STRICT;

CREATE TRIGGER connection_set_inserted AFTER INSERT ON connection_set WHEN new.checksum IS -1
BEGIN UPDATE connection_set SET checksum = NULL WHERE number = new.number; END;
CREATE TRIGGER connection_set_updated AFTER UPDATE ON connection_set
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE connection_set SET checksum = NULL WHERE number = new.number; END;
