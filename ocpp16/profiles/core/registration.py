"""BootNotification, Heartbeat, and the time that comes with their answers (§4.2, §4.6)."""

from __future__ import annotations

from collections.abc import Callable

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.configuration.keys import DAY
from ocpp16.messages.core import BootNotificationConf, BootNotificationReq, HeartbeatConf, HeartbeatReq
from ocpp16.messages.datetimes import to_seconds
from ocpp16.messages.types import RegistrationStatus
from ocpp16.product import Identity, Product
from ocpp16.rpc.call_outcome import Failure, FailureKind
from ocpp16.rpc.registration_gate import Gate
from ocpp16.rpc.session import Session
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

OWN_RETRY_S = 60.0
"""Wait before the next BootNotification where the Central System names none; grows to five times that."""
LONGEST_WAIT_S = 86400.0
SLOW_ANSWER_S = 10.0
"""An answer slower than this tells no time."""


class Registration:
    """Knows whether the Central System has accepted us, and keeps it believing that we live."""

    def __init__(
        self, context: Context, session: Session, configuration: Configuration, product: Product, identity: Identity
    ) -> None:
        self.context = context
        self.session = session
        self.configuration = configuration
        self.product = product
        self.identity = identity
        self.status: RegistrationStatus | None = None
        self.on_accepted: Callable[[], None]
        self.on_clock: Callable[[], None]
        self._tries = 0
        self._last_heartbeat = 0.0
        configuration.on_change.append(self._interval_changed)

    @property
    def accepted(self) -> bool:
        return self.status is RegistrationStatus.ACCEPTED

    # --- BootNotification -------------------------------------------------------------------------------------------

    def link_up(self) -> None:
        """One BootNotification a life, not one a connection (J §5.4); a wait that the Central System set goes on."""
        if self.accepted:
            self.session.gate = Gate.OPEN
            self._arm()
        elif self.context.timers.due(Timer.BOOT) is None:
            self.boot()

    def boot(self) -> None:
        """Send it now."""
        if not self.session.up:
            return
        if self.session.gate is Gate.SILENT:
            self.session.gate = Gate.BOOT
        self.context.timers.clear(Timer.BOOT)
        me = self.identity
        self.session.call_boot(
            BootNotificationReq(
                charge_point_vendor=me.vendor,
                charge_point_model=me.model,
                charge_point_serial_number=me.serial,
                charge_box_serial_number=me.box_serial,
                firmware_version=me.firmware_version,
                iccid=me.iccid,
                imsi=me.imsi,
                meter_type=me.meter_type,
                meter_serial_number=me.meter_serial,
            ),
            self._answered,
        )

    def _answered(self, answer: BootNotificationConf | Failure) -> None:
        if isinstance(answer, Failure):
            if answer.kind is FailureKind.CONNECTION_LOST:
                return  # sent again on the next connection
            wait = self._own_wait()
            self._retry_in(wait)
            self.context.note("boot-unanswered", reason=answer.text(), wait_s=round(wait))
            return
        self._learn_time(to_seconds(answer.current_time), believe_slow=True)
        before, self.status = self.status, answer.status
        if self.accepted:
            self._accepted(answer.interval)
            wait = float(self.configuration.number(Key.HeartbeatInterval))
        else:
            # §4.2: an interval of 0 leaves the wait to us; nobody is flooded
            wait = float(min(answer.interval, LONGEST_WAIT_S)) if answer.interval > 0 else self._own_wait()
            self.session.gate = Gate.PENDING if self.status is RegistrationStatus.PENDING else Gate.SILENT
            self._retry_in(wait)
        if self.status is not before:
            self.context.note("boot-" + str(self.status).lower(), interval=round(wait), asked=answer.interval)

    def _accepted(self, interval: int) -> None:
        self._tries = 0
        self.session.gate = Gate.OPEN
        self._last_heartbeat = self.context.now.mono
        lowest, highest = self.product.heartbeat_interval_min_s, self.product.heartbeat_interval_max_s
        if interval > 0:  # §4.2: the interval of an accepted boot IS the HeartbeatInterval
            self.configuration.put(Key.HeartbeatInterval, str(min(max(interval, lowest), highest)))
        if not self.context.facts.unit.registered:
            self.context.save_unit(registered=True)
        self._arm()
        self.on_accepted()

    def _own_wait(self) -> float:
        self._tries += 1
        spread = 1.0 + 0.25 * self.session.chance(f"boot {self._tries}")  # a fleet does not come back as one
        return round(OWN_RETRY_S * min(self._tries, 5) * spread, 3)

    def _retry_in(self, wait_s: float) -> None:
        self.context.timers.set(Timer.BOOT, self.context.now.mono + wait_s)

    # --- Heartbeat --------------------------------------------------------------------------------------------------

    def _interval_changed(self, name: str) -> None:
        if name == Key.HeartbeatInterval and self.accepted:
            self._arm()

    def _arm(self) -> None:
        """§4.6: any request of ours is a sign of life; but once a day only a Heartbeat brings the time (J §5.3)."""
        interval = self.configuration.number(Key.HeartbeatInterval) or DAY
        due = min(self.session.last_sent_at + interval, self._last_heartbeat + DAY)
        self.context.timers.set(Timer.HEARTBEAT, max(due, self.context.now.mono))

    def heartbeat_due(self) -> None:
        if not self.accepted or not self.session.up:
            return
        interval = self.configuration.number(Key.HeartbeatInterval) or DAY
        now = self.context.now.mono
        if now < self.session.last_sent_at + interval and now < self._last_heartbeat + DAY:
            self._arm()  # something else was said meanwhile
            return
        self.heartbeat()

    def heartbeat(self, triggered: bool = False) -> None:
        now = self.context.now.mono
        self._last_heartbeat = now
        interval = self.configuration.number(Key.HeartbeatInterval) or DAY
        self.context.timers.set(Timer.HEARTBEAT, now + interval)
        self.session.call(HeartbeatReq(), self._heartbeat_answered, triggered=triggered)

    def _heartbeat_answered(self, answer: HeartbeatConf | Failure) -> None:
        if isinstance(answer, HeartbeatConf):
            self._learn_time(to_seconds(answer.current_time))

    # --- time -------------------------------------------------------------------------------------------------------

    def _learn_time(self, utc: float, believe_slow: bool = False) -> None:
        delay = self.session.round_trip_s
        if delay > SLOW_ANSWER_S and not (believe_slow and not self.context.clock.known):
            return
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
        self.on_clock()
