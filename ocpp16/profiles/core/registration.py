"""Registration (§4.2): BootNotification and its retries, and the clock set by its answer and by Heartbeat.conf."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.messages.core import BootNotificationConf, BootNotificationReq
from ocpp16.messages.datetimes import to_seconds
from ocpp16.messages.types import RegistrationStatus
from ocpp16.product import Identity, Product
from ocpp16.profiles.core.heartbeat import Heartbeat
from ocpp16.records import Equipment
from ocpp16.rpc.call_outcome import Failure, FailureKind
from ocpp16.rpc.registration_gate import Gate
from ocpp16.rpc.session import Session
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

NOTHING_KNOWN: Mapping[int | str, Equipment] = {}
OWN_RETRY_S = 60.0
"""Wait before the next BootNotification where the Central System names none; it grows to five times that."""
LONGEST_WAIT_S = 86400.0
"""A longer interval of a Pending or Rejected registration is cut to this."""
SLOW_ANSWER_S = 10.0
"""The time of an answer that took longer than this is ignored, unless no time is known yet."""


def boot_notification(unit: Identity, equipment: Mapping[int | str, Equipment] = NOTHING_KNOWN) -> BootNotificationReq:
    """What this unit says of itself (§6.3): of its meter what the settings say, else what the meter itself said.

    Of several meters the one of the lowest connector whose number is known is "the main electrical meter".
    """
    known = sorted(equipment.values(), key=lambda row: (not row.meter_serial, row.connector))
    meter = known[0] if known else None
    return BootNotificationReq(
        charge_point_vendor=unit.vendor,
        charge_point_model=unit.model,
        charge_point_serial_number=unit.serial,
        charge_box_serial_number=unit.box_serial,
        firmware_version=unit.firmware_version,
        iccid=unit.iccid,
        imsi=unit.imsi,
        meter_type=unit.meter_type or (meter.meter_model or None if meter else None),
        meter_serial_number=unit.meter_serial or (meter.meter_serial or None if meter else None),
    )


class Registration:
    """The registration status, from BootNotification.conf; it opens and closes the gate of the session."""

    def __init__(
        self,
        context: Context,
        session: Session,
        configuration: Configuration,
        product: Product,
        identity: Identity,
        *,
        on_accepted: Callable[[], None],
        on_clock: Callable[[float], None],
    ) -> None:
        self.context = context
        self.session = session
        self.configuration = configuration
        self.product = product
        self.identity = identity
        self.status: RegistrationStatus | None = None
        self.failure: Failure | None = None
        """Why the last BootNotification has no usable answer; None: it has one, or was not sent yet."""
        self.on_accepted = on_accepted
        self.on_clock = on_clock
        """Called with the seconds by which the clock was moved; inf: it is known for the first time."""
        self._tries = 0
        self.heartbeat = Heartbeat(context, session, configuration, self._learn_time)

    @property
    def accepted(self) -> bool:
        return self.status is RegistrationStatus.ACCEPTED

    # --- BootNotification -------------------------------------------------------------------------------------------

    def link_up(self) -> None:
        """BootNotification is sent once per start, not per connection (J 5.4); a wait set by its answer goes on."""
        if self.accepted:
            self.session.gate = Gate.OPEN
            self.heartbeat.arm()
        elif self.context.timers.due(Timer.BOOT) is None:
            self.boot()

    def forget(self) -> None:
        """The next connection may lead to another Central System: it has not accepted this station yet."""
        self.status, self.session.gate = None, Gate.BOOT
        self.context.timers.clear(Timer.BOOT)
        self.context.timers.clear(Timer.HEARTBEAT)

    def boot(self) -> None:
        """Send BootNotification now, unless the connection is down."""
        if not self.session.up:
            return
        if self.session.gate is Gate.SILENT:
            self.session.gate = Gate.BOOT
        self.context.timers.clear(Timer.BOOT)
        self.session.call_boot(boot_notification(self.identity, self.context.facts.of(Equipment)), self._answered)

    def _answered(self, answer: BootNotificationConf | Failure) -> None:
        if isinstance(answer, Failure):
            if answer.kind is FailureKind.CONNECTION_LOST:
                return  # sent again on the next connection
            self.failure = answer
            if self.accepted:  # a triggered one: what holds is the answer of before
                return
            wait = self._own_wait()
            self._retry_in(wait)
            self.context.note("boot-unanswered", reason=answer.text(), wait_s=round(wait))
            return
        self.failure = None
        if answer.current_time is not None:
            self._learn_time(answer.current_time)
        before, self.status = self.status, answer.status
        interval = answer.interval or 0  # §4.2: 0 leaves the wait to the station, and so does none
        if self.accepted:
            self._accepted(interval)
            wait = float(self.configuration.number(Key.HeartbeatInterval))
        else:
            wait = float(min(interval, LONGEST_WAIT_S)) if interval > 0 else self._own_wait()
            self.session.gate = Gate.PENDING if self.status is RegistrationStatus.PENDING else Gate.SILENT
            self._retry_in(wait)
        if self.status is not before:
            self.context.note("boot-" + str(self.status).lower(), interval=round(wait), asked=interval)

    def _accepted(self, interval: int) -> None:
        self._tries = 0
        self.context.timers.clear(Timer.BOOT)  # where the answer came late, the next try was planned already
        self.session.gate = Gate.OPEN
        lowest, highest = self.product.heartbeat_interval_min_s, self.product.heartbeat_interval_max_s
        if interval > 0:  # §4.2: the interval of an accepted boot IS the HeartbeatInterval
            self.configuration.put(Key.HeartbeatInterval, str(min(max(interval, lowest), highest)))
        if not self.context.facts.unit.registered:
            self.context.save_unit(registered=True)
        self.on_accepted()
        self.heartbeat.accepted(has_time=self.context.clock.known and self.session.round_trip_s <= SLOW_ANSWER_S)

    def _own_wait(self) -> float:
        self._tries += 1
        spread = 1.0 + 0.25 * self.session.chance(f"boot {self._tries}")  # a fleet does not retry all at once
        return round(OWN_RETRY_S * min(self._tries, 5) * spread, 3)

    def _retry_in(self, wait_s: float) -> None:
        self.context.timers.set(Timer.BOOT, self.context.now.mono + wait_s)

    # --- time -------------------------------------------------------------------------------------------------------

    def _learn_time(self, current_time: datetime) -> None:
        """Set the clock to the time of an answer, plus half of its round trip."""
        delay = self.session.round_trip_s
        if delay > SLOW_ANSWER_S and self.context.clock.known:
            return
        utc = to_seconds(current_time)
        moved = self.context.clock.central_system_says(utc + min(delay, SLOW_ANSWER_S) / 2, self.context.now)
        if moved is None:
            return
        if moved == float("inf"):
            self.context.note("clock-known")
        else:
            self.context.note("clock-set", moved_s=round(moved, 1))
        self.context.save_unit(
            utc_offset=round(self.context.clock.offset or 0.0, 3), boot_id=self.context.clock.boot_id
        )
        self.on_clock(moved)
