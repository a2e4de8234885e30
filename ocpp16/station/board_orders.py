"""Orders to the board (unlock, selftest, clear-latched), each answered once by `BoardDone` or by the board's loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ocpp16.events import BoardDone
from ocpp16.state.context import Context
from ocpp16.step import Order

Then = Callable[[bool, str], None]
"""(carried out, detail)"""


class BoardOrders:
    """The orders that the board has not answered yet."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._waiting: dict[int, Then] = {}
        self._next_ref = 1

    def order(self, what: Literal["unlock", "selftest", "clear-latched"], connector: int | None, then: Then) -> None:
        """Send an order about a connector (None: the station); `then` is called once."""
        self._waiting[self._next_ref] = then
        self.context.orders.append(Order(self._next_ref, what, connector))
        self._next_ref += 1

    def board_done(self, event: BoardDone) -> None:
        """The board's answer; one that nobody waits for is ignored."""
        then = self._waiting.pop(event.ref, None)
        if then is not None:
            then(event.ok, event.detail)

    def board_lost(self) -> None:
        """Nobody will answer: every order has failed."""
        for ref in list(self._waiting):
            self.board_done(BoardDone(ref, False, "the board is lost"))
