"""Why a connector does (not) charge: the one cause that matters most, what goes with it, and what to do about it."""

from __future__ import annotations

from math import floor

from ocpp16.parts import Parts
from ocpp16.records import Availability, Transaction
from ocpp16.status.faults import Fault, fault_of
from ocpp16.why import connection, past, running, waiting
from ocpp16.why.reason import View, Why, at, joined, sentence

CODES = (
    *("charging", "ev-not-asking", "closing", "board-holds", "limit", "refused-card", "ev-unplugged", "stopping"),
    *("leaving", "updating", "unavailable", "waiting-plug", "waiting-lock", "waiting-meter", "waiting-answer"),
    *("cable-held", "finished", "never-registered", "boot-unanswered", "boot-rejected", "boot-pending"),
    *("card-refused", "start-given-up", "remote-start-refused", "reserved", "not-authorized", "no-ev"),
)
"""Every code but those of faults, which are those of `status/faults.py`."""


def why(parts: Parts, number: int, mono: float) -> Why:
    """The one cause at a monotonic second, and the bounds of the offered amperes."""
    connector = parts.connectors[number]
    view = View(parts, connector, mono)
    bounds = sorted(connector.offered.chain())
    chain = tuple(f"{floor(bound * 10.0 + 1e-6) / 10.0:g} A {name}" for bound, name in bounds)
    found = _with_remarks(view, _cause(view))
    return found._replace(amps=connector.offered.amps(), chain=chain)


def _cause(view: View) -> Why:
    state = view.state
    if state.faulted and state.fault_codes():
        return _fault(view)
    if state.transaction is not None:
        return running.transaction_cause(view, state.transaction)
    return waiting.cause(view)


def _fault(view: View) -> Why:
    """The gravest fault with what was measured; the others by name."""
    codes = view.state.fault_codes()
    gravest = max(codes, key=lambda code: _weight(fault_of(code)))
    fault = fault_of(gravest)
    others = [f"{code}{_seen(view, code)}" for code in codes if code != gravest]
    also = sentence(f"also: {', '.join(others)}") if others else ""
    text = joined(f"Fault {gravest}: {fault.why}{_seen(view, gravest)}.", also)
    return Why(gravest, text, sentence(fault.remedy))


def _weight(fault: Fault) -> tuple[bool, bool]:
    """What needs a person weighs more than what passes by itself."""
    return "--clear-latched" in fault.remedy, fault.blocks_running


def _seen(view: View, code: str) -> str:
    """` (20.1 A drawn, 16 A signalled; 12 s ago)`."""
    own = view.state.faults
    faults = own if code in own.codes else view.parts.station_faults
    when = "since before the last start" if code in faults.recorded else view.ago(faults.since[code])
    detail = "" if faults.details[code] in fault_of(code).why else faults.details[code].rstrip(".")
    return f" ({'; '.join(filter(None, (detail, when)))})"


def _warnings(view: View, found: Why) -> str:
    """Faults that end nothing and are not the cause."""
    codes = view.state.fault_codes()
    told = () if found.code in codes else codes
    return " ".join(f"Warning {code}: {fault_of(code).why}{_seen(view, code)}." for code in told)


def _with_remarks(view: View, found: Why) -> Why:
    """Everything else that is known, after the cause."""
    found = _more(found, _warnings(view, found))
    transaction = view.state.transaction
    if transaction is None:
        more, cards = waiting.remark(view, found)
        refused, refused_cards = _refused_besides(view, found)
        found = _more(found, joined(refused, more), "", (*refused_cards, *cards))
    else:
        found = _of_transaction(view, found, transaction)
    return _more(_undelivered(view, _inexact(view, found)), *connection.remark(view.parts, view.mono))


def _more(found: Why, text: str, remedy: str = "", cards: tuple[str, ...] = ()) -> Why:
    return found._replace(
        text=joined(found.text, text),
        remedy=joined(found.remedy, remedy),
        cards=tuple(dict.fromkeys((*found.cards, *cards))) if text else found.cards,
    )


def _refused_besides(view: View, found: Why) -> tuple[str, tuple[str, ...]]:
    """A card, or a remote start, that was refused after what is told already."""
    if found.code in ("card-refused", "start-given-up", "remote-start-refused"):
        return "", ()
    told = past.remote_start_refused(view)
    remote: tuple[str, tuple[str, ...]] = ("", ()) if told is None else (told.text, told.cards)
    refused, row = past.newest_refusal(view), view.parts.transactions.last_bill(view.number)
    running = view.state.transaction
    if refused is None or (running is not None and refused.id_tag == running.id_tag):
        return remote
    if found.code == "finished" and row is not None and row.ended is not None and refused.mono <= row.ended.mono:
        return remote
    text, cards = past.refusal_text(view, refused, found.text)
    return joined(text, remote[0]), (*cards, *remote[1])


def _of_transaction(view: View, found: Why, transaction: Transaction) -> Why:
    stays = ""
    if view.state.faulted and not transaction.stopping:
        stays = f"Transaction {transaction.number} stays open and goes on when that is over."
    found = _more(found, joined(stays, running.untold(view, transaction)))
    if not transaction.stopping:
        refused, cards = _refused_besides(view, found)
        found = _more(found, refused, "", cards)
    return _more(found, joined(_planned_outage(view), _planned_update(view)))


def _planned_outage(view: View) -> str:
    rows = view.parts.context.facts.of(Availability)
    own = rows.get(view.number)
    if own is None or own.scheduled is None:
        return ""
    return "The connector goes out of service when this transaction has ended (ChangeAvailability Scheduled)."


def _planned_update(view: View) -> str:
    """What a firmware update waits for."""
    signed = view.parts.security.signed_firmware.under_way
    if signed is not None:
        if signed.state in ("verified", "install-waiting"):
            return "A signed firmware image waits until this transaction has ended."
        if signed.state == "install-scheduled":
            return f"A signed firmware image is installed from {at(signed.install_utc or 0.0)} on."
        return "A signed firmware update waits." if signed.state in ("scheduled", "paused") else ""
    update = view.parts.firmware.update
    if update is None:
        return ""
    if update.state in ("downloaded", "installing"):
        return "A firmware image waits until this transaction has ended."
    if update.state != "waiting":
        return ""
    utc = view.utc(view.mono)
    if utc is not None and update.retrieve_utc <= utc:
        return "A firmware update waits until this transaction has ended."
    return f"A firmware update is planned for {at(update.retrieve_utc)}."


def _inexact(view: View, found: Why) -> Why:
    row = view.parts.transactions.last_bill(view.number)
    if view.state.transaction is not None or row is None or row.stop_exact:
        return found
    return _more(found, f"Transaction {row.number} was billed up to the last known register.")


def _undelivered(view: View, found: Why) -> Why:
    parked = view.parts.parked_messages.summary(view.number)
    if not parked.messages:
        return found
    utc = None if parked.since is None else parked.since.utc
    since = "a time not known" if utc is None else at(utc)
    what = f"{parked.messages} parked message(s), the oldest of {since} ({parked.error})"
    return _more(found, f"Undelivered: {what}.", "Parked messages are sent again every hour; see evsectl queue list.")
