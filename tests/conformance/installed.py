"""An installed station with the simulated board under test: one for all cases, each from the default state.

It must be configured to connect to the URL at which the judge listens, and be started again when it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.conformance.catalogue import product_named
from tests.conformance.judge import Lab
from tests.conformance.mobile import MobileLink, at_once, late
from tests.conformance.run import Place, quiet_keys
from tests.conformance.transcript import Transcript
from tests.conformance.unit import HandFailed, Hands
from tests.conformance.wire import CentralSystem, Stopped

CONNECTS_S = 320.0
"""How long it may take to connect: its longest back-off and a little more."""
FIRST_S = 60.0
"""How long the judge waits for the station at first."""
FAULTS = ("rcd", "lock-open", "lock-closed")
STATION_FAULTS = ("undervoltage", "store-full", "install")


class Installed(Hands):
    """Hands at a control socket that is there already; who starts it again is its own supervisor."""

    async def power_cut(self) -> None:
        """Dark: returns when the control socket has gone."""
        await self.sim("power-cut")
        for _ in range(200):
            try:
                _, writer = await asyncio.open_unix_connection(str(self.control))
            except OSError:
                return
            writer.close()
            await asyncio.sleep(0.02)
        raise HandFailed("power-cut: it still runs")


class NobodyCame(Exception):
    """No station connected in time."""


class Shared:
    """Listens at the URL; `place` hands the station out, one case after the other."""

    def __init__(self, product: str, url: str, control: Path) -> None:
        self._product, _ = product_named(product)
        self._where = urlsplit(url)
        self._unit = Installed(control)
        self._central = CentralSystem(Transcript())
        self._link = MobileLink(self._central, delay=at_once)
        self._first_values: dict[str, str] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Place]:
        """Raises OSError where nobody can listen at the URL."""
        await self._central.listen()
        await self._link.listen(self._where.hostname or "127.0.0.1", self._where.port or 80)
        try:
            yield self._place
        finally:
            self._link.close()
            await self._central.shut()

    async def first(self, within_s: float = FIRST_S) -> str:
        """The path under which the station connects.  Raises NobodyCame."""
        try:
            await asyncio.wait_for(self._central.linked.wait(), within_s)
        except TimeoutError:
            raise NobodyCame(
                f"no station connected to {self._where.geturl()} within {within_s:g} s: set [csms] url of its "
                "evsed.toml to this address and restart evsed (`evsectl status` there shows what it tries)"
            ) from None
        return self._central.path

    @asynccontextmanager
    async def _place(self, mobile: bool) -> AsyncIterator[Lab]:
        self._link.delay = at_once
        lab = Lab(self._unit, self._central, self._product)
        if self._central.port and not self._central.listening:
            await self._central.listen()
        await self._default_state(lab)
        self._link.delay = late if mobile else at_once
        fresh = Lab(self._unit, self._central, self._product)
        yield fresh

    async def _default_state(self, lab: Lab) -> None:
        """Nothing of the case before is left; then it boots anew."""
        central = self._central
        central.forget(Transcript())
        await asyncio.wait_for(central.linked.wait(), CONNECTS_S)
        await self._answers(lab)
        rows = (await central.call("GetConfiguration", {})).payload.get("configurationKey", [])
        self._first_values = self._first_values or {
            row["key"]: row.get("value", "") for row in rows if not row["readonly"]
        }
        wanted = {**self._first_values, **{key: str(value) for key, value in quiet_keys(self._product).items()}}
        for row in rows:
            if row["key"] in wanted and row.get("value", "") != wanted[row["key"]] and not row["readonly"]:
                await central.call("ChangeConfiguration", {"key": row["key"], "value": wanted[row["key"]]})
        await self._clean(lab)
        await central.call("Reset", {"type": "Soft"})
        await self._gone()
        central.forget(Transcript())

    async def _answers(self, lab: Lab) -> None:
        """It connects, and may still be about to boot."""
        for _ in range(100):
            with suppress(Stopped):
                await lab.central.call("GetConfiguration", {"key": ["HeartbeatInterval"]})
                return
            await asyncio.sleep(0.1)
        raise Stopped("the station does not answer")

    async def _clean(self, lab: Lab) -> None:
        for number in lab.connectors:
            for name in FAULTS:
                with suppress(HandFailed):
                    await self._unit.sim(f"fault {name} off", number)
            await self._unit.sim("unplug", number)
        for name in STATION_FAULTS:
            await self._unit.sim(f"fault {name} off")
        await self._unit.ask("selftest", clear_latched=True)  # a residual current is forgotten only after it
        for action, payload in (
            ("ClearCache", {}),
            ("ClearChargingProfile", {}),
            ("CancelReservation", {"reservationId": 7}),
            ("SendLocalList", {"listVersion": 1, "updateType": "Full"}),
            ("ChangeAvailability", {"connectorId": 0, "type": "Operative"}),
        ):
            await self._central.call(action, payload)

    async def _gone(self) -> None:
        """The old life is over: its link is down."""
        for _ in range(600):
            if not self._central.linked.is_set():
                return
            await asyncio.sleep(0.05)
        raise Stopped("Reset Soft does not end it")
