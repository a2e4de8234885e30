-- Security events (one row a cause and day), and the upload of a log. Names, causes and numbers only.

CREATE TABLE security_event (
    number INTEGER PRIMARY KEY NOT NULL,
    type TEXT NOT NULL,
    tech_info TEXT NOT NULL,
    began TEXT NOT NULL,
    last TEXT NOT NULL,
    count INTEGER NOT NULL DEFAULT 1,
    told INTEGER NOT NULL DEFAULT 0,
    notify INTEGER NOT NULL DEFAULT 0,
    logged INTEGER NOT NULL DEFAULT 0,
    logged_count INTEGER NOT NULL DEFAULT 0,
    checksum INTEGER DEFAULT -1
) STRICT;

CREATE TRIGGER security_event_inserted AFTER INSERT ON security_event WHEN new.checksum IS -1
BEGIN UPDATE security_event SET checksum = NULL WHERE number = new.number; END;
CREATE TRIGGER security_event_updated AFTER UPDATE ON security_event
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE security_event SET checksum = NULL WHERE number = new.number; END;

CREATE TABLE security_log (
    name TEXT PRIMARY KEY NOT NULL DEFAULT 'log',
    entries INTEGER NOT NULL DEFAULT 0,
    upload TEXT NOT NULL DEFAULT '',
    request_id INTEGER NOT NULL DEFAULT 0,
    hard_resets TEXT NOT NULL DEFAULT '',
    checksum INTEGER DEFAULT -1
) STRICT, WITHOUT ROWID;

CREATE TRIGGER security_log_inserted AFTER INSERT ON security_log WHEN new.checksum IS -1
BEGIN UPDATE security_log SET checksum = NULL WHERE name = new.name; END;
CREATE TRIGGER security_log_updated AFTER UPDATE ON security_log
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE security_log SET checksum = NULL WHERE name = new.name; END;
