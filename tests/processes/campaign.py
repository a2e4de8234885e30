"""A driver who charges again and again while somebody does harm, and the judge of what the Central System heard."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import defaultdict
from typing import Any

from tests.csms.scripted import ScriptedCentralSystem
from tests.processes.bench import Bench, first

Row = dict[str, Any]
Call = tuple[float, str, Row]


class Driver:
    """Whatever the state is, does the next sensible thing; what the daemon's death swallowed is done again."""

    def __init__(self, bench: Bench, dice: random.Random, card: str, charge_s: tuple[float, float]) -> None:
        self.bench = bench
        self.dice = dice
        self.card = card
        self.charge_s = charge_s
        self.enough = asyncio.Event()
        """No new session from now on."""
        self._until = 0.0

    async def drive(self) -> None:
        """Until it is enough, the last session is over and the car has left."""
        while True:
            await asyncio.sleep(0.04)
            answer = await self.bench.ask("status")
            if answer is None:
                continue
            now = first(answer["status"])
            if self.enough.is_set() and now["transaction"] is None and not now["plugged"]:
                return
            await self._next(now)

    async def _next(self, now: Row) -> None:
        transaction = now["transaction"]
        if transaction is not None:
            if transaction["state"] == "running" and time.monotonic() > self._until:
                await self._tap()
        elif not now["plugged"]:
            await self.bench.ask("sim", words=["plug"])
        elif now["status"] == "Finishing":
            await self.bench.ask("sim", words=["unplug"])
        elif now["status"] == "Preparing" and now["waiting_card"] is None:
            if self.enough.is_set():
                await self.bench.ask("sim", words=["unplug"])
            else:
                await self._tap()
                self._until = time.monotonic() + self.dice.uniform(*self.charge_s)

    async def _tap(self) -> None:
        await self.bench.ask("sim", words=["tap", self.card])
        await asyncio.sleep(0.3)


def calls_of(central: ScriptedCentralSystem) -> list[Call]:
    return [(at, frame[2], frame[3]) for at, frame in central.got if frame[0] == 2]


class Judge:
    """Reads all that the Central System heard.  `harm`: when answers may have been lost (monotonic)."""

    def __init__(self, central: ScriptedCentralSystem, harm: list[float]) -> None:
        self.calls = calls_of(central)
        self.harm = harm
        self.starts = [(at, p) for at, action, p in self.calls if action == "StartTransaction"]
        self.stops = [(at, p) for at, action, p in self.calls if action == "StopTransaction"]
        self.began: dict[int, str] = {}
        """transactionId -> when its transaction began; a Start that was sent again has two."""
        self.values: dict[str, dict[str, int]] = defaultdict(dict)
        """Transaction -> timestamp -> register."""
        self.bills: dict[str, tuple[int, int]] = {}

    @property
    def transactions(self) -> int:
        return len({p["timestamp"] for _, p in self.starts})

    def judge(self, register_wh: int) -> None:
        self._one_start()
        self._in_order()
        self._resent_only_after_harm()
        self._energy(register_wh)

    def _one_start(self) -> None:
        facts = {json.dumps(p, sort_keys=True) for _, p in self.starts}
        assert len(facts) == self.transactions, f"a Start came again with other facts: {sorted(facts)}"
        facts = {json.dumps(_facts(p), sort_keys=True) for _, p in self.stops}
        assert len(facts) == self.transactions, f"{self.transactions} transactions, stops: {sorted(facts)}"

    def _in_order(self) -> None:
        """Start before values before stop, and time only goes on."""
        meter_start, told, number = 0, set(), 0
        for _, action, p in self.calls:
            if action == "StartTransaction":
                number += 1  # as the Central System counts
                self.began[number] = p["timestamp"]
                meter_start = p["meterStart"]
            elif action == "MeterValues" and "transactionId" in p:
                self._value(p, told)
            elif action == "StopTransaction":
                assert p["transactionId"] in self.began, f"a stop of nobody: {p}"
                transaction = self.began[p["transactionId"]]
                last = max(self.values[transaction].values(), default=meter_start)
                assert meter_start <= last <= p["meterStop"], f"from {meter_start} over {last} to {p['meterStop']} Wh"
                self.bills[transaction] = (meter_start, p["meterStop"])
                told.add(transaction)

    def _value(self, p: Row, told: set[str]) -> None:
        assert p["transactionId"] in self.began, f"values before their start: {p}"
        transaction = self.began[p["transactionId"]]
        assert transaction not in told, f"values after their stop: {p}"
        values = self.values[transaction]
        for entry in p["meterValue"]:
            register = next(
                int(float(sample["value"]))
                for sample in entry["sampledValue"]
                if sample.get("measurand", "Energy.Active.Import.Register") == "Energy.Active.Import.Register"
            )
            if entry["timestamp"] in values:  # sent again
                assert values[entry["timestamp"]] == register, f"other facts: {entry}"
                continue
            assert entry["timestamp"] > max(values, default=transaction), f"out of order: {entry}"
            assert register >= max(values.values(), default=0), f"the register fell: {entry}"
            values[entry["timestamp"]] = register

    def _resent_only_after_harm(self) -> None:
        """The same facts a second time only where the first answer may have been lost."""
        for kind in ("StartTransaction", "StopTransaction", "MeterValues"):
            seen: dict[str, float] = {}
            for at, action, p in self.calls:
                if action != kind:
                    continue
                facts = json.dumps(_facts(p), sort_keys=True)
                if facts in seen:
                    assert any(seen[facts] <= harm <= at for harm in self.harm), f"{kind} came again without need: {p}"
                seen[facts] = at

    def _energy(self, register_wh: int) -> None:
        """Each transaction has its bill, each begins where the last one ended, the last ends at the register."""
        assert set(self.bills) == set(self.began.values()), "a transaction without its stop"
        last = 0
        for _, (start, stop) in sorted(self.bills.items()):
            assert start == last, f"energy from {last} to {start} Wh was billed to nobody"
            last = stop
        assert last == register_wh, f"billed up to {last} Wh, the meter says {register_wh} Wh"

    def summary(self) -> str:
        again = len(self.starts) - self.transactions, len(self.stops) - self.transactions
        values = sum(len(times) for times in self.values.values())
        energy = sum(stop - start for start, stop in self.bills.values())
        return (
            f"{len(self.harm)} times harmed, {self.transactions} transactions, {energy} Wh, {values} values, "
            f"{again[0]} starts and {again[1]} stops sent again"
        )


def _facts(payload: Row) -> Row:
    """Without the Central System's own number: it may have given two to a Start that it heard twice."""
    return {name: value for name, value in payload.items() if name != "transactionId"}
