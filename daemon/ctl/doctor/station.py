"""What the station says of itself: its answers to status, why and certificates, weighed.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from daemon.ctl.doctor.findings import Area, Finding, Weight

Row = Mapping[str, Any]

AT_WORK: Final = frozenset(
    {
        *("no-ev", "not-authorized", "reserved", "leaving", "updating", "board-holds"),
        *("waiting-plug", "waiting-answer", "waiting-lock", "waiting-meter"),
        *("card-refused", "start-given-up", "remote-start-refused", "refused-card"),
        *("charging", "ev-not-asking", "closing", "stopping", "finished", "ev-unplugged", "cable-held"),
    }
)
"""Codes of `why` that need nobody's repair: the driver, the car or the back-office has the next step."""
OF_THE_LINK: Final = frozenset({"never-registered", "boot-unanswered", "boot-rejected", "boot-pending"})
OF_THE_BOARD: Final = frozenset({"board-missing", "board-mismatch", "self-test", "fail-safe"})
OF_THE_STORE: Final = frozenset({"store-full", "queue-full"})
OF_THE_DAEMON: Final = frozenset({"daemon-down", "daemon-hangs", "daemon-unseen", "control-socket"})
SILENT_S: Final = 600.0
CERTIFICATE_DAYS: Final = 30


def findings(status: Row, reasons: Sequence[Row], certificates: Sequence[Row]) -> Iterator[Finding]:
    """All that follows from the answers."""
    yield from link(status, reasons)
    yield from connectors(status, reasons)
    yield from store(status)
    yield from queue(status)
    yield from of_certificates(certificates)


def link(status: Row, reasons: Sequence[Row]) -> Iterator[Finding]:
    """The connection to the Central System and the registration there."""
    state = status.get("link") or {}
    failed = state.get("last_failure") or {}
    since = f", {failed['age_s']:.0f} s ago" if failed else ""
    if not status.get("linked"):
        if not failed:
            yield Finding(Area.LINK, Weight.UNKNOWN, "no attempt to connect has ended yet", "Repeat this in a minute.")
            return
        cause = f"{failed['stage']}: {failed['cause']} ({failed['code']}{since})"
        remedy = f"docs/connection-failures.md explains {failed['code']}; evsectl connect-test walks each stage."
        yield Finding(Area.LINK, Weight.FAULT, cause, remedy)
        return
    refused = next((each for each in reasons if each["code"] in OF_THE_LINK), None)
    if refused is not None:
        yield Finding(Area.LINK, Weight.FAULT, refused["text"], refused["remedy"])
        return
    registration = status.get("registration")
    if registration != "Accepted":
        text = f"the Central System answers BootNotification with {registration}"
        yield Finding(Area.LINK, Weight.FAULT, text, "Accept the station at the back-office.")
        return
    age = state.get("received_age_s")
    text = f"connected with {state.get('url')}, last message {age:.0f} s ago" if age is not None else "connected"
    yield Finding(Area.LINK, Weight.GOOD, text)


def connectors(status: Row, reasons: Sequence[Row]) -> Iterator[Finding]:
    """What `why` says of each connector; what holds for all is said once."""
    said: set[tuple[Area, str]] = set()
    for reason in reasons:
        code = reason["code"]
        if code in OF_THE_LINK:
            continue
        area = _area(code)
        text = reason["text"] if area is not Area.CONNECTOR else f"connector {reason['connector']}: {reason['text']}"
        if (area, text) in said:
            continue
        said.add((area, text))
        if code in AT_WORK:
            is_warned = "Warning " in text
            yield Finding(
                area, Weight.WARNING if is_warned else Weight.GOOD, text, reason["remedy"] if is_warned else ""
            )
        else:
            yield Finding(area, Weight.FAULT, text, reason["remedy"])
    if status.get("board") and not any(area is Area.BOARD for area, _ in said):
        yield Finding(Area.BOARD, Weight.GOOD, f"{status['board']} answers")


def _area(code: str) -> Area:
    for codes, area in ((OF_THE_BOARD, Area.BOARD), (OF_THE_STORE, Area.STORE), (OF_THE_DAEMON, Area.DAEMON)):
        if code in codes:
            return area
    return Area.CONNECTOR


def store(status: Row) -> Iterator[Finding]:
    """Whether records are kept."""
    state = status.get("store") or {}
    if state.get("state") == "ok":
        yield Finding(Area.STORE, Weight.GOOD, f"records are kept in {state.get('dir')}")
    elif state.get("state") is not None:
        text = f"the store in {state.get('dir')} is not well: {state['state']}"
        yield Finding(Area.STORE, Weight.FAULT, text, "See journalctl -u evsed; make room, or check the SD card.")


def queue(status: Row) -> Iterator[Finding]:
    """Messages about transactions that the Central System has not got."""
    parked, waiting = status.get("parked") or 0, status.get("queue") or 0
    if parked:
        why = f" ({status['parked_why']})" if status.get("parked_why") else ""
        text = f"{parked} message(s) could not be delivered since {status.get('parked_since')}{why}"
        remedy = "They are sent again now and then; evsectl queue list shows them, evsectl queue retry sends them now."
        yield Finding(Area.QUEUE, Weight.WARNING, text, remedy)
    elif waiting and not status.get("linked"):
        text = f"{waiting} message(s) about transactions wait for the connection"
        yield Finding(Area.QUEUE, Weight.WARNING, text, "They are kept, and sent in order when it is back.")
    else:
        yield Finding(Area.QUEUE, Weight.GOOD, f"{waiting} message(s) about transactions wait")


def of_certificates(rows: Sequence[Row]) -> Iterator[Finding]:
    """Certificates in force whose days are counted."""
    for row in rows:
        days = row.get("days_left")
        if days is None or row.get("state") != "in-force" or days > CERTIFICATE_DAYS:
            continue
        weight = Weight.FAULT if days < 0 else Weight.WARNING
        ends = f"has expired {-days:g} days ago" if days < 0 else f"ends in {days:g} days"
        text = f"{row['use']}, {row['subject']}: the certificate {ends}"
        remedy = "The back-office renews it (CertificateSigned, InstallCertificate); evsectl certs shows all."
        yield Finding(Area.CERTIFICATES, weight, text, remedy)
