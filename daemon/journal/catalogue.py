"""The catalogue of notes: code -> priority and what a person should know and do.  Plain data.

A field that a note does not carry is written as "-".  Priorities are syslog's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

ERROR, WARNING, NOTICE, INFO, DEBUG = 3, 4, 5, 6, 7


class Entry(NamedTuple):
    priority: int
    text: str


CATALOGUE: Mapping[str, Entry] = {
    # the process
    "started": Entry(NOTICE, "evsed {version} started: station {station}, product {product}, board {board}"),
    "insecure": Entry(
        WARNING, "insecure: security profile {profile}, anyone on the way can read and forge; for a closed network only"
    ),
    "leaving": Entry(NOTICE, "going down ({why}): {charge}, nothing new begins"),
    "ended": Entry(NOTICE, "ended: {reason}"),
    "broken-belief": Entry(
        ERROR, "broken belief, offers withdrawn, ending to be restarted: {error}; please report this"
    ),
    "part-failed": Entry(ERROR, "cannot go on, ending to be restarted: {error}"),
    "repeated": Entry(NOTICE, "the line before came {times} times more"),
    "slow-step": Entry(WARNING, "a step took {ms} ms ({event}); the processor may be overloaded"),
    "reboot-hook": Entry(NOTICE, "reboot hook: {detail}"),
    "no-reboot-hook": Entry(WARNING, "the unit is not rebooted ({detail}): only evsed restarts; set [hooks] reboot"),
    "recorder-failed": Entry(WARNING, "the flight recorder cannot write: {error}; the station goes on without it"),
    # the store
    "commit-failed": Entry(ERROR, "the store failed, offers withdrawn, ending to be restarted: {error}"),
    "store-busy": Entry(ERROR, "not started: {detail}"),
    "store-migrated": Entry(NOTICE, "store: brought to version {version}"),
    "store-newer": Entry(
        WARNING, "store: written by a later version ({found}, known {known}); used as far as it is known"
    ),
    "store-moved-aside": Entry(ERROR, "store: {path} was damaged ({reason}), kept as {kept_as}; a new one was begun"),
    "store-log-damaged": Entry(
        ERROR, "store: the write-ahead log lost something ({reason}), kept as {kept_as}; check the medium"
    ),
    "store-row-rejected": Entry(ERROR, "store: a row of {table} cannot be read ({reason}); kept in table rejected"),
    "store-full": Entry(ERROR, "store: too little room ({detail}); nothing new begins; make room on its file system"),
    "store-unwritable": Entry(ERROR, "store: nothing can be written ({detail}); nothing new begins; repair the medium"),
    "store-ok": Entry(NOTICE, "store: all is well again"),
    # the board
    "board-attached": Entry(NOTICE, "board: {board} attached, {connectors} connector(s)"),
    "board-lost": Entry(ERROR, "board: {reason}; the station is Faulted; see journalctl -u evsed-board"),
    "board-mismatch": Entry(ERROR, "board: {detail}; the station is Faulted; make board and [station] product agree"),
    "fault-on": Entry(ERROR, "fault on connector {connector}: {fault}: {why}; {remedy} ({detail})"),
    "fault-off": Entry(NOTICE, "fault on connector {connector} is over: {fault}"),
    "meter-swapped": Entry(
        WARNING,
        "the meter of connector {connector} was swapped or reset: its register is lower; billing goes on from there",
    ),
    "mains-lost": Entry(ERROR, "the mains fail; the unit goes dark in some seconds"),
    "unlocked": Entry(NOTICE, "connector {connector} was unlocked"),
    "unlock-failed": Entry(ERROR, "connector {connector} does not unlock: {detail}; look at lock and cable"),
    # the link
    "link-up": Entry(NOTICE, "central system: connected to {url}"),
    "link-failed": Entry(WARNING, "central system: no connection, {stage}: {cause}; next try in {next_attempt_s} s"),
    "link-down": Entry(WARNING, "central system: connection ended, {stage}: {cause}; next try in {next_attempt_s} s"),
    "link-closed": Entry(INFO, "central system: {cause}"),
    "link-deaf": Entry(WARNING, "central system: {timeouts} messages without an answer; connecting anew"),
    "link-frame-dropped": Entry(WARNING, "central system: a message of {chars} characters found no connection"),
    # registration and time
    "boot-accepted": Entry(NOTICE, "central system: registration accepted, interval {interval} s"),
    "boot-pending": Entry(
        NOTICE, "central system: registration pending, next try in {interval} s; the back-office decides"
    ),
    "boot-rejected": Entry(
        WARNING, "central system: registration rejected, next try in {interval} s; is the identity known there?"
    ),
    "boot-unanswered": Entry(WARNING, "central system: no registration, Boot: {reason}; next try in {wait_s} s"),
    "link-proved": Entry(DEBUG, "central system: it answers on this connection"),
    "clock-known": Entry(NOTICE, "time taken from the central system"),
    "clock-set": Entry(NOTICE, "time taken from the central system (corrected by {moved_s} s)"),
    # messages
    "frame-refused": Entry(WARNING, "central system sent what cannot be answered well: {code}: {reason}"),
    "frame-ignored": Entry(WARNING, "central system sent what is ignored: {reason}"),
    "frame-repeated": Entry(INFO, "central system repeated {action} with the id {id}; not done twice"),
    "frame-id-reused": Entry(
        WARNING,
        "central system: {action} refused, for its id {id} was another CALL's; the back-office must change its ids",
    ),
    "call-refused": Entry(WARNING, "central system: {action} refused: {code}: {reason}"),
    "call-flawed": Entry(ERROR, "our {action} would not be valid OCPP and is not sent: {reason}; please report this"),
    "answer-unknown": Entry(WARNING, "central system: an answer that nobody waits for (id {id})"),
    "answer-mended": Entry(WARNING, "central system: flawed answer to {action}, read as meant: {what}"),
    "answer-refused": Entry(WARNING, "central system: unusable answer to {action}: {reason}"),
    "answer-missing": Entry(WARNING, "central system: no answer to {action}"),
    "report-retry": Entry(WARNING, "report {action} failed ({error}), attempt {attempt}; next in {wait_s} s"),
    "report-parked": Entry(
        ERROR, "report {kind} of transaction {number} was refused for good: {error}; see evsectl queue list"
    ),
    "queue-thinned": Entry(
        WARNING, "queue full: {dropped} meter values dropped, {kept} reports kept; starts and stops never"
    ),
    # firmware and diagnostics
    "firmware": Entry(NOTICE, "firmware update: end of {state}, ok {ok}: {detail}"),
    "command-refused": Entry(NOTICE, "central system: {action} ({what}) answered {status}"),
    "command-taken": Entry(INFO, "central system: {action} ({what}) answered {status}"),
    "update-refused": Entry(WARNING, "UpdateFirmware is not followed: {reason}"),
    "diagnostics": Entry(NOTICE, "diagnostics: end of the upload, ok {ok}: {detail}"),
    # settings
    "setting-changed": Entry(NOTICE, "setting {key} = {value}: {status} ({reason})"),
    "setting-dropped": Entry(WARNING, "stored setting {key} is no longer allowed ({reason}); its first value serves"),
    # lists, reservations, profiles
    "list-refused": Entry(NOTICE, "local list version {version}: {status}: {reason}"),
    "list-conflict": Entry(WARNING, "card {id_tag}: local list and central system disagree; the list stays"),
    "reservation": Entry(NOTICE, "reservation {id} of connector {connector}: {status}"),
    "reservation-ended": Entry(NOTICE, "reservation {id} ended: {reason}"),
    "profile-refused": Entry(NOTICE, "charging profile {id} refused: {reason}"),
    "profile-dropped": Entry(WARNING, "stored charging profile {id} cannot be read ({reason}); dropped"),
    # charging
    "card-refused": Entry(NOTICE, "card {id_tag} refused on connector {connector}: {reason}"),
    "start-given-up": Entry(NOTICE, "card {id_tag} on connector {connector} is given up: {reason}"),
    "transaction-began": Entry(NOTICE, "transaction {number} began on connector {connector}, card {id_tag}, {wh} Wh"),
    "transaction-ended": Entry(NOTICE, "transaction {number} ended on connector {connector}: {reason}, {wh} Wh"),
}
