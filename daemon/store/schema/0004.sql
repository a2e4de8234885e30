-- Each row says whether it still is what was written: a bit that flips in a bill shows.  NULL: not known.  -1: the row
-- is older than this column; they are all written again at once, so that a row which has lost its end shows as well.
-- A version that knows nothing of it writes a row without: its checksum is then not known (the triggers see to that).

ALTER TABLE unit ADD COLUMN checksum INTEGER DEFAULT -1;
ALTER TABLE setting ADD COLUMN checksum INTEGER DEFAULT -1;
ALTER TABLE availability ADD COLUMN checksum INTEGER DEFAULT -1;
ALTER TABLE occupancy ADD COLUMN checksum INTEGER DEFAULT -1;
ALTER TABLE latched_fault ADD COLUMN checksum INTEGER DEFAULT -1;
ALTER TABLE cached_tag ADD COLUMN checksum INTEGER DEFAULT -1;
ALTER TABLE meter_swap ADD COLUMN checksum INTEGER DEFAULT -1;
ALTER TABLE charge ADD COLUMN checksum INTEGER DEFAULT -1;
ALTER TABLE sample ADD COLUMN checksum INTEGER DEFAULT -1;
ALTER TABLE listed_tag ADD COLUMN checksum INTEGER DEFAULT -1;
ALTER TABLE list_version ADD COLUMN checksum INTEGER DEFAULT -1;
ALTER TABLE reservation ADD COLUMN checksum INTEGER DEFAULT -1;
ALTER TABLE profile ADD COLUMN checksum INTEGER DEFAULT -1;
ALTER TABLE firmware_update ADD COLUMN checksum INTEGER DEFAULT -1;

CREATE TRIGGER unit_inserted AFTER INSERT ON unit WHEN new.checksum IS -1
BEGIN UPDATE unit SET checksum = NULL WHERE name = new.name; END;
CREATE TRIGGER unit_updated AFTER UPDATE ON unit
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE unit SET checksum = NULL WHERE name = new.name; END;
CREATE TRIGGER setting_inserted AFTER INSERT ON setting WHEN new.checksum IS -1
BEGIN UPDATE setting SET checksum = NULL WHERE name = new.name; END;
CREATE TRIGGER setting_updated AFTER UPDATE ON setting
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE setting SET checksum = NULL WHERE name = new.name; END;
CREATE TRIGGER availability_inserted AFTER INSERT ON availability WHEN new.checksum IS -1
BEGIN UPDATE availability SET checksum = NULL WHERE connector = new.connector; END;
CREATE TRIGGER availability_updated AFTER UPDATE ON availability
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE availability SET checksum = NULL WHERE connector = new.connector; END;
CREATE TRIGGER occupancy_inserted AFTER INSERT ON occupancy WHEN new.checksum IS -1
BEGIN UPDATE occupancy SET checksum = NULL WHERE connector = new.connector; END;
CREATE TRIGGER occupancy_updated AFTER UPDATE ON occupancy
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE occupancy SET checksum = NULL WHERE connector = new.connector; END;
CREATE TRIGGER latched_fault_inserted AFTER INSERT ON latched_fault WHEN new.checksum IS -1
BEGIN UPDATE latched_fault SET checksum = NULL WHERE name = new.name; END;
CREATE TRIGGER latched_fault_updated AFTER UPDATE ON latched_fault
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE latched_fault SET checksum = NULL WHERE name = new.name; END;
CREATE TRIGGER cached_tag_inserted AFTER INSERT ON cached_tag WHEN new.checksum IS -1
BEGIN UPDATE cached_tag SET checksum = NULL WHERE id_tag = new.id_tag; END;
CREATE TRIGGER cached_tag_updated AFTER UPDATE ON cached_tag
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE cached_tag SET checksum = NULL WHERE id_tag = new.id_tag; END;
CREATE TRIGGER meter_swap_inserted AFTER INSERT ON meter_swap WHEN new.checksum IS -1
BEGIN UPDATE meter_swap SET checksum = NULL WHERE connector = new.connector; END;
CREATE TRIGGER meter_swap_updated AFTER UPDATE ON meter_swap
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE meter_swap SET checksum = NULL WHERE connector = new.connector; END;
CREATE TRIGGER charge_inserted AFTER INSERT ON charge WHEN new.checksum IS -1
BEGIN UPDATE charge SET checksum = NULL WHERE number = new.number; END;
CREATE TRIGGER charge_updated AFTER UPDATE ON charge
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE charge SET checksum = NULL WHERE number = new.number; END;
CREATE TRIGGER sample_inserted AFTER INSERT ON sample WHEN new.checksum IS -1
BEGIN UPDATE sample SET checksum = NULL WHERE seq = new.seq; END;
CREATE TRIGGER sample_updated AFTER UPDATE ON sample
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE sample SET checksum = NULL WHERE seq = new.seq; END;
CREATE TRIGGER listed_tag_inserted AFTER INSERT ON listed_tag WHEN new.checksum IS -1
BEGIN UPDATE listed_tag SET checksum = NULL WHERE id_tag = new.id_tag; END;
CREATE TRIGGER listed_tag_updated AFTER UPDATE ON listed_tag
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE listed_tag SET checksum = NULL WHERE id_tag = new.id_tag; END;
CREATE TRIGGER list_version_inserted AFTER INSERT ON list_version WHEN new.checksum IS -1
BEGIN UPDATE list_version SET checksum = NULL WHERE name = new.name; END;
CREATE TRIGGER list_version_updated AFTER UPDATE ON list_version
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE list_version SET checksum = NULL WHERE name = new.name; END;
CREATE TRIGGER reservation_inserted AFTER INSERT ON reservation WHEN new.checksum IS -1
BEGIN UPDATE reservation SET checksum = NULL WHERE reservation_id = new.reservation_id; END;
CREATE TRIGGER reservation_updated AFTER UPDATE ON reservation
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE reservation SET checksum = NULL WHERE reservation_id = new.reservation_id; END;
CREATE TRIGGER profile_inserted AFTER INSERT ON profile WHEN new.checksum IS -1
BEGIN UPDATE profile SET checksum = NULL WHERE profile_id = new.profile_id; END;
CREATE TRIGGER profile_updated AFTER UPDATE ON profile
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE profile SET checksum = NULL WHERE profile_id = new.profile_id; END;
CREATE TRIGGER firmware_update_inserted AFTER INSERT ON firmware_update WHEN new.checksum IS -1
BEGIN UPDATE firmware_update SET checksum = NULL WHERE name = new.name; END;
CREATE TRIGGER firmware_update_updated AFTER UPDATE ON firmware_update
WHEN new.checksum IS old.checksum AND new.checksum NOT NULL
BEGIN UPDATE firmware_update SET checksum = NULL WHERE name = new.name; END;
