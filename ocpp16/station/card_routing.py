"""Whose card it is: from the reader to a connector (§3.5).  One reader for several: by plug order."""

from __future__ import annotations

from ocpp16.connector.connector import Connector
from ocpp16.events import CardPresented
from ocpp16.product import Product
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer
from ocpp16.station.remote_control import RemoteControl


class CardRouting:
    """Routes a card; the connector decides what it means."""

    def __init__(
        self, context: Context, connectors: dict[int, Connector], remote: RemoteControl, product: Product
    ) -> None:
        self.context = context
        self.connectors = connectors
        self.remote = remote
        self.product = product

    def card_presented(self, event: CardPresented) -> None:
        if self.remote.leaving is not None:
            self.context.note("card-refused", connector=event.connector, id_tag=event.id_tag, reason="restarting")
        elif not 1 <= len(event.id_tag) <= 20:  # §7.28 IdToken
            self.context.note(
                "card-refused", connector=event.connector, id_tag=event.id_tag[:20], reason="1 to 20 characters"
            )
        elif event.connector is not None and event.connector in self.connectors:
            self.connectors[event.connector].card(event.id_tag)
        elif (chosen := self._choose(event.id_tag)) is not None:
            chosen.card(event.id_tag)
        else:
            self.context.note("card-refused", connector=None, id_tag=event.id_tag, reason="choose a connector first")

    def _choose(self, id_tag: str) -> Connector | None:
        """Whom the card belongs to already, else the plug that has waited longest, else a free one (AQ-5: none)."""
        folded = id_tag.casefold()
        everyone = list(self.connectors.values())
        for connector in everyone:
            holder = connector.transaction or connector.token or connector.held_for
            id_tags = {holder.id_tag.casefold() if holder else "", (connector.asking or "").casefold()}
            if folded in id_tags:
                return connector
        kept = next((c for c in everyone if c.free and c.reserved_for(id_tag)), None)
        if kept is not None:
            return kept
        free = [c for c in everyone if c.free and c.asking is None and c.open_to(id_tag)]
        waiting = {connector.number: connector.waits_for(id_tag) for connector in free}
        plugged = [connector for connector in free if waiting[connector.number] < 2]
        if plugged:
            return min(plugged, key=lambda connector: (waiting[connector.number], connector.plugged_at))
        if self.product.selection_before_authorization:
            return None
        free.sort(key=lambda connector: waiting[connector.number])
        return next((connector for connector in (*free, *everyone) if connector.free), everyone[0])

    def plug_takes_waiting_card(self, plugged: Connector) -> None:
        """An accepted card that waits for a plug goes where the next plug is."""
        if not plugged.plugged or not plugged.free:
            return
        for other in self.connectors.values():
            token = other.token
            if other is plugged or token is None or token.remote or other.plugged:
                continue
            if plugged.open_to(token.id_tag):
                other.token = None
                self.context.timers.clear(Timer.PLUG_IN, other.number)
                plugged.accept(token)
                return
