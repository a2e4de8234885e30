"""The catalogue of notes: code -> priority and what a person should know and do.  Plain data.

A field that a note does not carry is written as "-".  Priorities are syslog's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

ERROR, WARNING, NOTICE, INFO, DEBUG = 3, 4, 5, 6, 7


class Line(NamedTuple):
    priority: int
    text: str


CATALOGUE: Mapping[str, Line] = {
    # the process
    "started": Line(NOTICE, "evsed {version} started: station {station}, product {product}, board {board}"),
    "insecure": Line(
        WARNING, "insecure: security profile {profile}, anyone on the way can read and forge; for a closed network only"
    ),
    "leaving": Line(NOTICE, "going down ({why}): {charge}, nothing new begins"),
    "ended": Line(NOTICE, "ended: {reason}"),
    "broken-belief": Line(
        ERROR, "broken belief, offers withdrawn, ending to be restarted: {error}; please report this"
    ),
    "part-failed": Line(ERROR, "cannot go on, ending to be restarted: {error}"),
    "repeated": Line(NOTICE, "the line before came {times} times more"),
    "slow-step": Line(WARNING, "a step took {ms} ms ({event}); the processor may be overloaded"),
    "reboot-hook": Line(NOTICE, "reboot hook: {detail}"),
    "no-reboot-hook": Line(WARNING, "the unit is not rebooted ({detail}): only evsed restarts; set [hooks] reboot"),
    "recorder-failed": Line(WARNING, "the flight recorder cannot write: {error}; the station goes on without it"),
    # the store
    "commit-failed": Line(ERROR, "the store failed, offers withdrawn, ending to be restarted: {error}"),
    "store-busy": Line(ERROR, "not started: {detail}"),
    "store-migrated": Line(NOTICE, "store: brought to version {version}"),
    "store-newer": Line(
        WARNING, "store: written by a later version ({found}, known {known}); used as far as it is known"
    ),
    "store-moved-aside": Line(ERROR, "store: {path} was damaged ({reason}), kept as {kept_as}; a new one was begun"),
    "store-log-damaged": Line(
        ERROR, "store: the write-ahead log lost something ({reason}), kept as {kept_as}; check the medium"
    ),
    "store-row-rejected": Line(ERROR, "store: a row of {table} cannot be read ({reason}); kept in table rejected"),
    "store-full": Line(ERROR, "store: too little room ({detail}); nothing new begins; make room on its file system"),
    "store-unwritable": Line(ERROR, "store: nothing can be written ({detail}); nothing new begins; repair the medium"),
    "store-ok": Line(NOTICE, "store: all is well again"),
    # the board
    "board-attached": Line(NOTICE, "board: {board} attached, {connectors} connector(s)"),
    "board-lost": Line(ERROR, "board: {reason}; the station is Faulted; see journalctl -u evsed-board"),
    "board-mismatch": Line(ERROR, "board: {detail}; the station is Faulted; make board and [station] product agree"),
    "fault-on": Line(ERROR, "fault on connector {connector}: {fault}: {why}; {remedy} ({detail})"),
    "fault-off": Line(NOTICE, "fault on connector {connector} is over: {fault}"),
    "meter-swapped": Line(
        WARNING,
        "the meter of connector {connector} was swapped or reset: its register is lower; billing goes on from there",
    ),
    "mains-lost": Line(ERROR, "the mains fail; the unit goes dark in some seconds"),
    "unlocked": Line(NOTICE, "connector {connector} was unlocked"),
    "unlock-failed": Line(ERROR, "connector {connector} does not unlock: {detail}; look at lock and cable"),
    # the link
    "link-up": Line(NOTICE, "central system: connected to {url}"),
    "link-failed": Line(WARNING, "central system: no connection, {stage}: {cause}; next try in {next_attempt_s} s"),
    "link-down": Line(WARNING, "central system: connection ended, {stage}: {cause}; next try in {next_attempt_s} s"),
    "link-closed": Line(INFO, "central system: {cause}"),
    "link-deaf": Line(WARNING, "central system: {timeouts} messages without an answer; connecting anew"),
    "link-frame-dropped": Line(WARNING, "central system: a message of {chars} characters found no connection"),
    # registration and time
    "boot-accepted": Line(NOTICE, "central system: registration accepted, interval {interval} s"),
    "boot-pending": Line(
        NOTICE, "central system: registration pending, next try in {interval} s; the back-office decides"
    ),
    "boot-rejected": Line(
        WARNING, "central system: registration rejected, next try in {interval} s; is the identity known there?"
    ),
    "boot-unanswered": Line(WARNING, "central system: no registration, Boot: {reason}; next try in {wait_s} s"),
    "link-proved": Line(DEBUG, "central system: it answers on this connection"),
    "clock-known": Line(NOTICE, "time taken from the central system"),
    "clock-set": Line(NOTICE, "time taken from the central system (corrected by {moved_s} s)"),
    # messages
    "frame-refused": Line(WARNING, "central system sent what cannot be answered well: {code}: {reason}"),
    "frame-ignored": Line(WARNING, "central system sent what is ignored: {reason}"),
    "frame-repeated": Line(INFO, "central system repeated {action} with the id {id}; not done twice"),
    "frame-id-reused": Line(
        WARNING,
        "central system: {action} refused, for its id {id} was another CALL's; the back-office must change its ids",
    ),
    "call-refused": Line(WARNING, "central system: {action} refused: {code}: {reason}"),
    "call-flawed": Line(ERROR, "our {action} would not be valid OCPP and is not sent: {reason}; please report this"),
    "answer-unknown": Line(WARNING, "central system: an answer that nobody waits for (id {id})"),
    "answer-mended": Line(WARNING, "central system: flawed answer to {action}, read as meant: {what}"),
    "answer-refused": Line(WARNING, "central system: unusable answer to {action}: {reason}"),
    "answer-missing": Line(WARNING, "central system: no answer to {action}"),
    "report-retry": Line(WARNING, "report {action} failed ({error}), attempt {attempt}; next in {wait_s} s"),
    "report-parked": Line(
        ERROR, "report {kind} of transaction {number} was refused for good: {error}; see evsectl queue list"
    ),
    "queue-thinned": Line(
        WARNING, "queue full: {dropped} meter values dropped, {kept} reports kept; starts and stops never"
    ),
    # firmware and diagnostics
    "firmware": Line(NOTICE, "firmware update: end of {state}, ok {ok}: {detail}"),
    "command-refused": Line(NOTICE, "central system: {action} ({what}) answered {status}"),
    "command-taken": Line(INFO, "central system: {action} ({what}) answered {status}"),
    "update-refused": Line(WARNING, "UpdateFirmware is not followed: {reason}"),
    "diagnostics": Line(NOTICE, "diagnostics: end of the upload, ok {ok}: {detail}"),
    # settings
    "setting-changed": Line(NOTICE, "setting {key} = {value}: {status} ({reason})"),
    "setting-dropped": Line(WARNING, "stored setting {key} is no longer allowed ({reason}); its first value serves"),
    # lists, reservations, profiles
    "list-refused": Line(NOTICE, "local list version {version}: {status}: {reason}"),
    "list-conflict": Line(WARNING, "card {id_tag}: local list and central system disagree; the list stays"),
    "reservation": Line(NOTICE, "reservation {id} of connector {connector}: {status}"),
    "reservation-ended": Line(NOTICE, "reservation {id} ended: {reason}"),
    "profile-refused": Line(NOTICE, "charging profile {id} refused: {reason}"),
    "profile-dropped": Line(WARNING, "stored charging profile {id} cannot be read ({reason}); dropped"),
    # charging
    "card-refused": Line(NOTICE, "card {id_tag} refused on connector {connector}: {reason}"),
    "start-given-up": Line(NOTICE, "card {id_tag} on connector {connector} is given up: {reason}"),
    "transaction-began": Line(NOTICE, "transaction {number} began on connector {connector}, card {id_tag}, {wh} Wh"),
    "transaction-ended": Line(NOTICE, "transaction {number} ended on connector {connector}: {reason}, {wh} Wh"),
}
