"""The catalogue of notes: code -> priority and text: what happened, why, and what to do.  Plain data.

A field that a note does not carry is written as "-".  Priorities are syslog's (RFC 5424: 3 error … 7 debug).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

ERROR, WARNING, NOTICE, INFO, DEBUG = 3, 4, 5, 6, 7


class Entry(NamedTuple):
    """`failure` is the text of a note whose field `ok` is false, where that differs."""

    priority: int
    text: str
    failure: str = ""


CATALOGUE: Mapping[str, Entry] = {
    # the process
    "started": Entry(NOTICE, "evsed {version} started: station {station}, product {product}, board {board}"),
    "insecure": Entry(
        WARNING,
        "insecure: security profile {profile}: anyone on the path can read and forge messages; "
        "use it in a closed network only",
    ),
    "file-exposed": Entry(WARNING, "configuration: {file}: {what}"),
    "config-doubtful": Entry(WARNING, "configuration: {file}: {key}: {what}"),
    "security-event": Entry(WARNING, "security event {event}: {detail} ({times})"),
    "security-log-failed": Entry(
        ERROR, "security log: cannot write: {error}; the station continues; check the medium of the store"
    ),
    "security-event-retry": Entry(
        NOTICE, "the Central System did not take the security event {event} ({error}); sent again in {wait_s} s"
    ),
    "certificate": Entry(NOTICE, "certificates: {what} {role}: {status} ({detail})"),
    "certificate-ends": Entry(
        WARNING,
        "certificates: the {what} ({subject}) ends in {days_left} day(s); renew it in the back-office "
        "(evsectl certs shows all)",
    ),
    "leaving": Entry(NOTICE, "shutting down ({why}): {charge}, nothing new starts"),
    "ended": Entry(NOTICE, "ended: {reason}"),
    "internal-error": Entry(ERROR, "internal error, offers withdrawn, restarting: {error}; please report this"),
    "part-failed": Entry(ERROR, "cannot continue, restarting: {error}"),
    "repeated": Entry(NOTICE, "{times} more messages of the kind {code} in the last {seconds} s were left out"),
    "log-lost": Entry(
        WARNING, "{lines} lines of this log were lost: not read, or not writable; check its reader and its disk"
    ),
    "stray-error": Entry(
        WARNING, "error outside of a step, {where}: {error}; the station continues; please report this if it repeats"
    ),
    "no-descriptors": Entry(
        ERROR, "no file descriptors are left, {where}: {error}; raise LimitNOFILE= or find who holds connections"
    ),
    "bystander-failed": Entry(WARNING, "{part} failed: {error}; the station continues without it; please report this"),
    "inbox-full": Entry(
        ERROR, "{waiting} events wait (the newest: {event}), more than any source should send; please report this"
    ),
    "slow-step": Entry(WARNING, "a step took {ms} ms ({event}); the processor may be overloaded"),
    "reboot-hook": Entry(NOTICE, "reboot hook: {detail}"),
    "no-reboot-hook": Entry(WARNING, "not rebooted ({detail}): only evsed restarts; set [hooks] reboot"),
    "mark-kept": Entry(
        WARNING, "the mark of a failed reboot, {path}, cannot be made or removed ({error}); remove what is there"
    ),
    "recorder-failed": Entry(
        WARNING, "flight recorder: cannot write: {error}; the station continues without it; check the medium"
    ),
    # the control socket
    "control-failed": Entry(ERROR, "control socket: a request failed: {error}; please report this"),
    # the store
    "commit-failed": Entry(ERROR, "store: commit failed, offers withdrawn, restarting: {error}"),
    "control-busy": Entry(
        ERROR, "not started: another evsed answers at {path}, and two would disconnect each other; stop that one first"
    ),
    "store-busy": Entry(ERROR, "not started: {detail}"),
    "store-migrated": Entry(NOTICE, "store: migrated to version {version}"),
    "store-newer": Entry(
        WARNING, "store: written by a later version ({found}, known is {known}); unknown data is left untouched"
    ),
    "store-moved-aside": Entry(
        ERROR,
        "store: {path} was damaged ({reason}); {lost}; {records} rows were saved; it is kept as {kept_as} "
        "(evsectl store recover shows it); check the medium",
    ),
    "store-obstructed": Entry(
        ERROR, "store: something that is no file was in place of {path} and is kept as {kept_as}; find out who put it"
    ),
    "row-mended": Entry(
        ERROR,
        "store: row {key} of {table} made no sense ({why}); it was repaired from its other fields and is sent; "
        "check the bill by hand, and the medium",
    ),
    "row-set-aside": Entry(
        ERROR, "store: row {key} of {table} makes no sense ({why}); the station works without it; check the medium"
    ),
    "store-written-anew": Entry(
        ERROR,
        "store: {path}: {reason}; nothing is lost, all {records} rows were written anew; what was there is kept as "
        "{kept_as}; leave the files of a running evsed alone",
    ),
    "store-linked": Entry(
        WARNING, "store: {path} has {names} names (hard links): a copy under another name changes with it; remove it"
    ),
    "store-row-rejected": Entry(ERROR, "store: {what} is invalid ({reason}); moved to table rejected"),
    "store-full": Entry(ERROR, "store: too little free room ({detail}); nothing new starts; free some room"),
    "store-medium-errors": Entry(
        ERROR, "store: the kernel found {errors} error(s) in the file system of {path}; a write is tried at once"
    ),
    "store-unwritable": Entry(ERROR, "store: cannot be written ({detail}); nothing new starts; check the medium"),
    "store-ok": Entry(NOTICE, "store: recovered"),
    # the board
    "board-attached": Entry(NOTICE, "board: {board} attached, {connectors} connector(s)"),
    "board-lost": Entry(ERROR, "board: {reason}; the station is Faulted; see journalctl -u evsed-board"),
    "board-floods": Entry(
        WARNING,
        "board: it sends more than {packets_per_s} packets a second and is read more slowly; "
        "its software is broken, or somebody else is at the socket",
    ),
    "board-mismatch": Entry(
        ERROR,
        "board: does not fit the product: {detail}; the station is Faulted; correct [station] product or the board",
    ),
    "fault-on": Entry(ERROR, "fault on connector {connector}: {fault}: {why}; {remedy} ({detail})"),
    "fault-off": Entry(NOTICE, "fault on connector {connector} cleared: {fault}"),
    "meter-swapped": Entry(
        WARNING,
        "connector {connector}: the meter's register is lower than before (meter replaced or reset); "
        "billing continues from the new value",
    ),
    "meter-identified": Entry(INFO, "connector {connector}: the meter is {model} no. {serial}"),
    "meter-exchanged": Entry(
        WARNING,
        "connector {connector}: the meter {before} was replaced by {now} ({model}); "
        "an open transaction ends with the old meter's last register, billing continues from the new one's",
    ),
    "mains-lost": Entry(ERROR, "mains failure: the unit loses power within seconds"),
    "unlocked": Entry(NOTICE, "connector {connector} unlocked"),
    "unlock-failed": Entry(ERROR, "connector {connector} cannot be unlocked: {detail}; check lock and cable"),
    # the link
    "link-up": Entry(NOTICE, "central system: connected to {url}"),
    "link-failed": Entry(
        WARNING, "central system: connection failed, {stage}: {cause}; next attempt in {next_attempt_s} s"
    ),
    "link-down": Entry(
        WARNING, "central system: connection lost, {stage}: {cause}; next attempt in {next_attempt_s} s"
    ),
    "link-redial": Entry(INFO, "central system: dialling now, as asked at the control socket"),
    "link-closed": Entry(INFO, "central system: connection {cause}"),
    "link-deaf": Entry(WARNING, "central system: {timeouts} messages without an answer; reconnecting"),
    "link-slowed": Entry(
        WARNING,
        "central system: it sends faster than is taken ({kind}), so it is read more slowly, and nothing is refused; "
        "the back-office must wait for each answer (J 4.1.1)",
    ),
    "link-frame-dropped": Entry(WARNING, "central system: a message of {chars} characters was dropped: no connection"),
    # registration and time
    "boot-accepted": Entry(NOTICE, "central system: registration accepted, interval {interval} s"),
    "boot-pending": Entry(
        NOTICE, "central system: registration pending, next attempt in {interval} s; to be released in the back-office"
    ),
    "boot-rejected": Entry(
        WARNING,
        "central system: registration rejected, next attempt in {interval} s; is the identity known there?",
    ),
    "boot-unanswered": Entry(WARNING, "central system: BootNotification failed: {reason}; next attempt in {wait_s} s"),
    "link-proved": Entry(DEBUG, "central system: answers on this connection"),
    "clock-known": Entry(NOTICE, "time taken from the central system"),
    "clock-set": Entry(NOTICE, "time taken from the central system (corrected by {moved_s} s)"),
    # messages
    "frame-refused": Entry(WARNING, "invalid message from the central system: {code}: {reason}"),
    "frame-ignored": Entry(WARNING, "message from the central system ignored: {reason}"),
    "frame-repeated": Entry(INFO, "central system: {action} with id {id} was received again; not executed twice"),
    "frame-id-reused": Entry(
        WARNING,
        "central system: {action} refused: its id {id} was used by another CALL; the back-office must use unique ids",
    ),
    "call-refused": Entry(WARNING, "central system: {action} refused: {code}: {reason}"),
    "call-flawed": Entry(ERROR, "our {action} would not be valid OCPP and is not sent: {reason}; please report this"),
    "answer-unknown": Entry(WARNING, "central system: {what} without a request (id {id})"),
    "call-error": Entry(WARNING, "central system: {action} refused with the CALLERROR {code}: {reason}"),
    "answer-mended": Entry(WARNING, "central system: flawed answer to {action}, used as far as possible: {what}"),
    "answer-refused": Entry(WARNING, "central system: unusable answer to {action}: {reason}"),
    "answer-missing": Entry(WARNING, "central system: no answer to {action}"),
    "report-retry": Entry(WARNING, "message {action} failed ({error}), attempt {attempt}; next in {wait_s} s"),
    "report-parked": Entry(
        ERROR,
        "message {kind} of transaction {number} failed: {error}; it is parked and sent again every hour; "
        "see evsectl queue list",
    ),
    "parked-values-dropped": Entry(
        WARNING, "{dropped} parked meter values were dropped, {kept} are kept; starts and stops always are"
    ),
    "queue-thinned": Entry(
        WARNING, "message queue full: {dropped} meter values dropped, {kept} messages kept; starts and stops always are"
    ),
    # firmware and diagnostics
    "firmware": Entry(
        NOTICE, "firmware update: {state} finished: {detail}", failure="firmware update: {state} failed: {detail}"
    ),
    "update": Entry(NOTICE, "firmware update: {what} ({retries_left} retries left)"),
    "command-refused": Entry(NOTICE, "central system: {action} ({what}) answered {status}"),
    "command-taken": Entry(INFO, "central system: {action} ({what}) answered {status}"),
    "signed-update-refused": Entry(WARNING, "SignedUpdateFirmware answered {status}: {reason}"),
    "update-refused": Entry(WARNING, "UpdateFirmware ignored: {reason}"),
    "diagnostics": Entry(
        NOTICE, "diagnostics upload finished: {detail}", failure="diagnostics upload failed: {detail}"
    ),
    # orders of the Central System
    "remote-start": Entry(NOTICE, "central system: remote start for card {id_tag}: {status}: {reason}"),
    "remote-stop": Entry(NOTICE, "central system: remote stop of transaction {transaction_id}: {status}: {reason}"),
    # configuration
    "connection-trial": Entry(NOTICE, "connecting with a new {changed}, on trial"),
    "connection-kept": Entry(NOTICE, "the new {changed} works and is kept"),
    "connection-returned": Entry(
        WARNING, "the new {changed} does not work ({stage}: {failure}): back to the one of before"
    ),
    "connection-local": Entry(
        WARNING, "the configuration file was changed: its [csms] counts, not the {changed} that was set later"
    ),
    "connection-set-lost": Entry(
        ERROR, "the file of the connection set that changed {changed} is missing or damaged: the one of before counts"
    ),
    "setting-changed": Entry(NOTICE, "configuration {key} = {value}: {status} ({reason})"),
    "setting-dropped": Entry(WARNING, "stored configuration {key} is no longer valid ({reason}); the default is used"),
    # lists, reservations, profiles
    "list-refused": Entry(NOTICE, "local list version {version} refused: {status}: {reason}"),
    "list-conflict": Entry(
        WARNING, "card {id_tag}: local list and central system disagree; the local list is kept; update it"
    ),
    "reservation": Entry(NOTICE, "reservation {id} of connector {connector}: {status}"),
    "reservation-ended": Entry(NOTICE, "reservation {id} ended: {reason}"),
    "profile-refused": Entry(NOTICE, "charging profile {id} refused: {reason}"),
    "profile-dropped": Entry(WARNING, "stored charging profile {id} is invalid ({reason}) and was dropped"),
    # charging
    "plugged": Entry(INFO, "connector {connector}: a car was plugged in"),
    "unplugged": Entry(INFO, "connector {connector}: the car was unplugged"),
    "suspended": Entry(NOTICE, "connector {connector}: no energy, {who} pauses: {reason}"),
    "resumed": Entry(NOTICE, "connector {connector}: the car draws again, {amps} A offered"),
    "card-refused": Entry(NOTICE, "card {id_tag} refused on connector {connector}: {reason}"),
    "start-given-up": Entry(NOTICE, "card {id_tag} on connector {connector}: start abandoned: {reason}"),
    "transaction-began": Entry(NOTICE, "transaction {number} started on connector {connector}, card {id_tag}, {wh} Wh"),
    "stop-recovered": Entry(
        WARNING,
        "transaction {number} on connector {connector}: its offer had been withdrawn and no reason is on record "
        "(the end could not be written); it ends now, with the meter's register; check the medium of the store",
    ),
    "stop-inexact": Entry(
        WARNING,
        "transaction {number} on connector {connector}: its meter could not be read at the end; it is billed up to the "
        "last known register, {register_wh} Wh; check the meter; what is missing is logged at the next start",
    ),
    "energy-unbilled": Entry(
        WARNING,
        "connector {connector}: {wh} Wh since transaction {after} are on no bill{why}; correct that bill by hand, "
        "check meter and contactor",
    ),
    "values-left-out": Entry(
        WARNING,
        "connector {connector}: no meter values, the last reading is {age_s} s old; check the meter and evsed-board",
    ),
    "transaction-ended": Entry(NOTICE, "transaction {number} ended on connector {connector}: {reason}, {wh} Wh"),
    # the job process
    "job-done": Entry(INFO, "job {job}: done: {detail}"),
    "job-failed": Entry(WARNING, "job {job}: failed: {detail}"),
}
