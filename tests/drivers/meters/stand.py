"""A meter of each kind on a line of memory: it answers the requests of `exchanges`, and no other."""

from __future__ import annotations

from typing import Any

from drivers.devices import Reading
from drivers.meters import DRIVERS
from drivers.meters.register_meter import MeterValues, RegisterMeter
from drivers.ports.modbus import ModbusMaster
from tests.drivers.meters.exchanges import EXCHANGES
from tests.drivers.ports.wire import Wire


class Stand:
    """The meter `name` and its driver; `replies` may be changed."""

    def __init__(self, name: str, **settings: Any) -> None:
        self.exchanges = EXCHANGES[name]
        self.replies = {bytes.fromhex(request): bytes.fromhex(reply) for request, reply in self.exchanges.frames}
        self.asked: list[bytes] = []
        self.wire = Wire(self._answer)
        self.bus = ModbusMaster(self.wire, monotonic=self.wire.monotonic)
        self.meter: RegisterMeter = DRIVERS[name].make(
            bus=self.bus, address=self.exchanges.address, monotonic=self.wire.monotonic, **settings
        )

    def _answer(self, request: bytes) -> bytes | None:
        self.asked.append(request)
        return self.replies.get(request)

    def expected(self) -> MeterValues:
        known = self.exchanges
        return MeterValues(Reading(known.wh, known.volts, known.amps, known.watts), known.hertz)


def proves_the_table(name: str) -> None:
    """One sample asks for exactly these frames, in this order, and reads these values from the replies."""
    stand = Stand(name)
    stand.meter.poll()
    assert [request.hex(" ") for request in stand.asked] == [request for request, _ in stand.exchanges.frames]
    assert stand.meter.values == stand.expected()
    assert stand.meter.serial == stand.exchanges.serial
    assert stand.meter.latest(0.0).identity == (stand.exchanges.serial, stand.meter.table.model)
    assert 0 < len(stand.meter.table.model) <= 25 and stand.meter.table.model.isascii()
    assert isinstance(stand.meter.latest(0.0).reading, Reading)
    assert type(stand.meter.latest(0.0).reading.wh) is int
    stand.asked.clear()
    before = stand.wire.now
    stand.meter.poll()
    assert stand.wire.now - before < 0.2, "a full sample takes less than 200 ms at 9600 baud"
    assert stand.meter.values == stand.expected()
