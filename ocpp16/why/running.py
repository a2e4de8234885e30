"""Why a running transaction does (not) get energy, and what of it the Central System does not know yet."""

from __future__ import annotations

from ocpp16.configuration.key_names import Key
from ocpp16.records import Transaction
from ocpp16.state.timers import Timer
from ocpp16.why import central_system, past
from ocpp16.why.reason import View, Why, joined, sentence, span


def transaction_cause(view: View, transaction: Transaction) -> Why:
    """The cause while a transaction runs or is being stopped; faults come before."""
    state, amps = view.state, view.connector.offered.amps()
    if transaction.stopping:
        return _stopping(view, transaction)
    if not state.plugged:
        return Why(
            "ev-unplugged",
            f"The plug was pulled at the car {view.ago(state.pilot_at)}; transaction {transaction.number} stays open "
            "(StopTransactionOnEVSideDisconnect is false).",
            f"Plug in again, or stop it: evsectl stop-transaction --connector {view.number}.",
        )
    if amps <= 0.0:
        return _no_offer(view, transaction)
    return _charging(view, transaction, amps) if state.closed else _not_drawing(view, amps)


def _stopping(view: View, transaction: Transaction) -> Why:
    due = view.parts.context.timers.due(Timer.OPENING, view.number)
    what = "the car to stop drawing" if view.state.closed else "the last reading of the meter"
    left = f"{view.left(due)} at most" if due is not None else "for the board to answer"
    text = f"Transaction {transaction.number} is being stopped: {past.cause_of_end(view, transaction)}."
    return Why("stopping", text, f"Wait for {what}, {left}.", cards=past.cards_of(transaction))


def _no_offer(view: View, transaction: Transaction) -> Why:
    state = view.state
    if transaction.energy_ends_wh is not None and state.is_spent:
        more = transaction.energy_ends_wh - transaction.meter_start_wh
        text = f"The Central System refused card {transaction.id_tag} after the start ({transaction.verdict}); "
        text += f"the energy ended at {max(more, 0)} Wh (MaxEnergyOnInvalidId)."
        return Why("refused-card", text, "Unplug, then show a valid card.", cards=(transaction.id_tag,))
    return _limited(view)


def _limited(view: View) -> Why:
    """The lowest bound lies below what can be signalled."""
    connector = view.connector
    least = connector.offered.capability().min_amps
    amps, name = min(connector.offered.chain())
    name = f"the {name}" if name in ("board", "cable", "product") else name
    below = f"{name} allows {_amps(amps)}; below {_amps(least)} nothing can be signalled"
    others = [n for n in view.parts.context.facts.running if n != view.number]
    if name.startswith("ChargePointMaxProfile") and others:
        below += f"; the whole station shares it with connector {', '.join(map(str, others))}"
    return Why("limit", sentence(below), REMEDIES.get(name, "The back-office set that profile; it can change it."))


REMEDIES = {
    "the cable": "Use a cable that carries more.",
    "the board": "See board.toml.",
    "the product": "See [station] product.",
}
"""What helps, by what sets the lowest bound, where that is no charging profile."""


def _amps(amps: float) -> str:
    return f"{int(amps * 10.0 + 1e-6) / 10.0:g} A"


def _not_drawing(view: View, amps: float) -> Why:
    state = view.state
    offered = f"{_amps(amps)} are offered"
    if state.signalled_amps == 0.0 and state.signalled_why:
        text = f"{offered}, the board signals none: {state.signalled_why}."
        return Why("board-holds", text, "See that cause; the board goes on by itself when it is gone.")
    if state.pilot in ("C", "D"):
        text = f"{offered}, the car has asked for energy for {span(view.mono - state.pilot_at)}; the contactor is open."
        return Why("closing", text, "Wait some seconds; then see journalctl -u evsed-board.")
    text = f"{offered}, the car has not asked for energy for {span(view.mono - state.pilot_at)} (pilot {state.pilot})."
    return Why("ev-not-asking", text, "The car decides: timer, full battery, or asleep.")


def _charging(view: View, transaction: Transaction, amps: float) -> Why:
    metering, state = view.parts.metering, view.state
    reading = metering.readings.get(view.number) if metering.is_fresh(view.number, view.mono) else None
    parts = [f"{_amps(amps)} offered"]
    if reading is not None and reading.amps:
        parts.append(f"{_amps(max(reading.amps))} drawn")
    if reading is not None:
        parts.append(f"{max(int(reading.wh), transaction.last_wh) - transaction.meter_start_wh} Wh so far")
    less = ""
    if state.signalled_why and state.signalled_amps < amps:
        less = f"The board signals {_amps(state.signalled_amps)}: {state.signalled_why}."
    ends = transaction.energy_ends_wh
    if ends is not None:
        left = max(0, ends - int(metering.register_wh(view.number) or transaction.last_wh))
        less = joined(less, f"The Central System refused card {transaction.id_tag} ({transaction.verdict}); "
                            f"the energy ends in {left} Wh (MaxEnergyOnInvalidId).")  # fmt: skip
    text = joined(f"The car is charging: {', '.join(parts)}.", less)
    return Why("charging", text, "Nothing to do.", cards=(transaction.id_tag,) if ends is not None else ())


# --- what the Central System does not know yet ------------------------------------------------------------------------


def untold(view: View, transaction: Transaction) -> str:
    """What of a transaction could not be delivered, or why nothing can be at this moment; "": it is all told."""
    remark = central_system.remark(view)
    if transaction.start == "parked":
        error = transaction.error.rstrip(": ") or "no reason was given"
        return joined(f"Its StartTransaction could not be delivered: {error}.", remark)
    if transaction.start != "waiting":
        return remark
    failing = view.parts.transaction_queue.failing()
    if failing is not None and (failing.key.kind, failing.key.row) == ("start", transaction.number) and not remark:
        allowed = max(1, view.parts.configuration.number(Key.TransactionMessageAttempts))
        return (
            f"Its StartTransaction failed ({failing.error.rstrip(': ')}), attempt {failing.attempts} of {allowed}; "
            f"next in {view.left(failing.again_at)}."
        )
    return (
        joined(f"The Central System does not know of transaction {transaction.number} yet.", remark) if remark else ""
    )
