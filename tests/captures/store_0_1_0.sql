-- A store written before the rooms were moved: one full row of every table and some short ones.
BEGIN TRANSACTION;
CREATE TABLE availability (
    connector INTEGER PRIMARY KEY NOT NULL,
    operative INTEGER NOT NULL DEFAULT 1,
    scheduled INTEGER
) STRICT;
INSERT INTO "availability" VALUES(0,1,NULL);
INSERT INTO "availability" VALUES(1,0,1);
CREATE TABLE cached_tag (
    id_tag TEXT PRIMARY KEY NOT NULL,
    status TEXT NOT NULL,
    expires_utc REAL,
    parent_id_tag TEXT,
    used INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO "cached_tag" VALUES('04a2b9c1','Accepted',1744718400.0,'FLEET',7);
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
INSERT INTO "charge" VALUES(1,1,'04A2B9C1','FLEET','{"mono":1000.25,"boot":"boot-1","utc":1744632000.5,"exact":true}',1000,5,10,'confirmed',77,'Accepted',5000,1500,'{"mono":1060.0,"boot":"boot-1","utc":null,"exact":false}',1744632001.0,'Voltage','Current.Import','Local','04A2B9C1','{"mono":1100.0,"boot":"boot-2","utc":1744632100.0,"exact":true}',1500,'Local',13,'waiting','InternalError','no answer');
INSERT INTO "charge" VALUES(2,1,'0BADCAFE',NULL,'{"mono":1000.25,"boot":"boot-1","utc":1744632000.5,"exact":true}',1500,NULL,14,'waiting',NULL,'',NULL,1700,'{"mono":1000.25,"boot":"boot-1","utc":1744632000.5,"exact":true}',NULL,'','','',NULL,NULL,NULL,'',NULL,'none','','');
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
INSERT INTO "firmware_update" VALUES('update','ftp://files.example/v2.bin',1744633000.0,2,30,'downloading','','Downloading');
CREATE TABLE latched_fault (
    name TEXT PRIMARY KEY NOT NULL,
    connector INTEGER NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
INSERT INTO "latched_fault" VALUES('1/weld',1,'weld','contactor did not open');
CREATE TABLE list_version (
    name TEXT PRIMARY KEY NOT NULL DEFAULT 'list',
    version INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO "list_version" VALUES('list',4);
CREATE TABLE listed_tag (
    id_tag TEXT PRIMARY KEY NOT NULL,
    status TEXT NOT NULL,
    expires_utc REAL,
    parent_id_tag TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO "listed_tag" VALUES('c0ffee','Blocked',1744718400.0,'FLEET');
CREATE TABLE meter_swap (
    connector INTEGER PRIMARY KEY NOT NULL,
    after_number INTEGER NOT NULL
) STRICT;
INSERT INTO "meter_swap" VALUES(1,2);
CREATE TABLE occupancy (
    connector INTEGER PRIMARY KEY NOT NULL,
    finishing INTEGER NOT NULL DEFAULT 0,
    held_for TEXT,
    held_group TEXT
) STRICT;
INSERT INTO "occupancy" VALUES(1,1,'04A2B9C1','FLEET');
CREATE TABLE profile (
    profile_id INTEGER PRIMARY KEY NOT NULL,
    connector INTEGER NOT NULL,
    number INTEGER,
    document TEXT NOT NULL
) STRICT;
INSERT INTO "profile" VALUES(3,1,2,'{"chargingProfileId": 3, "stackLevel": 0, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Absolute", "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}]}}');
CREATE TABLE rejected (
    number INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    content TEXT NOT NULL
) STRICT;
CREATE TABLE reservation (
    reservation_id INTEGER PRIMARY KEY NOT NULL,
    connector INTEGER NOT NULL,
    id_tag TEXT NOT NULL,
    parent_id_tag TEXT,
    expires_utc REAL NOT NULL
) STRICT;
INSERT INTO "reservation" VALUES(5,1,'04A2B9C1','FLEET',1744640000.0);
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
INSERT INTO "sample" VALUES(11,1,1,'{"mono":1000.25,"boot":"boot-1","utc":1744632000.5,"exact":true}','Sample.Periodic','[{"value":"1200","measurand":"Energy.Active.Import.Register","unit":"Wh"},{"value":"230.1","measurand":"Voltage","unit":"V","phase":"L1-N","location":"Outlet"}]',0,'waiting','');
INSERT INTO "sample" VALUES(12,1,1,'{"mono":1060.0,"boot":"boot-1","utc":null,"exact":false}','Sample.Clock','[{"value":"1300","measurand":"Energy.Active.Import.Register"}]',1,'none','');
CREATE TABLE setting (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "setting" VALUES('HeartbeatInterval','60');
INSERT INTO "setting" VALUES('MeterValuesSampledData','Energy.Active.Import.Register,Voltage');
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
INSERT INTO "unit" VALUES('unit','boot-1','kernel-1','s-1',1744631000.0,1744632000.0,1,'SoftReset','');
COMMIT;
PRAGMA user_version = 2;
PRAGMA application_id = 0;
