"""The hall: carries events in and steps out, in one order; decides nothing."""

__version__ = "0.1.0"

BUILD_UTC = 1_795_478_400.0
"""2026-11-24T00:00Z, seconds since 1970: no clock of a unit that runs this version can be right below it."""
