"""What differs at a station where a car charges without a card ([station] free_vend): nobody is asked to show one."""

from __future__ import annotations

from ocpp16.connector.state import CardRefused
from ocpp16.why.reason import View, Why

AGAIN = "Unplug and plug in again, or start it remotely."
TEXTS: dict[str, tuple[str, str]] = {
    "no-ev": ("No car is plugged in.", "Plug the car in: it charges without a card ([station] free_vend)."),
    "not-authorized": ("A car is plugged in; its start is being prepared.", "Wait some seconds."),
    "finished": ("", AGAIN),
}
"""Text and remedy instead of those of a card; no text: the same one."""


def adapted(view: View, found: Why) -> Why:
    """The cause in the words of a station without cards."""
    if not view.connector.parts.free_vend or found.code not in TEXTS:
        return found
    text, remedy = TEXTS[found.code]
    return found._replace(text=text or found.text, remedy=remedy)


def served(view: View) -> Why | None:
    """The car that is plugged in has had its transaction."""
    if not (view.connector.parts.free_vend and view.state.plugged and view.state.served):
        return None
    return Why("served", "The car has had its transaction; the next one begins when it is plugged in anew.", AGAIN)


def refused(row: CardRefused) -> Why:
    """Its idTag was refused, by the Central System or by the station itself; it is no card that somebody holds."""
    text = f"The idTag of [station] free_vend was refused: {row.reason}."
    if row.by_central_system:
        remedy = (
            "Have the idTag of [station] free_vend accepted at the back-office, or set another one; then plug in again."
        )
    else:
        remedy = (
            "The idTag of [station] free_vend is tried again with a connection; "
            "or see what may start offline (settings)."
        )
    return Why("card-refused", text, remedy)
