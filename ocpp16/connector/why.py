"""Why a connector does (not) charge: the one reason that matters most, and what to do about it."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, NamedTuple

from ocpp16.messages.datetimes import to_text
from ocpp16.messages.types import RegistrationStatus
from ocpp16.records import Transaction
from ocpp16.status.faults import Fault, fault_of

if TYPE_CHECKING:
    from ocpp16.connector.state import ConnectorState

REMEMBERED_S = 300.0
"""So long a refused card is the answer to "why", unless another one is shown or the car leaves."""


class Why(NamedTuple):
    """The one reason that matters most, and what to do about it."""

    code: str
    text: str
    remedy: str
    amps: float = 0.0
    chain: tuple[str, ...] = ()
    """How the amperes came about: the minima, one by one."""


class CardRefused(NamedTuple):
    """The card that was refused last."""

    reason: str
    mono: float


REASONS: dict[str, tuple[str, str]] = {
    "charging": ("The car is charging.", "Nothing to do."),
    "unavailable": (
        "The connector was set out of service.",
        "The back-office can set it Operative (ChangeAvailability).",
    ),
    "no-ev": ("No car is plugged in.", "Plug the car in, then show a card."),
    "not-authorized": ("A car is plugged in, but nobody is authorized.", "Show a card or start it remotely."),
    "waiting-plug": ("A card was accepted; the plug is awaited.", "Plug the car in before the time runs out."),
    "waiting-answer": ("The Central System was asked about the card.", "Wait for its answer, MessageTimeout at most."),
    "waiting-lock": ("The cable is being locked.", "Push the plug in fully."),
    "waiting-meter": ("No meter reading has come yet.", "Wait some seconds; then check the meter."),
    "never-registered": (
        "No Central System has ever accepted this station, and there is no connection to one.",
        "See evsectl status: the last attempt has its cause there.",
    ),
    "boot-rejected": (
        "The Central System rejects this station.",
        "Register its identity and model at the back-office.",
    ),
    "boot-pending": (
        "The Central System has not decided yet about this station (Pending).",
        "Accept it at the back-office.",
    ),
    "boot-unanswered": (
        "The Central System has not answered BootNotification well.",
        "See evsectl log for its answer; the back-office must mend it.",
    ),
    "updating": (
        "A firmware update waits to be installed or is being installed; nothing new begins.",
        "Wait for its end, see evsectl log.",
    ),
    "ev-not-asking": (
        "Energy is offered, the car does not ask for it.",
        "The car decides: timer, full battery, or asleep.",
    ),
    "ev-unplugged": ("The plug was pulled at the car; the transaction stays open.", "Plug in again, or stop it."),
    "refused-card": (
        "The card was refused after the start; the energy has ended.",
        "Show a valid card after unplugging.",
    ),
    "card-refused": ("The card that was shown was refused.", "Show another card; the back-office knows why."),
    "limit": ("The limit in force lies below what can be signalled (6 A).", "See which limit holds it down."),
    "stopping": ("The transaction is being stopped.", "Wait until the car has stopped drawing, 6 s at most."),
    "finished": ("The transaction is over, the plug is still in.", "Unplug, or show a card to start again."),
    "reserved": ("The connector is reserved.", "Show the reserved card, or cancel the reservation."),
}


WITHOUT_CARDS = {
    "no-ev": "Plug the car in; the back-office starts it (RemoteStartTransaction).",
    "not-authorized": "Start it remotely: no card starts anything here.",
    "finished": "Unplug, or start it again remotely.",
}
"""Remedies where a product takes no card to start (C-07 no)."""


def why(place: ConnectorState) -> Why:
    """The one reason, how the amperes came about, and for what only this moment knows: its words."""
    amps = place.offered_amps()
    chain = tuple(f"{floor(bound * 10.0 + 1e-6) / 10.0:g} A {name}" for bound, name in sorted(place.chain()))
    code = _code(place, amps)
    found = why_of(code, amps, chain)
    if code == "reserved" and (row := place.parts.reservations.of(place.number)) is not None:
        where = "whole station keeps one connector" if row.connector == 0 else "connector is kept"
        words = f"The {where} for reservation {row.reservation_id} until {to_text(row.expires_utc)}."
        return found._replace(text=words)
    if code == "card-refused" and place.refused is not None:
        found = found._replace(text=f"The card that was shown was refused: {place.refused.reason}.")
        if not place.refused.reason.endswith("says Central System"):
            return found._replace(remedy="Show another card, or ask what this station may start by itself (settings).")
        return found
    if code in WITHOUT_CARDS and not place.parts.product.local_start:
        return found._replace(remedy=WITHOUT_CARDS[code])
    if code == "limit":
        return found._replace(remedy=f"This holds it down: {chain[0]}.")
    others = [other for other in place.fault_codes() if other != code]
    if others and code in place.fault_codes():
        return found._replace(text=f"{found.text} Also: {', '.join(others)}.")
    return found


def _code(place: ConnectorState, amps: float) -> str:
    if place.faulted and place.fault_codes():
        return max(place.fault_codes(), key=lambda code: _weight(fault_of(code)))
    if place.transaction is not None:
        return _in_transaction(place, place.transaction, amps)
    if place.parts.firmware.closes_connectors:
        return "updating"
    if not place.operative:
        return "unavailable"
    if place.token is not None:
        return place.missing() or "waiting-meter"
    if place.asking is not None:
        return "waiting-answer"
    if place.finishing:
        return "finished"
    if not place.context.facts.unit.registered:
        return _unregistered(place)
    refused = place.refused
    if refused is not None and place.context.now.mono < refused.mono + REMEMBERED_S:
        return "card-refused"
    if place.parts.reservations.of(place.number) is not None:
        return "reserved"
    return "not-authorized" if place.plugged else "no-ev"


def _weight(fault: Fault) -> tuple[bool, bool]:
    """What needs a person weighs more than what passes by itself."""
    return "--clear-latched" in fault.remedy, fault.blocks_running


def _unregistered(place: ConnectorState) -> str:
    registration = place.parts.registration
    if registration.status is RegistrationStatus.REJECTED:
        return "boot-rejected"
    if registration.status is RegistrationStatus.PENDING:
        return "boot-pending"
    return "boot-unanswered" if registration.session.up else "never-registered"


def _in_transaction(place: ConnectorState, transaction: Transaction, amps: float) -> str:
    if transaction.stopping:
        return "stopping"
    if not place.plugged:
        return "ev-unplugged"
    if amps > 0.0:
        return "charging" if place.closed else "ev-not-asking"
    return "refused-card" if transaction.energy_ends_wh is not None else "limit"


def why_of(code: str, amps: float = 0.0, chain: tuple[str, ...] = ()) -> Why:
    """A reason by its code; a fault's code is a reason too."""
    if code in REASONS:
        return Why(code, *REASONS[code], amps, chain)
    fault = fault_of(code)
    return Why(code, f"Fault {code}: {fault.why}.", f"{fault.remedy[0].upper()}{fault.remedy[1:]}.", amps, chain)
