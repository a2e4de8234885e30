"""Modbus RTU master on a serial line: one exchange at a time, and after any error none before the line was silent."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Sequence
from typing import Final

from drivers.devices import DeviceFailure
from drivers.ports.modbus_frames import BITS, SHORTEST, BusFailure, BusFault, crc, is_sound, noisy, not_a_reply, refused
from drivers.ports.serial_port import ByteLine

NOISY_AFTER_S: Final = 5.0
PATIENCE_S: Final = 0.1
"""So much later than its length demands a frame may be whole: adapters deliver in pieces."""


class ModbusMaster:
    """For one thread; every device of the line is reached through it.  Addresses 1 to 248, registers as transmitted.

    A reply tells its address, function and length, not its register: one that comes late is dropped by the silence of
    `quiet_s`, and cannot be taken for the reply to a read of another length.  So give different reads of one device
    different lengths, and after a failure begin with one whose value is not needed.

    timeout_s  until the first byte of a reply
    gap_s      silence between two exchanges; at least 3.5 characters are kept
    """

    def __init__(
        self,
        line: ByteLine,
        *,
        timeout_s: float = 0.6,
        gap_s: float = 0.0,
        quiet_s: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line = line
        self._timeout_s = timeout_s
        self._gap_s = max(gap_s, 3.5 * BITS / line.baud, 0.00175)
        self._quiet_s = quiet_s
        self._monotonic = monotonic
        self._free_at = 0.0
        self._in_step = False
        self._echo: bool | None = None
        """Whether the adapter hears us, too; None: not known."""

    @property
    def device(self) -> str:
        """The line's name."""
        return self._line.device

    def close(self) -> None:
        """The line is opened again by the next exchange."""
        self._line.close()
        self._in_step = False

    def read(self, address: int, function: int, register: int, count: int) -> tuple[int, ...] | BusFailure:
        """`count` (1 to 125) registers of 16 bits from `register` on, by function 3 (holding) or 4 (input)."""
        request = struct.pack(">BBHH", address, function, register, count)
        reply = self._exchange(request, 5 + 2 * count, bytes((2 * count,)))
        return reply if isinstance(reply, BusFailure) else struct.unpack_from(f">{count}H", reply, 3)

    def write(self, address: int, register: int, values: Sequence[int]) -> BusFailure | None:
        """One register by function 6, several (2 to 123) by function 16."""
        if len(values) == 1:
            if self._echo is None:  # on a line with echo the request looks like its reply: find that out first
                known = self.read(address, 3, register, 1)
                if isinstance(known, BusFailure) and known.fault is not BusFault.REFUSED:
                    return known
            request = struct.pack(">BBHH", address, 6, register, values[0])
        else:
            request = struct.pack(">BBHHB", address, 16, register, len(values), 2 * len(values))
            request += struct.pack(f">{len(values)}H", *values)
        reply = self._exchange(request, 8, request[2:6])
        return reply if isinstance(reply, BusFailure) else None

    # --- one exchange -----------------------------------------------------------------------------------------------

    def _exchange(self, request: bytes, length: int, begin: bytes) -> bytes | BusFailure:
        """The reply: sound, from whoever was asked, of that length, going on with `begin` after the function."""
        name = f"address {request[0]} at {self._line.device}"
        failure = self._settle(name)
        if failure is not None:
            return failure
        request += crc(request)
        reply = self._line.write(request) or self._receive(request, length)
        self._free_at = self._monotonic() + self._gap_s
        if isinstance(reply, DeviceFailure):
            self._echo = None
            return self._out_of_step(BusFailure(BusFault.PORT, reply))
        if is_sound(reply) and reply[0] == request[0]:
            if reply[1] == request[1] and len(reply) == length and reply.startswith(begin, 2):
                return reply
            if reply[1] == request[1] | 0x80 and len(reply) == SHORTEST:
                return refused(name, reply[2])
        return self._out_of_step(not_a_reply(name, request, reply, self._echo is True))

    def _receive(self, request: bytes, length: int) -> bytes | DeviceFailure:
        """What came, without the echo of the request before it."""
        data = self._frame(b"", request, length)
        if isinstance(data, DeviceFailure) or not data:
            return data
        if is_sound(data) and (data != request or (request[1] == 6 and not self._echo)):
            self._echo = self._echo if request[1] == 6 else False
            return data
        rest = self._line.read(max(0, len(request) - len(data)), self._time(len(request)))
        if isinstance(rest, DeviceFailure) or not (data + rest).startswith(request):
            return rest if isinstance(rest, DeviceFailure) else data + rest
        self._echo = True
        return self._frame((data + rest)[len(request) :], request, length)

    def _frame(self, begun: bytes, request: bytes, length: int) -> bytes | DeviceFailure:
        """A frame of `length`, or the short one of a device that refuses, or what there is of one."""
        head = self._line.read(max(0, SHORTEST - len(begun)), self._timeout_s)
        if isinstance(head, DeviceFailure):
            return head
        data = begun + head
        if len(data) < SHORTEST or (data[1] == request[1] | 0x80 and is_sound(data[:SHORTEST])):
            return data
        rest = self._line.read(max(0, length - len(data)), self._time(length))
        return rest if isinstance(rest, DeviceFailure) else data + rest

    def _time(self, length: int) -> float:
        return length * BITS / self._line.baud + PATIENCE_S

    # --- keeping step -----------------------------------------------------------------------------------------------

    def _settle(self, name: str) -> BusFailure | None:
        """Keep the gap; where anything was wrong, or is on the line, wait until it was silent for `quiet_s`."""
        if self._in_step and self._line.read(1, max(0.0, self._free_at - self._monotonic())) == b"":
            return None
        self._in_step = False
        ends_at, seen = self._monotonic() + NOISY_AFTER_S, b""
        while more := self._line.read(1, self._quiet_s):
            if isinstance(more, DeviceFailure):
                return BusFailure(BusFault.PORT, more)
            rest = self._line.read(256, 0.0)
            seen = (seen + more + (b"" if isinstance(rest, DeviceFailure) else rest))[-256:]
            if self._monotonic() >= ends_at:
                return noisy(name, seen)
        self._in_step = True
        return None

    def _out_of_step(self, failure: BusFailure) -> BusFailure:
        self._in_step = False
        return failure
