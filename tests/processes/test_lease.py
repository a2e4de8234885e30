"""The lease between the two processes: what the board does when nobody renews it, and what becomes of the charge."""

from __future__ import annotations

import signal
import time

from tests.csms.scripted import ScriptedCentralSystem
from tests.processes.bench import Bench, BoardClient, charges, first, flows

LEASE_S = 3.0
BOARD_S = 0.4
"""What the board process and this one may add on a loaded machine."""


def last_offer(bench: Bench) -> float:
    assert bench.tap is not None
    return max(at for at, _ in bench.tap.said("daemon", "offer"))


async def test_dead_for_longer_than_the_lease() -> None:
    """evsed stays dead: steady pilot when the lease lapses, then open; back later, the same transaction goes on."""
    async with ScriptedCentralSystem() as central, Bench(central.url, lease_s=LEASE_S, tapped=True) as bench:
        await bench.ready()
        await bench.charge(until=flows)
        await bench.killed()
        stranger = await BoardClient.after_daemon(bench.home / "board.sock")
        lapsed, ack = await stranger.until(lambda m: m["type"] == "ack" and m["amps"] == 0.0)
        assert ack["why"] == "the lease ran out"
        assert abs(lapsed - last_offer(bench) - LEASE_S) < BOARD_S
        opened, _ = await stranger.until(lambda m: m["type"] == "contactor" and not m["closed"])
        assert 0.0 < opened - lapsed < 6.0, "this car obeys: it opens without load"
        await stranger.close()
        await bench.start_daemon()
        await bench.until(charges, 15)
        await bench.sim("tap", "CARD-1")
        stop = await central.wait("StopTransaction")
        assert stop["meterStop"] == first(await bench.at_peace())["register_wh"]
        assert len(central.calls("StartTransaction")) == len(central.calls("StopTransaction")) == 1


async def test_a_car_that_ignores_the_steady_pilot_has_six_seconds() -> None:
    """Without a daemon and with a rude car: the contactor opens under load, 6 s after the lease lapsed (Table A.6)."""
    async with ScriptedCentralSystem() as central, Bench(central.url, lease_s=1.5, tapped=True) as bench:
        await bench.ready()
        await bench.charge(until=flows)
        await bench.sim("fault", "ev-ignores-stop", "on")
        await bench.killed()
        stranger = await BoardClient.after_daemon(bench.home / "board.sock")
        lapsed, _ = await stranger.until(lambda m: m["type"] == "ack" and m["amps"] == 0.0)
        opened, _ = await stranger.until(lambda m: m["type"] == "contactor" and not m["closed"])
        assert abs(opened - lapsed - 6.0) < BOARD_S
        await stranger.close()


async def test_a_lease_shorter_than_ours_is_renewed_in_time() -> None:
    """The board's own lease counts: as long as evsed lives, it never lapses."""
    async with ScriptedCentralSystem() as central, Bench(central.url, lease_s=1.0, tapped=True) as bench:
        await bench.ready()
        await bench.charge()
        began = time.monotonic()
        await bench.until(lambda s: time.monotonic() > began + 3.0)
        assert bench.tap is not None
        assert bench.tap.unasked() == []
        assert charges(await bench.status())


async def test_a_hung_daemon_loses_the_lease() -> None:
    """SIGSTOP to evsed: the lease lapses, the contactor opens; SIGCONT: the same transaction charges again."""
    async with ScriptedCentralSystem() as central, Bench(central.url, lease_s=LEASE_S, tapped=True) as bench:
        await bench.ready()
        await bench.charge()
        bench.signal(signal.SIGSTOP)
        stopped = time.monotonic()
        assert bench.tap is not None
        while bench.tap.contactor()[-1][1]:
            assert time.monotonic() < stopped + LEASE_S + 6.0 + BOARD_S, "the contactor is still closed"
            await central.until(lambda: True)
            time.sleep(0.02)
        opened = bench.tap.contactor()[-1][0]
        assert opened > last_offer(bench) + LEASE_S - BOARD_S
        bench.signal(signal.SIGCONT)
        await bench.until(charges, 15)
        await bench.sim("tap", "CARD-1")
        stop = await central.wait("StopTransaction")
        assert stop["meterStop"] == first(await bench.at_peace())["register_wh"]
        assert len(central.calls("StartTransaction")) == 1
