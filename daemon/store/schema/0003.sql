-- Whether the bill of a charge ends with the meter's register, or with the last one known.

ALTER TABLE charge ADD COLUMN stop_exact INTEGER NOT NULL DEFAULT 1;
