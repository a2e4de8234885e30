"""What happened a while ago and still explains the present: how a transaction ended, a refused card, a lost start."""

from __future__ import annotations

from ocpp16.configuration.key_names import Key
from ocpp16.connector.state import CardRefused
from ocpp16.messages.types import Reason
from ocpp16.profiles.core.authorization import NOT_KNOWN
from ocpp16.records import Transaction
from ocpp16.status.faults import fault_of
from ocpp16.why import central_system, free_vend
from ocpp16.why.reason import View, Why, at, joined, sentence

CAUSES: dict[str, str] = {
    Reason.REMOTE: "the Central System stopped it (RemoteStopTransaction)",
    Reason.EV_DISCONNECTED: "the plug was pulled at the car",
    Reason.POWER_LOSS: "the power failed",
    Reason.REBOOT: "evsed was restarted",
    Reason.SOFT_RESET: "a soft reset was ordered",
    Reason.HARD_RESET: "a reset of the whole unit was ordered",
    Reason.UNLOCK_COMMAND: "the Central System unlocked the connector (UnlockConnector)",
    Reason.EMERGENCY_STOP: "the emergency stop was pressed",
    Reason.OTHER: "a fault or an outage, see evsectl log",
}
"""StopTransaction reasons (§7.36) in words; Local, DeAuthorized and Other know more where the records do."""


FRESH_BOOT_S = 3600.0
"""Monotonic seconds from the boot of the unit."""


def cause_of_end(view: View, transaction: Transaction) -> str:
    """Why a transaction ended, or is being stopped."""
    reason = transaction.stopping or transaction.reason
    if reason == Reason.LOCAL:
        card = transaction.stop_id_tag
        return f"card {card} was shown" if card else "it was stopped at the station (evsectl stop-transaction)"
    if reason == Reason.DE_AUTHORIZED:
        return f"the Central System refused card {transaction.id_tag} ({transaction.verdict or 'no status'})"
    known = view.state.stopped_by
    if reason == Reason.OTHER and known is not None and known[0] == transaction.number:
        return f"fault {known[1]}, {fault_of(known[1]).why}"
    return CAUSES.get(reason, reason or "its cause is not known")


def cards_of(transaction: Transaction) -> tuple[str, ...]:
    return tuple(card for card in (transaction.id_tag, transaction.stop_id_tag) if card)


def ended(view: View, transaction: Transaction) -> str:
    """`Transaction 1 ended 12 s ago: …; 1240 Wh.`"""
    stamp = transaction.ended
    when = ""
    if stamp is not None:
        here = stamp.boot == view.parts.context.clock.boot_id and stamp.mono <= view.mono
        when = f" {view.ago(stamp.mono)}" if here else "" if stamp.utc is None else f" at {at(stamp.utc)}"
    wh = (transaction.meter_stop_wh or 0) - transaction.meter_start_wh
    return f"Transaction {transaction.number} ended{when}: {cause_of_end(view, transaction)}; {wh} Wh."


def last_transaction(view: View) -> tuple[str, tuple[str, ...]]:
    """How the last transaction ended, where that is not long ago, and its cards.

    One of an earlier boot of the unit is told for an hour from the present one on.
    """
    row = view.parts.transactions.last_bill(view.number)
    if row is None or row.ended is None:
        return "", ()
    boot = view.parts.context.clock.boot_id
    recent = view.is_recent(row.ended.mono) if row.ended.boot == boot else view.mono < FRESH_BOOT_S
    return (ended(view, row), cards_of(row)) if recent else ("", ())


# --- cards and starts -------------------------------------------------------------------------------------------------


def newest_refusal(view: View) -> CardRefused | None:
    """The newest card that was refused here, or before it was known for which connector it was."""
    known = [one for one in (view.state.refused, view.parts.card_routing.refused) if one is not None]
    recent = [one for one in known if one.free_vend or view.is_recent(one.mono)]
    return max(recent, key=lambda one: one.mono, default=None)


def refusal_text(view: View, refused: CardRefused, told: str = "") -> tuple[str, tuple[str, ...]]:
    """When which card was refused, and why; with the reservation or the lost connection behind it.

    `told`: what is said before; a lost connection is not said twice.
    """
    what = "A remote start for card" if refused.remote else "Card"
    text = f"{what} {refused.id_tag} was refused {view.ago(refused.mono)}: {refused.reason}."
    cards = (refused.id_tag,)
    keeper = view.parts.reservations.of(view.number)
    if keeper is not None and "reserved" in refused.reason:
        return joined(text, f"Reservation {keeper.reservation_id} keeps it for card {keeper.id_tag}."), (
            *cards, keeper.id_tag,
        )  # fmt: skip
    offline = central_system.remark(view) if NOT_KNOWN in refused.reason else ""
    offline = "" if offline.partition(": ")[2] in told else offline
    return joined(text, offline), cards


def card_refused(view: View) -> Why | None:
    """The card that was shown last was refused."""
    refused = newest_refusal(view)
    if refused is None:
        return None
    if refused.free_vend:
        return free_vend.refused(refused)
    text, cards = refusal_text(view, refused)
    if refused.by_central_system:
        remedy = "Show another card; the back-office knows why."
    elif NOT_KNOWN in refused.reason:
        remedy = "Show a card of the local list or the cache, or allow more offline (AllowOfflineTxForUnknownId)."
    else:
        remedy = "Show another card, or ask what this station may start by itself (settings)."
    return Why("card-refused", text, remedy, cards=cards)


def start_given_up(view: View) -> Why | None:
    """A card was accepted and its car did not come, or it was shown again."""
    given_up = view.state.given_up
    if given_up is None or not view.is_recent(given_up.mono):
        return None
    what = "The remote start for card" if given_up.remote else "Card"
    when = view.ago(given_up.mono)
    if given_up.reason == Key.ConnectionTimeOut:
        seconds = view.parts.configuration.number(Key.ConnectionTimeOut)
        why = f"no car was plugged in within {seconds} s (ConnectionTimeOut)"
    else:
        why = given_up.reason
    text = f"{what} {given_up.id_tag} was accepted and given up {when}: {why}."
    remedy = "Start it remotely again." if given_up.remote else "Show the card again, and plug the car in."
    return Why("start-given-up", text, remedy, cards=(given_up.id_tag,))


def _concerns(view: View, connector: int | None) -> bool:
    """A start for a connector that is not there is told at each that is."""
    return connector in (None, view.number) or connector not in view.parts.connectors


def remote_start_refused(view: View) -> Why | None:
    """A RemoteStartTransaction was answered Rejected."""
    refused = view.parts.remote_control.refused
    if refused is None or not view.is_recent(refused.mono) or not _concerns(view, refused.connector):
        return None
    text = f"A remote start for card {refused.id_tag} was rejected {view.ago(refused.mono)}: {refused.reason}."
    return Why("remote-start-refused", sentence(text), "Remove that cause, then start again.", cards=(refused.id_tag,))
