"""Why nothing charges where no transaction runs: from the station that shuts down to the car that is not there."""

from __future__ import annotations

from collections.abc import Callable

from ocpp16.connector.state import Token
from ocpp16.messages.types import Reason
from ocpp16.records import Availability
from ocpp16.state.timers import Timer
from ocpp16.station.shutdown import CAUSES as SHUTDOWN_CAUSES
from ocpp16.why import central_system, free_vend, past
from ocpp16.why.reason import View, Why, at, joined, span

REMOTELY = {
    "no-ev": "Plug the car in; the back-office starts it (RemoteStartTransaction).",
    "not-authorized": "Start it remotely: no card starts anything here.",
    "finished": "Unplug, or start it again remotely.",
}
"""Remedies of a product at which no card starts a transaction (C-07 no)."""


def cause(view: View) -> Why:
    """The first of the causes below that is there."""
    found = next(filter(None, (look(view) for look in CAUSES)))
    if found.code in REMOTELY and not view.parts.product.local_start:
        return found._replace(remedy=REMOTELY[found.code])
    return free_vend.adapted(view, found)


def _leaving(view: View) -> Why | None:
    pending = view.parts.shutdown.pending
    if pending is None:
        return None
    text = f"The station shuts down ({SHUTDOWN_CAUSES[pending.how]}); nothing new begins."
    return Why("leaving", text, f"Wait for its start; it goes down in {view.left(pending.deadline)} at most.")


def _updating(view: View) -> Why | None:
    firmware = view.parts.firmware
    update = firmware.update
    if view.parts.security.signed_firmware.closes_connectors:
        return _signed_update(view)
    if update is None or not firmware.closes_connectors:
        return None
    running = sorted(view.parts.context.facts.running)
    if update.state == "downloaded" and running:
        where = f"connector {', '.join(map(str, running))}"
        text = (
            f"A firmware image waits until the transaction on {where} has ended; until it is installed nothing begins."
        )
        return Why("updating", text, "It goes on by itself; evsectl stop-transaction --connector N ends one sooner.")
    doing = {"downloaded": "is about to be installed", "installing": "is being installed"}
    text = f"A firmware image {doing.get(update.state, 'is installed, the unit restarts')}; nothing new begins."
    return Why("updating", text, "Wait for its end; evsectl log shows each step.")


def _signed_update(view: View) -> Why | None:
    update = view.parts.security.signed_firmware.update
    assert update is not None, "it closes the connectors"
    running = sorted(view.parts.context.facts.running)
    where = f"connector {', '.join(map(str, running))}"
    doing = {
        "installing": "A signed firmware image is being installed",
        "rebooting": "A signed firmware image is installed, the unit restarts",
        "trial": "New firmware runs on trial until board and Central System are there",
        "going-back": "New firmware was not healthy, the unit goes back to the one before",
    }
    waits = f"A signed firmware image waits until the transaction on {where} has ended" if running else ""
    text = doing.get(update.state) or waits or "A signed firmware image is about to be installed"
    return Why("updating", f"{text}; nothing new begins.", "Wait for its end; evsectl log shows each step.")


def _unavailable(view: View) -> Why | None:
    if view.state.operative:
        return None
    rows = view.parts.context.facts.of(Availability)
    own, station = rows.get(view.number), rows.get(0)
    if own is not None and not own.operative:
        text = f"Connector {view.number} was set out of service (ChangeAvailability Inoperative)."
        if station is not None and not station.operative:
            text = "The whole station was set out of service (ChangeAvailability Inoperative, connector 0)."
    else:
        text = (
            "The whole station was set out of service (ChangeAvailability Inoperative, connector 0); "
            f"connector {view.number} itself is Operative and comes back with it."
        )
    return Why("unavailable", text, "The back-office can set it Operative (ChangeAvailability).")


# --- an accepted card -------------------------------------------------------------------------------------------------


def _accepted(view: View) -> Why | None:
    token = view.state.token
    if token is None:
        return None
    code = view.state.missing() or "waiting-meter"
    if code == "never-registered":
        found = central_system.unregistered(view)
    elif code == "waiting-lock":
        found = Why(code, "The cable is being locked.", "Push the plug in fully.")
    elif code == "waiting-meter":
        found = _no_reading(view)
    elif code == "board-missing":
        found = Why(code, "The board has not reported its states yet.", "Wait some seconds; then check evsed-board.")
    else:
        left = view.left(view.parts.context.timers.due(Timer.PLUG_IN, view.number))
        pilot = "" if not view.state.plugged else f" (pilot {view.state.pilot})"
        found = Why(
            "waiting-plug", f"The plug is awaited{pilot}.", f"Plug the car in within {left} (ConnectionTimeOut)."
        )
    return found._replace(text=f"{_who(token)} was accepted. {found.text}", cards=(token.id_tag,))


def _who(token: Token) -> str:
    return f"A remote start for card {token.id_tag}" if token.remote else f"Card {token.id_tag}"


