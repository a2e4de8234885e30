"""Why a connector does (not) charge: the one reason that matters most, and what to do about it (`evsectl why`)."""

from __future__ import annotations

from math import floor
from typing import NamedTuple

from ocpp16.connector.connector import Connector
from ocpp16.connector.state import ConnectorState
from ocpp16.messages.datetimes import to_text
from ocpp16.messages.types import RegistrationStatus
from ocpp16.profiles.core.registration import Registration
from ocpp16.records import Transaction
from ocpp16.status.faults import Fault, fault_of

REMEMBERED_S = 300.0
"""Seconds for which a refused card is the reason, unless another one is shown or the car leaves."""


class Why(NamedTuple):
    """The one reason that matters most, and what to do about it."""

    code: str
    text: str
    remedy: str
    amps: float = 0.0
    chain: tuple[str, ...] = ()
    """The bounds of the offered amperes by name, the lowest first."""


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
        "The Central System has not answered BootNotification, or not validly.",
        "See evsectl log for its answer; the back-office must correct it.",
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
    "limit": ("The limit in force lies below what can be signalled (6 A).", "See the lowest bound of the chain."),
    "stopping": ("The transaction is being stopped.", "Wait until the car has stopped drawing, 6 s at most."),
    "finished": ("The transaction is over, the plug is still in.", "Unplug, or show a card to start again."),
    "reserved": ("The connector is reserved.", "Show the reserved card, or cancel the reservation."),
}


WITHOUT_CARDS = {
    "no-ev": "Plug the car in; the back-office starts it (RemoteStartTransaction).",
    "not-authorized": "Start it remotely: no card starts anything here.",
    "finished": "Unplug, or start it again remotely.",
}
"""Remedies of a product at which no card starts a transaction (C-07 no)."""


def why(connector: Connector) -> Why:
    """The one reason, and the bounds of the offered amperes."""
    amps, bounds = connector.offered.amps(), sorted(connector.offered.chain())
    chain = tuple(f"{floor(bound * 10.0 + 1e-6) / 10.0:g} A {name}" for bound, name in bounds)
    code = _code(connector, amps)
    return _detailed(connector, why_of(code, amps, chain))


def _detailed(connector: Connector, found: Why) -> Why:
    """Add what is known at this moment: the reservation, the card, the limit, the other faults."""
    state, code = connector.state, found.code
    if code == "reserved" and (row := connector.parts.reservations.of(connector.number)) is not None:
        what = "whole station keeps one connector" if row.connector == 0 else "connector is kept"
        until = to_text(row.expires_utc)
        return found._replace(text=f"The {what} for reservation {row.reservation_id} until {until}.")
    if code == "card-refused" and state.refused is not None:
        found = found._replace(text=f"The card that was shown was refused: {state.refused.reason}.")
        if not state.refused.by_central_system:
            return found._replace(remedy="Show another card, or ask what this station may start by itself (settings).")
        return found
    if code == "unavailable" and state.waits_for_station:
        text = "The station was set out of service; this connector is set Operative and returns with it."
        remedy = "The back-office can set the station Operative (ChangeAvailability of connector 0)."
        return found._replace(text=text, remedy=remedy)
    if code == "boot-unanswered" and (failure := connector.parts.registration.failure) is not None:
        return found._replace(text=f"BootNotification: {failure.told()}.")
    if code in WITHOUT_CARDS and not connector.parts.product.local_start:
        return found._replace(remedy=WITHOUT_CARDS[code])
    if code == "limit":
        return found._replace(remedy=f"The lowest bound: {found.chain[0]}.")
    others = [other for other in state.fault_codes() if other != code]
    if others:
        return found._replace(text=f"{found.text} Also: {', '.join(others)}.")
    return found


def _code(connector: Connector, amps: float) -> str:
    state = connector.state
    if state.faulted and state.fault_codes():
        return max(state.fault_codes(), key=lambda code: _weight(fault_of(code)))
    if state.transaction is not None:
        return _in_transaction(state, state.transaction, amps)
    if connector.parts.firmware.closes_connectors:
        return "updating"
    if not state.operative:
        return "unavailable"
    if state.token is not None:
        return state.missing() or "waiting-meter"
    if state.asking is not None:
        return "waiting-answer"
    if state.finishing:
        return "finished"
    if not connector.context.facts.unit.registered:
        return _unregistered(connector.parts.registration)
    refused = state.refused
    if refused is not None and connector.context.now.mono < refused.mono + REMEMBERED_S:
        return "card-refused"
    if connector.parts.reservations.of(connector.number) is not None:
        return "reserved"
    return "not-authorized" if state.plugged else "no-ev"


def _weight(fault: Fault) -> tuple[bool, bool]:
    """What needs a person weighs more than what passes by itself."""
    return "--clear-latched" in fault.remedy, fault.blocks_running


def _unregistered(registration: Registration) -> str:
    if registration.status is RegistrationStatus.REJECTED:
        return "boot-rejected"
    if registration.status is RegistrationStatus.PENDING:
        return "boot-pending"
    return "boot-unanswered" if registration.session.up else "never-registered"


def _in_transaction(state: ConnectorState, transaction: Transaction, amps: float) -> str:
    if transaction.stopping:
        return "stopping"
    if not state.plugged:
        return "ev-unplugged"
    if amps > 0.0:
        return "charging" if state.closed else "ev-not-asking"
    return "refused-card" if transaction.energy_ends_wh is not None else "limit"


def why_of(code: str, amps: float = 0.0, chain: tuple[str, ...] = ()) -> Why:
    """A reason by its code; a fault's code is a reason too."""
    if code in REASONS:
        return Why(code, *REASONS[code], amps, chain)
    fault = fault_of(code)
    return Why(code, f"Fault {code}: {fault.why}.", f"{fault.remedy[0].upper()}{fault.remedy[1:]}.", amps, chain)
