"""A seeded walk: profiles of every kind come and go while transactions run, the clock is corrected, the unit restarts.

After each happening the station is held against `oracle.py`: what the pilots offer now and later, and what a composite
schedule promises for every second.  Time goes in eighths of a second, which binary fractions hold exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from random import Random
from sys import argv
from time import monotonic
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from ocpp16 import events as ev
from ocpp16.messages.datetimes import to_seconds, to_text
from ocpp16.product import Product
from ocpp16.records import Transaction
from tests.ocpp16.oracle import PERIOD_MS, Installed, Json, Oracle, Running
from tests.ocpp16.rig import NOON, START, Station

LONG = ("7.199999999999999", "6.05", "5.999", "15.96", "10.0000000001", "31.94999")
"""What is not sent in tenths: everyday remainders of binary fractions, and worse."""
AMPS = (
    *LONG,
    "0",
    "3",
    "5.9",
    "6",
    "6.1",
    "8",
    "8.1",
    "10",
    "12",
    "12.6",
    "16",
    "18",
    "18.3",
    "18.6",
    "24.7",
    "32",
    "40",
)
TOTALS = (*AMPS, "48", "50.1", "63.9", "100")
MINIMA = ("6", "6", "6", "8", "10", "6.5", "13")
STEPS = (1, 1, 1, 60, 3600)


def as_json(amps: str) -> float | int:
    return float(amps) if "." in amps else int(amps)


class Board(Station):
    """A station whose board has other smallest and largest currents, and perhaps more phases than the product."""

    made_of: Mapping[int, tuple[float, float, int]] = MappingProxyType({})
    """By connector: min_amps, max_amps, phases."""

    def shapes(self) -> tuple[ev.ConnectorShape, ...]:
        usual = {shape.connector: shape for shape in super().shapes()}
        return tuple(
            replace(usual[number], min_amps=least, max_amps=most, phases=phases)
            for number, (least, most, phases) in self.made_of.items()
        )


class Walk:
    """One station and its oracle."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        pick = self.random.choice
        self.oracle = Oracle(connectors=pick((1, 1, 1, 2, 3, 4)), phases=pick((1, 3)))
        self.scale = pick(STEPS)
        product = Product(
            connectors=self.oracle.connectors,
            phases=pick((1, 3)) if self.oracle.phases == 3 else 1,
            rate_units=("Current", "Power"),
            max_profiles=99,
        )
        self.station = Board(product, AllowOfflineTxForUnknownId=True, MeterValueSampleInterval=0)
        self.make_board()
        self.offset = NOON - START
        self.station.script["Heartbeat"] = lambda _: {"currentTime": to_text(self.utc)}
        self.station.script["BootNotification"] = lambda _: {
            "currentTime": to_text(self.utc),
            "status": "Accepted",
            "interval": 86400,
        }
        self.began: dict[int, float] = {}
        self.log: list[str] = []
        self.compared = self.sets = 0
        """Limits that were compared, and the different sets of installed profiles that they followed from."""
        self._compared_set: list[Installed] = []
        self.station.online()

    def make_board(self) -> None:
        """Boards of every kind: 6 to 32 A, another minimum, a mixture."""
        pick, oracle = self.random.choice, self.oracle
        numbers = range(1, oracle.connectors + 1)
        alike, least = pick((True, True, False)), pick(MINIMA)
        oracle.least = {number: Fraction(least if alike else pick(MINIMA)) for number in numbers}
        oracle.most = {number: Fraction(pick(("32", "32", "32", "20", "13"))) for number in numbers}
        self.station.made_of = {
            number: (float(oracle.least[number]), float(oracle.most[number]), oracle.phases) for number in numbers
        }

    @property
    def utc(self) -> float:
        return self.station.mono + self.offset

    @property
    def now(self) -> int:
        return int(self.utc * 1000)

    def go(self, happenings: int = 10) -> int:
        """So many happenings; how many limits were compared."""
        for _ in range(happenings):
            self._one()
            self.compare()
            self.pass_time(self.random.randrange(1, 60 * 8) * self.scale / 8)
        return self.compared

    def _one(self) -> None:
        ways = (self.install, self.install, self.install, self.install, self.start, self.start)
        rare = (self.stop, self.clear, self.correct_clock, self.toggle_link, self.restart, self.darkness)
        way = self.random.choice((*ways, *ways, *rare))
        self.log.append(way.__name__)
        way()

    # --- happenings ---

    def install(self) -> None:
        if not self.station.up:
            return
        connector, profile = self.profile()
        answer = self.station.request("SetChargingProfile", connectorId=connector, csChargingProfiles=profile)
        assert answer == {"status": "Accepted"}, (answer, profile, self.station.notes[-1:])
        self.oracle.set(connector, self.by_our_clock(profile))

    def by_our_clock(self, profile: Json) -> Json:
        """What is meant for less than a second from now is meant for now: the two clocks may differ by so much."""
        now = self.now

        def seen(text: str) -> str:
            moment = round(to_seconds(datetime.fromisoformat(text)) * 1000)
            return to_text(now / 1000 + 0.0001) if 0 < moment - now < 1000 else text

        schedule = profile["chargingSchedule"]
        if "startSchedule" in schedule:
            schedule = schedule | {"startSchedule": seen(schedule["startSchedule"])}
        return (
            profile
            | {"chargingSchedule": schedule}
            | ({"validFrom": seen(profile["validFrom"])} if "validFrom" in profile else {})
        )

    def profile(self) -> tuple[int, Json]:
        pick, purposes = self.random.choice, ["ChargePointMaxProfile", "TxDefaultProfile"]
        known = [c for c in self.oracle.running if (t := self.station.transaction(c)) and t.start == "confirmed"]
        purpose = pick([*purposes, "TxProfile", "TxProfile"] if known else purposes)
        connector = {
            "ChargePointMaxProfile": 0,
            "TxDefaultProfile": self.random.randrange(self.oracle.connectors + 1),
            "TxProfile": pick(known) if known else 0,
        }[purpose]
        kind = pick(("Absolute", "Recurring", "Relative"))
        profile: Json = {
            "chargingProfileId": self.random.randrange(1, 15),
            "stackLevel": self.random.randrange(4),
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": kind,
        }
        self.schedule(profile, purpose, kind)
        if purpose == "TxProfile" and pick((True, False)):
            transaction = self.station.transaction(connector)
            assert transaction is not None
            profile["transactionId"] = transaction.transaction_id
        return connector, profile | self.validity()

    def schedule(self, profile: Json, purpose: str, kind: str) -> None:
        pick, number = self.random.choice, self.random.randrange
        unit = pick("AAW")
        starts = [0, *sorted(self.random.sample(range(1, 100), number(6)))]
        schedule: Json = {
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": [self.period(unit, purpose, start * self.scale) for start in starts],
        }
        if pick((True, False)):
            schedule["duration"] = number(1, 120) * self.scale
        back = 0
        if kind == "Recurring":
            profile["recurrencyKind"] = pick(("Daily", "Weekly"))
            back = PERIOD_MS[profile["recurrencyKind"]] * number(3)
            if pick((True, False)):  # it would be longer than its recurrence
                schedule["chargingSchedulePeriod"].append(self.period(unit, purpose, 86399 - number(200)))
                schedule["duration"] = 86400 + number(-100, 100)
                back += pick((0, 86_400_000))
            schedule["chargingSchedulePeriod"].sort(key=lambda period: period["startPeriod"])
        elif kind == "Relative" and pick((True, False)):
            schedule["startSchedule"] = self.near()  # ignored
        if kind == "Recurring" or (
            kind == "Absolute" and (purpose == "ChargePointMaxProfile" or pick((True, True, False)))
        ):
            schedule["startSchedule"] = self.near(back)
        if self.random.random() < 0.2:
            schedule["minChargingRate"] = 7.5
        profile["chargingSchedule"] = schedule

    def period(self, unit: str, purpose: str, start: int) -> Json:
        pick = self.random.choice
        amps = pick(TOTALS if purpose == "ChargePointMaxProfile" else AMPS)
        period: Json = {"startPeriod": start}
        if pick((True, False, False)):
            period["numberPhases"] = pick((1, 2, 3))
        if unit == "W" and pick((True, False)):
            period["limit"] = self.random.randrange(0, 4_000_000) / pick((10, 100, 1000))
        elif (
            unit == "W"
        ):  # just what so many amperes are, over the phases that the profile wishes for or that there are
            phases = pick((self.oracle.phases, period.get("numberPhases", 3)))
            period["limit"] = float(Fraction(amps) * 230 * phases)
        else:
            period["limit"] = as_json(amps)
        return period

    def near(self, back_ms: int = 0) -> str:
        """An instant within a hundred steps of now."""
        moment = self.now + self.random.randrange(-100, 60) * self.scale * 1000 - back_ms
        moment += self.random.choice((0, 0, 0, 125, 333, 500, 999))
        return to_text(moment / 1000 + 0.0001)

    def validity(self) -> Json:
        number, found = self.random.randrange, {}
        if self.random.random() < 0.25:
            found["validFrom"] = to_text((self.now + number(-60, 40) * self.scale * 1000) / 1000 + 0.0001)
        if self.random.random() < 0.25:
            found["validTo"] = to_text((self.now + number(41, 150) * self.scale * 1000) / 1000 + 0.0001)
        return found

    def start(self) -> None:
        free = [c for c in range(1, self.oracle.connectors + 1) if c not in self.oracle.running]
        if not free:
            return
        connector = self.random.choice(free)
        self.station.plug(connector)
        self.station.tap(f"CARD{connector}", connector)
        self.follow_disk()
        assert connector in self.oracle.running

    def stop(self) -> None:
        if self.oracle.running:
            connector = self.random.choice(sorted(self.oracle.running))
            self.station.tap(f"CARD{connector}", connector)
            self.station.unplug(connector)
            self.follow_disk()

    def follow_disk(self) -> None:
        """Which transactions run is a fact of the store; the oracle learns it."""
        rows = {t.connector: t for t in self.station.rows(Transaction) if t.ended is None}
        for connector in [
            c for c, one in self.oracle.running.items() if rows.get(c) is None or rows[c].number != one.number
        ]:
            self.oracle.ended(connector)
            del self.began[connector]
        for connector, row in rows.items():
            if connector not in self.oracle.running:
                self.began[connector] = self.station.mono
                self.oracle.running[connector] = Running(row.number, self.now)

    def clear(self) -> None:
        if not self.station.up:
            return
        wanted: Json = {}
        if self.random.random() < 0.3:
            wanted["id"] = self.random.randrange(1, 15)
        if self.random.random() < 0.4:
            wanted["connectorId"] = self.random.randrange(self.oracle.connectors + 1)
        if self.random.random() < 0.4:
            wanted["chargingProfilePurpose"] = self.random.choice(("ChargePointMaxProfile", "TxDefaultProfile"))
        if self.random.random() < 0.4:
            wanted["stackLevel"] = self.random.randrange(4)
        answer = self.station.request("ClearChargingProfile", **wanted)
        assert answer == {"status": "Accepted" if self.oracle.clear(**wanted) else "Unknown"}

    def correct_clock(self) -> None:
        """The Central System's clock moved; elapsed time of a transaction is not touched by that."""
        if not self.station.up:
            return
        self.offset += self.random.choice((-1, 1)) * self.random.randrange(16, 40_000) / 8
        self.station.request("TriggerMessage", requestedMessage="Heartbeat")
        for connector, one in self.oracle.running.items():
            one.began = int((self.began[connector] + self.offset) * 1000)

    def toggle_link(self) -> None:
        if self.station.up:
            self.station.disconnect()
        else:
            self.station.connect()

    def restart(self) -> None:
        """evsed dies and comes back; the board went on."""
        self.station.restart()
        self.station.happens(ev.Started())
        self.board_is_back()
        self.station.connect()

    def darkness(self) -> None:
        """Everything is dark for a while; then a car charges before any clock is known."""
        before = self.utc
        self.station.restart(dark=True)
        self.offset = float(int(before)) + 100.0 - self.station.mono
        self.station.happens(ev.Started())
        self.board_is_back()
        for _ in range(self.random.randrange(self.oracle.connectors + 1)):
            self.start()
            self.compare_cautious()
            self.pass_time(self.random.randrange(1, 100) / 8, cautious=True)
        if 0 < self.station.cp.parts.context.clock.floor_utc - self.utc < 2:  # the floor, so near, would stay the time
            self.offset -= 4.0
        self.station.connect()
        self.station.request("TriggerMessage", requestedMessage="Heartbeat")  # the first may not lie below the floor
        for connector, one in self.oracle.running.items():
            one.began = int((self.began[connector] + self.offset) * 1000)

    def board_is_back(self) -> None:
        station = self.station
        plugged = [t.connector for t in station.rows(Transaction) if t.ended is None]
        pilots = [ev.PilotChanged(number, "B", station.mono) for number in plugged]
        station.attach(*pilots, *(station.reading(number) for number in station.wh))
        self.follow_disk()

    def pass_time(self, seconds: float, cautious: bool = False) -> None:
        """Some looks at the pilots on the way."""
        for _ in range(3):
            self.station.wait(int(seconds * 8 / 3 + 1) / 8)
            if cautious:
                self.compare_cautious()
            else:
                self.compare_pilots()

    # --- comparisons ---

    def compare(self) -> None:
        if self.oracle.profiles not in ([], self._compared_set):
            self.sets, self._compared_set = self.sets + 1, list(self.oracle.profiles)
        self.compare_pilots()
        if self.station.up:
            self.compare_schedule(self.random.randrange(self.oracle.connectors + 1))

    def compare_pilots(self) -> None:
        """Each pilot offers exactly what the oracle allows, and all together no more than the station may."""
        for connector in self.oracle.running:
            wanted = self.oracle.pilot(connector, self.now)
            found = self.station.offered(connector)
            assert found == float(wanted), (connector, found, float(wanted), self.now, self.log)
            assert Fraction(str(found)) <= self.oracle.limit(connector, self.now), "never above what was meant"
            self.compared += 1
        self.compare_sum()

    def compare_sum(self) -> None:
        total = self.oracle.station(self.now, self.now)
        offered = sum(self.station.offered(connector) for connector in self.oracle.running)
        assert total is None or offered <= float(total) + 1e-6, (offered, float(total))

    def compare_cautious(self) -> None:
        """While no clock is known, nothing is ever above what the oracle allows, which knows the time."""
        for connector, one in self.oracle.running.items():
            one.began = int((self.began[connector] + self.offset) * 1000)
        self.compare_sum()
        for connector in self.oracle.running:
            assert self.station.offered(connector) <= float(self.oracle.alone(connector, self.now, self.now)) + 1e-9
            self.compared += 1

    def compare_schedule(self, connector: int) -> None:
        """§5.7: what is told for a second is what the oracle says of it."""
        asked, duration = self.now, self.random.randrange(1, 120) * self.scale
        in_watts = self.random.random() < 0.3
        answer: Any = self.station.request(
            "GetCompositeSchedule", connectorId=connector, duration=duration, chargingRateUnit="W" if in_watts else "A"
        )
        schedule = answer["chargingSchedule"]
        periods = schedule["chargingSchedulePeriod"]
        assert periods[0]["startPeriod"] == 0
        assert schedule["duration"] == duration
        assert answer["scheduleStart"] == to_text(asked / 1000 + 0.0001), (answer, to_text(asked / 1000), self.log)
        for second in self.seconds(duration, periods):
            told = [period["limit"] for period in periods if period["startPeriod"] <= second][-1]
            wanted = (self.oracle.told_watts if in_watts else self.oracle.told)(connector, asked + second * 1000, asked)
            assert Fraction(str(told)) == wanted, (connector, second, told, float(wanted), answer)
            self.compared += 1
        if connector in self.oracle.running and not in_watts:
            limit = periods[0]["limit"]
            least = float(self.oracle.smallest(connector))
            assert (limit if limit >= least else 0.0) == self.station.offered(connector), "the schedule is the pilot"

    def seconds(self, duration: int, periods: list[Json]) -> list[int]:
        """Every second of a short schedule; of a long one each change, the second before it, and others by chance."""
        if duration <= 20:
            return list(range(duration))
        edges = [period["startPeriod"] for period in periods]
        others = [self.random.randrange(duration) for _ in range(12)]
        return sorted({*edges, *(edge - 1 for edge in edges if edge), *others, duration - 1})


def main() -> None:
    """`python -m tests.ocpp16.profile_walk [SETS [FIRST]]`: walks from a seed on until so many sets were compared."""
    wanted, first = (int(word) for word in (*argv[1:3], *("1000", "0")[len(argv) - 1 :]))
    began, sets, compared, seed = monotonic(), 0, 0, first
    while sets < wanted:
        walk = Walk(seed)
        try:
            compared += walk.go()
        except AssertionError as wrong:
            raise SystemExit(f"walk {seed}: {wrong}") from wrong
        sets, seed = sets + walk.sets, seed + 1
        if (seed - first) % 1000 == 0:
            print(f"{sets:,} sets, {compared:,} limits compared, {monotonic() - began:.0f} s", flush=True)
    walks = f"{sets:,} profile sets in {seed - first:,} walks from {first}"
    print(f"{walks}: {compared:,} limits compared, none above what was meant, schedule = pilot")


if __name__ == "__main__":
    main()
