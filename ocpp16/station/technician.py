"""Requests of a technician at the control socket (`evsectl`), and their replies."""

from __future__ import annotations

from functools import partial
from typing import Literal

from ocpp16.configuration.configuration import Configuration
from ocpp16.connector.connector import Connector
from ocpp16.events import QueueAsked, ResetAsked, SelftestAsked, SettingAsked, StopAsked
from ocpp16.messages.core import ResetReq
from ocpp16.messages.types import Reason, ResetStatus, ResetType
from ocpp16.profiles.core.meter_readings import MeterReadings
from ocpp16.state.context import Context
from ocpp16.station.board_orders import BoardOrders
from ocpp16.station.queue_commands import QueueCommands
from ocpp16.station.recovery import Recovery
from ocpp16.station.reset import Reset
from ocpp16.step import Reply


class Technician:
    """Each request gets exactly one reply."""

    def __init__(
        self,
        context: Context,
        configuration: Configuration,
        queue_commands: QueueCommands,
        metering: MeterReadings,
        recovery: Recovery,
        board_orders: BoardOrders,
        reset: Reset,
        connectors: dict[int, Connector],
    ) -> None:
        self.context = context
        self.configuration = configuration
        self.queue_commands = queue_commands
        self.metering = metering
        self.recovery = recovery
        self.board_orders = board_orders
        self.reset = reset
        self.connectors = connectors

    def _reply(self, ref: int, refusal: str | None, done: str) -> None:
        self.context.replies.append(Reply(ref, refusal is None, refusal or done))

    def setting_asked(self, event: SettingAsked) -> None:
        status, why = self.configuration.change(event.key, event.value)
        self._reply(event.ref, f"{event.key}: {status}: {why}" if why else None, str(status))

    def stop_asked(self, event: StopAsked) -> None:
        asked = {n: c for n, c in self.connectors.items() if event.connector in (None, n)}
        running = [n for n, c in asked.items() if c.state.transaction is not None]
        if len(running) != 1:
            where = "" if event.connector is None else f" on connector {event.connector}"
            several = f"transactions run on connectors {', '.join(map(str, running))}: name one with --connector N"
            self._reply(event.ref, several if running else f"no transaction runs{where}", "")
            return
        self.connectors[running[0]].stop(Reason.LOCAL)
        self._reply(event.ref, None, f"stopping the transaction on connector {running[0]}")

    def reset_asked(self, event: ResetAsked) -> None:
        answer = self.reset.on_reset(ResetReq(type=ResetType(event.kind)))
        refused = answer.status is ResetStatus.REJECTED
        self._reply(event.ref, "a reset is under way already" if refused else None, "resetting")

    def queue_asked(self, event: QueueAsked) -> None:
        if event.what == "retry":
            refusal = self.queue_commands.retry(event.item)
        else:
            refusal = "name the item to park" if event.item is None else self.queue_commands.park(event.item)
        self._reply(event.ref, refusal, "done")

    def selftest_asked(self, event: SelftestAsked) -> None:
        what: Literal["clear-latched", "selftest"] = "clear-latched" if event.clear_latched else "selftest"
        if self.recovery.board is None:
            self._reply(event.ref, "the board does not answer", "")
            return
        then = self._cleared if event.clear_latched else self._selftest_done
        self.board_orders.order(what, None, partial(then, event.ref))

    def _cleared(self, ref: int, ok: bool, detail: str) -> None:
        if ok:
            self.metering.accept_registers()
        self._selftest_done(ref, ok, detail)

    def _selftest_done(self, ref: int, ok: bool, detail: str) -> None:
        self.context.replies.append(Reply(ref, ok, detail or ("passed" if ok else "failed")))
