"""Charging profiles by brute force: what the text says about one instant, worked out anew for each instant asked.

Written from the specification alone (§3.13, §5.5, §5.7, §5.16, §7.8 to §7.14, E 3.8, 3.25, 3.34, 3.56); it shares no
code with the product.  Times are whole milliseconds since 1970, currents exact fractions of an ampere; profiles are the
JSON objects of the wire.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

SIX = Fraction(6)
PERIOD_MS = {"Daily": 24 * 3600 * 1000, "Weekly": 7 * 24 * 3600 * 1000}
Json = dict[str, Any]


@lru_cache(maxsize=4096)
def instant(text: str) -> int:
    """ISO 8601 with a zone, in milliseconds since 1970."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment - datetime.fromisoformat("1970-01-01T00:00:00+00:00")).days * 86_400_000 + (
        moment.hour * 3_600_000 + moment.minute * 60_000 + moment.second * 1000 + moment.microsecond // 1000
    )


@lru_cache(maxsize=4096)
def exactly(limit: float) -> Fraction:
    """The decimal that was written, not the nearest binary number."""
    return Fraction(str(limit))


def tenths(value: Fraction) -> Fraction:
    """One decimal, rounded down."""
    return Fraction(value * 10 // 1, 10)


class Installed(NamedTuple):
    connector: int
    transaction: object
    """Which transaction a TxProfile belongs to, None for the other purposes."""
    profile: Json


@dataclass
class Running:
    """A transaction: its place in the order of starts and the instant at which it began."""

    number: int
    began: int


@dataclass
class Oracle:
    """A station with so many connectors, phases that carry current, volts and amperes, all connectors alike."""

    connectors: int = 1
    phases: int = 1
    volts: int = 230
    max_amps: int = 32
    least: dict[int, Fraction] = field(default_factory=dict)
    """The smallest current that a connector can signal, where it is not 6 A."""
    most: dict[int, Fraction] = field(default_factory=dict)
    """What a connector carries, where it is not `max_amps`."""
    profiles: list[Installed] = field(default_factory=list)
    running: dict[int, Running] = field(default_factory=dict)

    # --- what is installed ---

    def set(self, connector: int, profile: Json) -> None:
        """§3.13.2: it replaces the one with its id, and the one of its purpose and level at its place."""
        purpose = profile["chargingProfilePurpose"]
        transaction = self.running[connector].number if purpose == "TxProfile" else None
        place = (connector, transaction, purpose, profile["stackLevel"])
        self.profiles = [
            one
            for one in self.profiles
            if one.profile["chargingProfileId"] != profile["chargingProfileId"]
            and (one.connector, one.transaction, one.profile["chargingProfilePurpose"], one.profile["stackLevel"])
            != place
        ]
        self.profiles.append(Installed(connector, transaction, profile))

    def clear(self, **wanted: Any) -> bool:
        """E 3.25, 3.26: `id` alone, else every given field; True: at least one is gone."""
        names = {"connectorId": None, "chargingProfilePurpose": None, "stackLevel": None}

        def goes(one: Installed) -> bool:
            if "id" in wanted:
                return bool(one.profile["chargingProfileId"] == wanted["id"])
            seen = {**one.profile, "connectorId": one.connector}
            return all(seen[name] == wanted[name] for name in names if name in wanted)

        before = len(self.profiles)
        self.profiles = [one for one in self.profiles if not goes(one)]
        return len(self.profiles) < before

    def ended(self, connector: int) -> None:
        """A TxProfile goes with its transaction."""
        number = self.running.pop(connector).number
        self.profiles = [one for one in self.profiles if one.transaction != number]

    # --- one profile, one instant ---

    def _says(self, profile: Json, began: int, t: int) -> Json | None:
        """The period of a profile that is in force at t; None: it is silent."""
        if "validFrom" in profile and t < instant(profile["validFrom"]):
            return None
        if "validTo" in profile and t >= instant(profile["validTo"]):
            return None
        schedule, kind = profile["chargingSchedule"], profile["chargingProfileKind"]
        zero = began if kind == "Relative" or "startSchedule" not in schedule else instant(schedule["startSchedule"])
        elapsed = t - zero
        if elapsed < 0:
            return None
        if kind == "Recurring":
            elapsed %= PERIOD_MS[profile["recurrencyKind"]]
        if "duration" in schedule and elapsed >= schedule["duration"] * 1000:
            return None
        found = None
        for period in schedule["chargingSchedulePeriod"]:
            if period["startPeriod"] * 1000 <= elapsed:
                found = period
        return {**found, "unit": schedule["chargingRateUnit"]} if found else None

    def _amps(self, period: Json) -> Fraction:
        """§7.14: A is per phase, W the total of all phases that carry current, whatever the profile wishes."""
        limit = tenths(exactly(period["limit"]))
        return limit if period["unit"] == "A" else limit / (self.volts * self.phases)

    def _highest(self, candidates: list[Json], began: int, t: int) -> Fraction | None:
        """§3.13.2: of those that say anything, the highest level."""
        best, level = None, -1
        for profile in candidates:
            if profile["stackLevel"] > level and (period := self._says(profile, began, t)) is not None:
                best, level = self._amps(period), profile["stackLevel"]
        return best

    # --- a connector ---

    def _of(self, purpose: str, connector: int) -> list[Json]:
        here = [
            one
            for one in self.profiles
            if one.profile["chargingProfilePurpose"] == purpose and one.connector in (0, connector)
        ]
        if purpose == "TxProfile":
            number = self.running[connector].number if connector in self.running else object()
            here = [one for one in here if one.transaction == number]
        own = {one.profile["stackLevel"] for one in here if one.connector == connector}
        return [one.profile for one in here if one.connector == connector or one.profile["stackLevel"] not in own]

    def station(self, t: int, asked: int) -> Fraction | None:
        """What all connectors together may draw; Relative counts from the oldest transaction."""
        began = min((one.began for one in self.running.values()), default=asked)
        return self._highest(self._of("ChargePointMaxProfile", 0), began, t)

    def smallest(self, connector: int) -> Fraction:
        return self.least.get(connector, SIX)

    def carries(self, connector: int) -> Fraction:
        return min(Fraction(self.max_amps), self.most.get(connector, Fraction(self.max_amps)))

    def alone(self, connector: int, t: int, asked: int) -> Fraction:
        """Amperes per phase of hardware and of its own profiles, as if the station had no limit."""
        began = self.running[connector].began if connector in self.running else asked
        own = self._highest(self._of("TxProfile", connector), began, t)
        if own is None:
            own = self._highest(self._of("TxDefaultProfile", connector), began, t)
        return self.carries(connector) if own is None else min(self.carries(connector), own)

    def share(self, connector: int, total: Fraction, t: int, asked: int) -> Fraction:
        """Oldest transactions first, as many as can have their smallest current; equal parts; one alone gets all."""
        order = sorted(self.running, key=lambda number: self.running[number].number)
        if connector not in order:
            order.append(connector)
        if len(order) == 1:
            return total
        served: list[int] = []
        for one in order:
            able = tenths(self.alone(one, t, asked)) >= self.smallest(one)
            if able and sum(map(self.smallest, [*served, one])) <= total:
                served.append(one)
        if connector not in served:
            return Fraction(0)
        return self._part(connector, served, total)

    def _part(self, connector: int, served: list[int], total: Fraction) -> Fraction:
        """Try every split into those who have their smallest current and those who have equal parts of the rest."""
        by_size = sorted(served, key=self.smallest)
        for count in range(len(by_size), 0, -1):
            equal, fixed = by_size[:count], by_size[count:]
            level = (total - sum(map(self.smallest, fixed))) / count
            if all(self.smallest(one) <= level for one in equal) and all(self.smallest(one) >= level for one in fixed):
                return level if connector in equal else self.smallest(connector)
        raise AssertionError("no split")

    def limit(self, connector: int, t: int, asked: int | None = None) -> Fraction:
        """Amperes per phase, hardware included; without a transaction as if one began when it was asked."""
        asked = t if asked is None else asked
        alone, total = self.alone(connector, t, asked), self.station(t, asked)
        return alone if total is None else min(alone, self.share(connector, total, t, asked))

    def pilot(self, connector: int, t: int, asked: int | None = None) -> Fraction:
        """What is offered to a transaction: tenths, and nothing below the smallest current that can be signalled."""
        limit = tenths(self.limit(connector, t, asked))
        return limit if limit >= self.smallest(connector) else Fraction(0)

    def told(self, connector: int, t: int, asked: int) -> Fraction:
        """The limit that a composite schedule in A has at t; of connector 0: of all, under the station's limit."""
        drawn = sum((tenths(self.limit(one, t, asked)) for one in self._drawing(connector, t, asked)), Fraction(0))
        total = self.station(t, asked)
        return drawn if total is None else min(drawn, tenths(total))

    def _drawing(self, connector: int, t: int, asked: int) -> list[int]:
        """§5.7: of the station's connectors those that draw anything at all."""
        if connector or self.connectors == 1:
            return [connector or 1]
        return [one for one in range(1, self.connectors + 1) if self.pilot(one, t, asked)]

    def told_watts(self, connector: int, t: int, asked: int) -> Fraction:
        """The same in W: of all phases that carry current, and of the limit before it became tenths of an ampere."""
        amps = sum((self.limit(one, t, asked) for one in self._drawing(connector, t, asked)), Fraction(0))
        total = self.station(t, asked)
        drawn = amps if total is None else min(amps, total)
        return tenths(drawn * self.volts * self.phases)
