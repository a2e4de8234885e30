"""For each code of the catalogue: why it happens, what to do.  Plain data, for `journalctl -x` and docs/journal.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Explanation(NamedTuple):
    """`remedy`: what a technician does about it; where nothing is to be done, it says so."""

    why: str
    remedy: str


_NOTHING = "Nothing: this is normal operation."
_REPORT = "Keep the flight recorder (evsectl bundle, or the files rare*.jsonl.gz of the store) and report it."
_BACK_OFFICE = "Tell the operator of the back-office; the station goes on by itself."
_MEDIUM = "Check the medium (evsectl doctor, dmesg) and replace an SD card that is worn."
_KEPT = "Transactions stay in the store and are delivered later; nothing is lost."
_CHECK_LINK = "evsectl connect-test walks the way stage by stage and names the one that fails; see evsectl doctor."
_BILL = "Check this bill by hand with evsectl transactions."


def _row(why: str, remedy: str = _NOTHING) -> Explanation:
    return Explanation(why, remedy)


EXPLANATIONS: Mapping[str, Explanation] = {
    # the process
    "started": _row("The process began: at power-on, after an upgrade, a reset or a failure (see the lines before)."),
    "insecure": _row(
        "The configured security profile sends messages in plain text.",
        "Set [csms] security_profile = 2 and a wss:// URL, or keep the station in a closed network.",
    ),
    "file-exposed": _row(
        "A configuration file that holds a secret may be read, or changed, by others.",
        "chmod 600 FILE, owned by the user evsed; then change the secret if strangers had access.",
    ),
    "config-doubtful": _row(
        "A value of the configuration is allowed but probably not what was meant.",
        "Correct it and run evsed --check-config.",
    ),
    "security-event": _row(
        "Something happened that the security log must hold: the line names the event, its cause and how often. "
        "It is written on its 1st, 10th, 100th … occurrence of a day.",
        "Read evsectl security-log. An event that nobody at the station or the back-office caused must be followed up.",
    ),
    "security-log-failed": _row(
        "The security log in the state directory cannot be written; the events themselves stay in the database.",
        "Free some room, correct the owner of the file. " + _MEDIUM,
    ),
    "security-event-retry": _row(
        "A SecurityEventNotification was refused or not answered. It stays in the store and is sent again."
    ),
    "certificate": _row(
        "The Central System installed, deleted or signed a certificate, or was refused.",
        "Nothing after Accepted; else the reason is in brackets. evsectl certs shows what is installed.",
    ),
    "certificate-ends": _row(
        "A certificate that this connection or a firmware update needs ends soon, or has ended.",
        "Have the back-office renew it: CertificateSigned for the station's own, InstallCertificate for a root.",
    ),
    "leaving": _row("The process was told to end: by systemd, by a Reset, or by evsectl reset."),
    "ended": _row("The process has ended; systemd starts it again unless it was stopped by hand."),
    "internal-error": _row(
        "The program met a state that should be impossible. It lets go of the car and starts anew from its records.",
        _REPORT,
    ),
    "part-failed": _row(
        "A part without which the station cannot go on has failed; systemd restarts it.",
        "If it repeats: " + _REPORT,
    ),
    "repeated": _row(
        "Many messages of one kind came in a short time; only the first were written.",
        "Look at the line of that kind before this one.",
    ),
    "log-lost": _row(
        "The journal did not take the lines as fast as they came, or its disk is full.",
        "Check systemd-journald (journalctl --disk-usage, df).",
    ),
    "stray-error": _row("A library reported an error that belongs to no step of the station.", _REPORT),
    "no-descriptors": _row(
        "The process has as many files and connections open as it may have.",
        "Find who holds connections (ls -l /proc/PID/fd) or raise LimitNOFILE= in evsed.service.",
    ),
    "bystander-failed": _row("A part that the station can do without has failed; charging goes on.", _REPORT),
    "inbox-full": _row("Events come faster than they are carried out.", "Find the source that floods; " + _REPORT),
    "slow-step": _row(
        "One step took longer than expected: the processor is busy, hot, or the medium is slow.",
        "evsectl doctor shows throttling, temperature and the medium.",
    ),
    "reboot-hook": _row("The integrator's program for a reboot was run."),
    "no-reboot-hook": _row(
        "A hard reset was asked for and there is no program that reboots the unit.", "Set [hooks] reboot."
    ),
    "mark-kept": _row(
        "The file that says that a reboot failed cannot be made or removed.",
        "Remove what stands in its place; check the owner of the state directory.",
    ),
    "recorder-failed": _row("The flight recorder's file cannot be written.", _MEDIUM),
    "control-failed": _row("A request of evsectl, or of a display process, met a defect of evsed.", _REPORT),
    # the store
    "commit-failed": _row(
        "A record could not be written. No energy is offered that is not on record, so evsed restarts.", _MEDIUM
    ),
    "control-busy": _row(
        "Another evsed uses the same control socket.", "Stop it (systemctl stop evsed) before starting one by hand."
    ),
    "store-busy": _row("Another process holds the store.", "Stop the other evsed; two never share a store."),
    "store-migrated": _row("A store of an earlier version was brought to the present form."),
    "store-newer": _row(
        "The program was downgraded; what it does not know stays as it is.", "Upgrade again when you can."
    ),
    "store-moved-aside": _row(
        "The database was damaged, by a worn medium or by a write from outside. What could be read was saved.",
        "evsectl store recover shows the damaged file. " + _MEDIUM,
    ),
    "store-obstructed": _row(
        "A folder, link or pipe stood where a file of the store belongs.", "Find out who put it there."
    ),
    "row-mended": _row("A record made no sense and was mended as far as its other fields tell.", _BILL),
    "row-set-aside": _row("A record made no sense and is not used; it is kept in the table rejected.", _MEDIUM),
    "store-written-anew": _row(
        "A file of the running store was changed from outside; all rows were written anew from memory.",
        "Leave the files of a running evsed alone: copy them only while it is stopped.",
    ),
    "store-linked": _row("A file of the store has a second name, whose content changes with it.", "Remove that name."),
    "store-row-rejected": _row("A record cannot be decoded; it was moved to the table rejected.", _MEDIUM),
    "store-full": _row(
        "There is too little free room for the records of a new transaction. Running ones end properly.",
        "Free some room on the medium of the state directory (df -h, journalctl --vacuum-size=50M).",
    ),
    "store-medium-errors": _row(
        "The kernel counted new errors in the file system of the state directory; it may stop writing to it.",
        "dmesg | grep EXT4-fs; check it with fsck at the next chance. " + _MEDIUM,
    ),
    "store-unwritable": _row(
        "The medium of the state directory refuses writes: read-only, worn out, or wrong owner.",
        "mount | grep evsed, dmesg, ls -ld /var/lib/evsed. " + _MEDIUM,
    ),
    "store-ok": _row("The store can be written again."),
    # the board
    "board-attached": _row("The board process answered and told what the board has."),
    "board-lost": _row(
        "The board process does not answer: it ended or hangs, or its socket is gone. It opens its contactor itself.",
        "systemctl status evsed-board; journalctl -u evsed-board -n 50.",
    ),
    "board-floods": _row(
        "The board process sends more than a board can have to say.", "Check its software and who is at its socket."
    ),
    "board-mismatch": _row(
        "Number of connectors, outlet or phases of the board differ from the product profile.",
        "Correct [station] product in evsed.toml, or board.toml; then evsed --check-config.",
    ),
    "fault-on": _row(
        "The board or evsed found a fault; the line itself says which, why, and what to do about it.",
        "Follow the remedy in the line; evsectl why N repeats it, evsectl selftest tests again.",
    ),
    "fault-off": _row("The cause of a fault is gone."),
    "meter-swapped": _row(
        "The register of the meter is lower than it was: a replaced meter, or one that was reset.",
        "Nothing if the meter was replaced; else check the meter.",
    ),
    "meter-identified": _row(
        "The board has read the meter's number and kind; BootNotification tells them from the next one on."
    ),
    "meter-exchanged": _row(
        "The serial number of the meter is another one than that on record.",
        "Nothing if the meter was replaced; else two devices of the bus have changed places: check the addresses.",
    ),
    "mains-lost": _row("The supply of the unit failed; open transactions are closed while power lasts."),
    "unlocked": _row("The plug was unlocked, by the end of a transaction or by order."),
    "unlock-failed": _row(
        "The lock's feedback did not show it open.",
        "Take the strain off the cable, unlock by hand, then evsectl lock test with the daemons stopped.",
    ),
    # the link
    "link-up": _row("The WebSocket to the back-office is open."),
    "link-failed": _row(
        "The back-office could not be reached; the stage and the cause stand in the line.", _CHECK_LINK
    ),
    "link-down": _row(
        "The connection broke; the stage and the cause stand in the line. " + _KEPT,
        "Nothing if it comes back by itself; else " + _CHECK_LINK,
    ),
    "link-redial": _row("A technician asked for it with evsectl reconnect."),
    "link-closed": _row("The connection was closed on purpose."),
    "link-deaf": _row(
        "The connection is open and nobody answers: a half-dead network, or a back-office that hangs.", _CHECK_LINK
    ),
    "link-slowed": _row("The back-office sends requests without waiting for the answers.", _BACK_OFFICE),
    "link-frame-dropped": _row("A message was to be sent after the connection had ended; it is built anew later."),
    # registration and time
    "boot-accepted": _row("The back-office knows this station and accepts it."),
    "boot-pending": _row(
        "The back-office knows the station but has not released it.", "Have the station released in the back-office."
    ),
    "boot-rejected": _row(
        "The back-office does not know this station, or has blocked it.",
        "Compare [station] id with what the back-office expects; have it registered there.",
    ),
    "boot-unanswered": _row("The BootNotification was not answered in a usable way.", _BACK_OFFICE),
    "link-proved": _row("An answer came over this connection."),
    "clock-known": _row("The station has no clock of its own that can be trusted, and takes the back-office's."),
    "clock-set": _row(
        "The clock differed from that of the back-office and was corrected.",
        "If it repeats: check the time synchronisation (timedatectl) and the battery of the clock.",
    ),
    # messages
    "frame-refused": _row("The back-office sent something that is no OCPP message.", _BACK_OFFICE),
    "frame-ignored": _row("A message was received that says nothing to this station.", _BACK_OFFICE),
    "frame-repeated": _row("The back-office sent the same request again; it got the same answer."),
    "frame-id-reused": _row("The back-office used a message id for two different requests.", _BACK_OFFICE),
    "call-refused": _row("A request of the back-office is not valid, or is not supported here.", _BACK_OFFICE),
    "call-flawed": _row("A message of our own failed its check and was not sent.", _REPORT),
    "answer-unknown": _row("An answer came to a question that was not open (any more).", _BACK_OFFICE),
    "call-error": _row("The back-office refused one of our messages.", _BACK_OFFICE),
    "answer-mended": _row("An answer had flaws that do not change what it decides.", _BACK_OFFICE),
    "answer-refused": _row("An answer cannot be used at all.", _BACK_OFFICE),
    "answer-missing": _row("A request of ours was not answered in time. " + _KEPT, _CHECK_LINK),
    "report-retry": _row("A message about a transaction was refused and is sent again (TransactionMessageAttempts)."),
    "report-parked": _row(
        "A message about a transaction was refused as often as is allowed. Others are not held up by it.",
        "evsectl queue show N; have the cause mended in the back-office; evsectl queue retry.",
    ),
    "parked-values-dropped": _row("Too many meter values were parked; the oldest went first.", "evsectl queue list."),
    "queue-thinned": _row(
        "The station was offline for long; intermediate meter values make room.", "Restore the connection."
    ),
    # firmware and diagnostics
    "firmware": _row("One stage of a firmware update is over.", "If it failed: see the detail, and order it again."),
    "update": _row("A firmware update goes on."),
    "command-refused": _row("The state of the station does not allow what the back-office asked for."),
    "command-taken": _row("The back-office asked for it and the station does it."),
    "signed-update-refused": _row(
        "The Central System asked for an update that this unit may not install: the reason names what is wrong.",
        "Have the image signed by a manufacturer root that this unit has ([firmware] roots), or correct the request. "
        + _BACK_OFFICE,
    ),
    "update-refused": _row("The order for a firmware update cannot be carried out.", _BACK_OFFICE),
    "diagnostics": _row("An upload of diagnostics is over.", "If it failed: check address and rights of the server."),
    "remote-start": _row("The back-office asked to start a transaction; answer and reason stand in the line."),
    "remote-stop": _row("The back-office asked to stop a transaction; answer and reason stand in the line."),
    "connection-trial": _row(
        "URL, profile, key or a certificate of the connection were changed; the new set is kept only if it works."
    ),
    "connection-kept": _row("The Central System answered on the new connection, so the new set counts from now on."),
    "connection-returned": _row(
        "The new connection was refused three times or had no answer for five minutes: the set of before counts again.",
        "The line names the stage that failed. " + _CHECK_LINK + " Then repeat the change.",
    ),
    "connection-local": _row(
        "The [csms] section of the file was edited after a change by the Central System or evsectl.",
        "Nothing, if the file is meant to count; else make the change again (evsectl config set, or the back-office).",
    ),
    "connection-set-lost": _row(
        "The private file of a connection set in the state directory is gone or does not match its record.",
        "Repeat the change (evsectl config set, or the back-office). " + _MEDIUM,
    ),
    # configuration
    "setting-changed": _row("A configuration key was set, by the back-office or by evsectl."),
    "setting-dropped": _row(
        "A stored value does not fit this version or product.", "Set the key anew: evsectl config set KEY VALUE."
    ),
    # lists, reservations, profiles
    "list-refused": _row("An update of the local list does not fit the list that is here.", _BACK_OFFICE),
    "list-conflict": _row("The local list says something else of a card than the back-office.", _BACK_OFFICE),
    "reservation": _row("The back-office reserved a connector, or cancelled that."),
    "reservation-ended": _row("A reservation was used, cancelled, or ran out."),
    "profile-refused": _row("A charging profile cannot be followed by this product.", _BACK_OFFICE),
    "profile-dropped": _row("A stored charging profile does not fit this version or product.", _BACK_OFFICE),
    # charging
    "plugged": _row("The control pilot left state A."),
    "unplugged": _row("The control pilot is back in state A."),
    "suspended": _row(
        "No energy flows although a transaction is open: the car does not ask, or a limit is below 6 A.",
        "evsectl why N names who holds the limit and until when.",
    ),
    "resumed": _row("Energy flows again."),
    "card-refused": _row(
        "The card is unknown, blocked or expired, or offline starts are not allowed.",
        "Check the card in the back-office, or LocalAuthorizeOffline and the local list.",
    ),
    "start-given-up": _row("Card and cable did not come together in time (ConnectionTimeOut), or the start failed."),
    "transaction-began": _row("A charge began; it is on record before energy flows."),
    "stop-recovered": _row("The end of a transaction could not be written before evsed ended.", _BILL),
    "stop-inexact": _row("The meter was silent when the transaction ended.", "Check the meter. " + _BILL),
    "energy-unbilled": _row(
        "The register rose outside of any transaction.", "Check contactor and meter (evsectl selftest). " + _BILL
    ),
    "values-left-out": _row(
        "The board gives no fresh readings.", "evsectl doctor; with the daemons stopped: evsectl meter read."
    ),
    "transaction-ended": _row("A charge ended; the bill is delivered as soon as there is a connection."),
    # the job process
    "job-done": _row("A transfer or a program of the integrator ended well."),
    "job-failed": _row(
        "A transfer or a program of the integrator failed; the detail stands in the line.",
        "Run it by hand as the user evsed-job; check address, rights and free room.",
    ),
}