def _no_reading(view: View) -> Why:
    reading = view.parts.metering.readings.get(view.number)
    age = "has come yet" if reading is None else f"came for {span(view.mono - reading.at)}"
    return Why("waiting-meter", f"No meter reading {age}.", "Wait some seconds; then check the meter.")


def _asking(view: View) -> Why | None:
    card = view.state.asking
    if card is None:
        return None
    session = view.parts.session
    if session.in_flight == "Authorize" and session.asked_at is not None:
        left = view.left(view.parts.context.timers.due(Timer.ANSWER))
        text = f"The Central System was asked about card {card} {view.ago(session.asked_at)}; no answer yet."
        return Why("waiting-answer", text, f"It is given up in {left} (MessageTimeout).", cards=(card,))
    first = f"; {session.in_flight} waits for its answer before it" if session.in_flight else ""
    text = f"The Central System is to be asked about card {card}{first}."
    return Why("waiting-answer", text, "Wait for its answer.", cards=(card,))


# --- after a transaction ----------------------------------------------------------------------------------------------


def _held(view: View) -> Why | None:
    holder = view.state.held_for
    if holder is None:
        return None
    text = f"The plug was pulled at the car; its cable is kept locked for card {holder.id_tag}."
    remedy = "Show that card, or unlock it from the back-office (UnlockConnector)."
    return Why("cable-held", text, remedy, cards=(holder.id_tag,))


def _finished(view: View) -> Why | None:
    if not view.state.finishing:
        return None
    row = view.parts.transactions.last_bill(view.number)
    remedy = "Unplug, or show a card to start again."
    if row is None:
        return Why("finished", "The transaction is over, the plug is still in.", remedy)
    if row.reason == Reason.DE_AUTHORIZED:
        remedy = "Unplug, then show another card; the back-office knows why."
    text = f"{past.ended(view, row)} The plug is still in."
    return Why("finished", text, remedy, cards=past.cards_of(row))


def _unregistered(view: View) -> Why | None:
    """§4.2.1: before the first acceptance ever nothing begins."""
    return None if view.parts.context.facts.unit.registered else central_system.unregistered(view)


def _recent(view: View) -> Why | None:
    """The newest of what was refused or given up."""
    refused, remote = past.newest_refusal(view), view.parts.remote_control.refused
    given_up = view.state.given_up
    known = [
        (0.0 if refused is None else refused.mono, past.card_refused(view)),
        (0.0 if given_up is None else given_up.mono, past.start_given_up(view)),
        (0.0 if remote is None else remote.mono, past.remote_start_refused(view)),
    ]
    found = [(mono, why) for mono, why in known if why is not None]
    return max(found, key=lambda one: one[0])[1] if found else None


# --- nobody came ------------------------------------------------------------------------------------------------------


def _reserved(view: View) -> Why | None:
    row = view.parts.reservations.of(view.number)
    if row is None:
        return None
    what = "whole station keeps one connector" if row.connector == 0 else "connector is kept"
    group = f" or its group {row.parent_id_tag}" if row.parent_id_tag else ""
    utc = view.utc(view.mono)
    until = at(row.expires_utc) + ("" if utc is None else f", {span(row.expires_utc - utc)} more")
    text = f"The {what} for card {row.id_tag}{group} by reservation {row.reservation_id} until {until}."
    plugged = " A car is plugged in." if view.state.plugged else ""
    cards = (row.id_tag, row.parent_id_tag) if row.parent_id_tag else (row.id_tag,)
    return Why("reserved", text + plugged, "Show that card, or cancel the reservation.", cards=cards)


def _nobody(view: View) -> Why:
    state = view.state
    if state.plugged:
        text = f"A car has been plugged in for {span(view.mono - state.plugged_at)}, but nobody is authorized."
        return Why("not-authorized", text, "Show a card or start it remotely.")
    if state.cable_present and not view.parts.product.fixed_cable:
        carries = f" (it carries {state.cable_amps:g} A)" if state.cable_amps else ""
        text = f"A cable is in the socket{carries}, but no car at its other end."
        return Why("no-ev", text, "Plug the car in, then show a card.")
    return Why("no-ev", "No car is plugged in.", "Plug the car in, then show a card.")


CAUSES: tuple[Callable[[View], Why | None], ...] = (
    _leaving,
    _updating,
    _unavailable,
    _accepted,
    _asking,
    _held,
    _finished,
    _unregistered,
    _recent,
    _reserved,
    free_vend.served,
    _nobody,
)
"""What weighs most comes first; the last one always is a cause."""


def remark(view: View, found: Why) -> tuple[str, tuple[str, ...]]:
    """What else explains it: how the last transaction ended, and whether the Central System can be asked."""
    ended: tuple[str, tuple[str, ...]] = ("", ()) if found.code == "finished" else past.last_transaction(view)
    told = found.code in ("never-registered", "boot-unanswered", "boot-rejected", "boot-pending")
    offline = "" if told or not view.parts.context.facts.unit.registered else central_system.remark(view)
    offline = "" if offline and offline in found.text else offline
    return joined(ended[0], offline), ended[1]
