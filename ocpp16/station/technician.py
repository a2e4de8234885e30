"""What a technician asks for at the control socket, and the reply."""

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
from ocpp16.station.queue_commands import Queue
from ocpp16.station.recovery import Recovery
from ocpp16.station.remote_control import RemoteControl
from ocpp16.step import Reply


class Technician:
    """Each question gets exactly one reply."""

    def __init__(
        self,
        context: Context,
        configuration: Configuration,
        queue: Queue,
        metering: MeterReadings,
        attachment: Recovery,
        remote: RemoteControl,
        connectors: dict[int, Connector],
    ) -> None:
        self.context = context
        self.configuration = configuration
        self.queue = queue
        self.metering = metering
        self.attachment = attachment
        self.remote = remote
        self.connectors = connectors

    def _reply(self, ref: int, refusal: str | None, done: str) -> None:
        self.context.replies.append(Reply(ref, refusal is None, refusal or done))

    def setting_asked(self, event: SettingAsked) -> None:
        status, why = self.configuration.change(event.key, event.value)
        self._reply(event.ref, f"{event.key}: {status}: {why}" if why else None, str(status))

    def stop_asked(self, event: StopAsked) -> None:
        running = [n for n, c in self.connectors.items() if c.transaction is not None and event.connector in (None, n)]
        if len(running) != 1:
            where = "" if event.connector is None else f" on connector {event.connector}"
            several = "several transactions run: name one with --connector"
            self._reply(event.ref, several if running else f"no transaction runs{where}", "")
            return
        self.connectors[running[0]].stop(Reason.LOCAL)
        self._reply(event.ref, None, f"stopping the transaction on connector {running[0]}")

    def reset_asked(self, event: ResetAsked) -> None:
        answer = self.remote.on_reset(ResetReq(type=ResetType(event.kind)))
        refused = answer.status is ResetStatus.REJECTED
        self._reply(event.ref, "a reset is under way already" if refused else None, "resetting")

    def queue_asked(self, event: QueueAsked) -> None:
        if event.what == "retry":
            refusal = self.queue.retry(event.item)
        else:
            refusal = "name the item to park" if event.item is None else self.queue.park(event.item)
        self._reply(event.ref, refusal, "done")

    def selftest_asked(self, event: SelftestAsked) -> None:
        what: Literal["clear-latched", "selftest"] = "clear-latched" if event.clear_latched else "selftest"
        if self.attachment.board is None:
            self._reply(event.ref, "the board does not answer", "")
            return
        then = self._cleared if event.clear_latched else self._selftest_done
        self.remote.order(what, None, partial(then, event.ref))

    def _cleared(self, ref: int, ok: bool, detail: str) -> None:
        if ok:
            self.metering.accept_registers()
        self._selftest_done(ref, ok, detail)

    def _selftest_done(self, ref: int, ok: bool, detail: str) -> None:
        self.context.replies.append(Reply(ref, ok, detail or ("passed" if ok else "failed")))
