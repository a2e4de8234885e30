"""Whole charging sessions in the lab: the reference board, the real programs, what is pulled and killed meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from tests.csms.central_system import CentralSystem
from tests.lab import boards
from tests.lab.instruments import BYTE_S, Behind, Meter, Reader
from tests.lab.machine import LabFailed, Machine, install

CARD = bytes.fromhex("04A2B9C1D2E3F4")
KEYBOARD = "/dev/input/by-id/usb-QEMU_QEMU_USB_Keyboard_68284-0000:00:05.0-3-event-kbd"
UNITS = "evsed-board.service evsed.service"
TAPS = 8
Say = Callable[[str], None]


class Lab:
    """The machine with everything around it: `async with Lab(...) as lab`."""

    def __init__(self, machine: Machine, top: Path, archive: bytes, say: Say) -> None:
        self.machine, self.top, self.archive, self.say = machine, top, archive, say
        self.central = CentralSystem()
        self.meter, self.reader = Meter(), Reader()
        self._stack = AsyncExitStack()
        self._feeding: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Lab:
        run = self.machine.run
        await self._stack.enter_async_context(self.central)
        await self._stack.enter_async_context(Behind(run / "meter.sock", self.meter.answer, BYTE_S, 0.005))
        await self._stack.enter_async_context(Behind(run / "reader.sock", self.reader.model.answer, 0.0, 0.002))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._feeding is not None:
            self._feeding.cancel()
        self.machine.end()
        await self._stack.aclose()

    async def start(self) -> None:
        """Boot, install, and play what stands around the board."""
        began = time.monotonic()
        self.machine.start(self.central.port)
        await self.machine.wait()
        self.say(f"the machine is up after {time.monotonic() - began:.0f} s")
        await install(self.machine, self.archive)
        await self.machine.do("cat > /etc/evsed/evsed.toml", boards.STATION.encode())
        await self.write_board(boards.reference(self.top))

    async def write_board(self, text: str) -> None:
        """`board.toml`, and the drop-in that the program itself prints for it."""
        await self.machine.do("cat > /etc/evsed/board.toml", text.encode())
        self.say((await self.machine.do("evsed-board --check-config")).splitlines()[0])
        folder = "/etc/systemd/system/evsed-board.service.d"
        lab = "[Service]\\nEnvironmentFile=/run/lab.env\\nDeviceAllow=char-ttyUSB rw\\n"
        await self.machine.do(
            f"evsed-board --print-dropin > {folder}/board.conf; printf '{lab}' > {folder}/lab.conf; "
            "cp /run/lab.env /etc/evsed/safe.env; systemctl daemon-reload; systemctl restart evsed-safe.service"
        )

    async def begin(self) -> None:
        """The world, then both daemons by their units."""
        await self.machine.do("systemctl restart lab-outside.service && sleep 1")
        await self.machine.do(f"systemctl start {UNITS}", within_s=120)
        if self._feeding is None:
            self._feeding = asyncio.create_task(self._feed())

    async def _feed(self) -> None:
        """The vehicle draws what it is offered; the meter counts it."""
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.2)
            try:
                seen = await self.look()
            except (OSError, ValueError, TimeoutError):
                seen = {"coil": False, "duty": 1.0, "car": "A"}
            draws = seen["coil"] and seen["car"] == "C" and 0.08 <= seen["duty"] <= 0.97
            self.meter.amps = min(seen["duty"] * 60, 32.0) if draws else 0.0
            now = time.monotonic()
            self.meter.wh += self.meter.watts * (now - last) / 3600
            last = now

    async def look(self) -> dict[str, Any]:
        seen = await self.machine.outside("look")
        assert isinstance(seen, dict)
        return seen

    async def coil(self, closed: bool, within_s: float = 30.0) -> None:
        """Until the contactor is closed or open."""
        end = time.monotonic() + within_s
        while (await self.look())["coil"] != closed:
            if time.monotonic() > end:
                raise LabFailed(f"the contactor is not {'closed' if closed else 'open'} after {within_s:g} s")
            await asyncio.sleep(0.1)

    async def journal(self, unit: str, lines: int = 60) -> str:
        denied = "journalctl -k -q --no-pager | grep type=1326 | tail -3"
        _, text = await self.machine.command(f"journalctl -q --no-pager -u {unit} -n {lines}; {denied}", within_s=60)
        return text

    # --- what happens -------------------------------------------------------------------------------------------------

    async def charge(self) -> dict[str, Any]:
        """Plug, card, energy; StartTransaction."""
        since = len(self.central.heard)
        await self.machine.outside("car", "B")
        await self.central.wait("StatusNotification", since=since, within=30, connectorId=1, status="Preparing")
        start = await self._tap("StartTransaction", since)
        await self.machine.outside("car", "C")
        await self.central.wait("StatusNotification", since=since, within=90, connectorId=1, status="Charging")
        await self.coil(closed=True, within_s=90)
        self.say(f"card {start['idTag']} charges from {start['meterStart']} Wh")
        return start

    async def end_charge(self) -> dict[str, Any]:
        """The card again, unplug; StopTransaction."""
        since = len(self.central.heard)
        stop = await self._tap("StopTransaction", since)
        await self.coil(closed=False)
        await self.machine.outside("car", "A")
        await self.central.wait("StatusNotification", since=since, within=30, connectorId=1, status="Available")
        return stop

    async def _tap(self, action: str, since: int) -> dict[str, Any]:
        """The card, as a driver holds it: again where nothing happens: this host may be busy."""
        for _ in range(TAPS):
            await self.reader.tap(CARD, 3.0)
            found = await self.central.wait_heard(
                lambda heard: not heard.to_station and heard.matches(action, {}) and heard.is_call, since, 6.0
            )
            if found is not None:
                return found.payload
        raise LabFailed(f"no {action} after the card was held {TAPS} times")

    async def whole_session(self) -> None:
        """From power-on to the bill, with nothing disturbed."""
        await self.central.wait("BootNotification", within=120)
        await self.central.wait("StatusNotification", within=60, connectorId=1, status="Available")
        start = await self.charge()
        await self.central.wait("MeterValues", within=30)
        await asyncio.sleep(6)
        stop = await self.end_charge()
        energy = stop["meterStop"] - start["meterStart"]
        true = self.meter.wh - start["meterStart"]
        self.expect(start["idTag"] == CARD.hex().upper(), f"the card was read as {start['idTag']}")
        self.expect(energy > 0 and abs(energy - true) <= 1.5, f"{energy} Wh billed, {true:.1f} Wh flowed")
        self.expect(not self.central.refusals(), f"the Central System refused {self.central.refusals()}")
        self.say(f"a whole session: {energy} Wh billed, {true:.1f} Wh flowed, reason {stop.get('reason', 'Local')}")

    async def unplugged_devices(self) -> None:
        """Reader, meter and converter, each pulled and returned in the middle of a charge."""
        await self.charge()
        before = await self.look()
        await self._pulled("reader", "ReaderFailure")
        after = await self.look()
        self.expect(after["coil"] and after["closed_at"] == before["closed_at"], "reader: the contactor moved")
        self.say("reader pulled and returned: ReaderFailure, then NoError; the charge went on")
        since, at = len(self.central.heard), time.monotonic()
        await self.machine.outside("adc", "off")
        await self.coil(closed=False, within_s=3)
        self.say(f"converter gone: contactor open, seen after {time.monotonic() - at:.2f} s")
        await self.machine.outside("adc", "on")
        await self.coil(closed=True, within_s=90)
        self.say(f"converter back: charging goes on after {time.monotonic() - at:.0f} s")
        self.expect(not self.central.requests("StopTransaction", since), "the transaction ended")
        await self._meter_pulled()

    async def _meter_pulled(self) -> None:
        """Energy that nobody counts is not given: the charge ends, with what the meter had counted."""
        since = len(self.central.heard)
        await self._pulled("meter", "PowerMeterFailure")
        stop = await self.central.wait("StopTransaction", since=since, within=90)
        await self.coil(closed=False)
        low, high = self.central.requests("StartTransaction")[-1]["meterStart"], self.meter.wh + 1
        self.expect(low <= stop["meterStop"] <= high, f"{stop['meterStop']} Wh at the end, {self.meter.wh:.0f} flowed")
        self.say(f"meter pulled and returned: PowerMeterFailure, the charge ended {stop.get('reason')}, NoError")
        await self.machine.outside("car", "A")
        await self.central.wait("StatusNotification", since=since, within=30, connectorId=1, status="Available")
        await self.charge()

    async def _pulled(self, name: str, fault: str) -> None:
        """Until its failure was told and, once it is back, taken back."""
        since = len(self.central.heard)
        self.machine.unplug(name)
        await self.central.wait("StatusNotification", since=since, within=45, errorCode=fault)
        self.machine.plug(name)
        since = len(self.central.heard)
        await self.central.wait("StatusNotification", since=since, within=60, errorCode="NoError")

    async def evsed_killed(self, times: int = 3) -> None:
        """No line moves, the transaction goes on."""
        await asyncio.sleep(3)
        before, since = await self.look(), len(self.central.heard)
        for _ in range(times):
            boots = len(self.central.requests("BootNotification"))
            await self.machine.do("systemctl kill -s KILL evsed.service")
            end = time.monotonic() + 60
            while len(self.central.requests("BootNotification")) == boots:
                if time.monotonic() > end:
                    raise LabFailed("evsed did not come back")
                await asyncio.sleep(0.2)
            await asyncio.sleep(2)
        after = await self.look()
        moved = [name for name in ("coil", "opened_at", "closed_at") if before[name] != after[name]]
        self.expect(not moved and after["coil"], f"SIGKILL of evsed moved the contactor: {before} {after}")
        self.expect(not self.central.requests("StopTransaction", since), "the transaction ended")
        self.say(f"SIGKILL of evsed, {times} times: no line moved, the transaction goes on")

    async def watchdog(self) -> None:
        """The kernel dies in the middle of a charge; the hardware watchdog brings everything back."""
        open_one = self.central.requests("StartTransaction")[-1]
        since, boot = len(self.central.heard), (await self.machine.do("cat /proc/sys/kernel/random/boot_id")).strip()
        at = time.monotonic()
        await self.machine.do("sync; sysctl -q kernel.panic=0 kernel.panic_on_oops=1")
        with_crash = asyncio.create_task(self.machine.command("echo c > /proc/sysrq-trigger", within_s=5))
        with suppress(LabFailed):
            await with_crash
        await asyncio.sleep(5)
        await self.machine.wait(within_s=240)
        now = (await self.machine.do("cat /proc/sys/kernel/random/boot_id")).strip()
        self.expect(now != boot, "the machine was not reset")
        self.say(f"kernel dead: the watchdog reset the machine, it answers after {time.monotonic() - at:.0f} s")
        await self.begin()
        stop = await self.central.wait("StopTransaction", since=since, within=120)
        self.expect(stop.get("reason") == "PowerLoss", f"the transaction ended with {stop.get('reason')}")
        low, high = open_one["meterStart"], self.meter.wh + 1
        self.expect(low <= stop["meterStop"] <= high, f"{stop['meterStop']} Wh at the end, {self.meter.wh:.0f} flowed")
        self.say(f"its transaction ended PowerLoss at {stop['meterStop']} Wh of {self.meter.wh:.0f}")

    def expect(self, holds: bool, what: str) -> None:
        if not holds:
            raise LabFailed(what)
