"""Plays cases against real stations, several at a time; a verdict each.  `python -m tests.conformance` is its door."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace

from ocpp16.product import Product
from tests.conformance.catalogue import Case, product_named
from tests.conformance.judge import Failed, Lab
from tests.conformance.mobile import MobileLink
from tests.conformance.secured import Secured, Setting
from tests.conformance.transcript import Transcript
from tests.conformance.unit import TEST_STATION, HandFailed, Unit
from tests.conformance.wire import CentralSystem, Stopped

CASE_S = 90.0
REGISTER = "Energy.Active.Import.Register"
PASS, FAIL, OFF, NOT_PLAYED = "pass", "fail", "not applicable", "not played"
ALONE = "it needs a station of its own with certificates of the test: play it with `--against local`"


@dataclass
class Verdict:
    """How a case ended on a product."""

    case: Case
    product: str
    word: str
    why: str = ""
    took_s: float = 0.0
    wanted: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    responses: list[tuple[str, float]] = field(default_factory=list)
    causes: list[tuple[str, float]] = field(default_factory=list)
    log: str = ""
    measured: set[tuple[str, str]] = field(default_factory=set)
    """Context and measurand of every value that was received."""
    spoke: bool = False
    """The station sent its BootNotification at all."""

    def text(self) -> str:
        """One line; for a failure the sequence wanted and the sequence seen."""
        head = f"{self.word:14} {self.case.id:12} {self.took_s:5.1f} s  {self.product:14} {self.case.title}"
        if self.word != FAIL:
            return head
        last = self.log.splitlines()[-3:]
        story = ["    wanted:", *indented(self.wanted), "    seen:", *indented(self.seen)]
        return "\n".join([head, f"    {self.why}", *story, "    the end of its log:", *indented(last)])


def indented(lines: Iterable[str]) -> list[str]:
    return [f"      {line}" for line in lines]


Place = Callable[[bool], AbstractAsyncContextManager[Lab]]
"""Makes a lab (over a mobile link, or not) whose station is about to boot."""


def own_place(
    product: str, plant: str = "", station: Mapping[str, str] = TEST_STATION, setting: Setting | None = None
) -> Place:
    """A station of its own for each case; `station`: vendor, model and so on of `[station]`."""
    if setting is not None:
        return lambda mobile: secured_laboratory(product, setting, plant, station)
    return lambda mobile: laboratory(product, plant, mobile, station)


def settings_of(case: Case, product: Product) -> list[Setting]:
    """Once in each security profile of the case; of a server's certificate also with the other kind of key."""
    profiles = [number for number in case.security_profiles if number in product.security_profiles]
    if case.id == "TC_083_CS":
        profiles = [number for number in profiles if number + 1 in product.security_profiles]
    more = [Setting(profiles[0], rsa=True)] if case.id in ("TC_086_CS", "TC_087_CS") else []
    return [*map(Setting, profiles), *more]


def values_in(central: CentralSystem) -> set[tuple[str, str]]:
    """(context, measurand) of every sampledValue in MeterValues and StopTransaction."""
    found = set()
    for call in central.calls:
        for instant in call.payload.get("meterValue") or call.payload.get("transactionData") or ():
            for value in instant.get("sampledValue", ()):
                found.add((value.get("context", "Sample.Periodic"), value.get("measurand", REGISTER)))
    return found


@asynccontextmanager
async def laboratory(
    product: str, plant: str = "", mobile: bool = False, station: Mapping[str, str] = TEST_STATION
) -> AsyncIterator[Lab]:
    """A booted station with its judge; everything is gone afterwards."""
    answers, where = product_named(product)
    central = CentralSystem(Transcript())
    await central.listen()
    link = MobileLink(central) if mobile else None
    port = await link.listen() if link else central.port
    unit = Unit(f"ws://127.0.0.1:{port}/ocpp", where, answers.connectors, plant, station, **quiet_keys(answers))
    try:
        await unit.open()
        yield Lab(unit, central, answers)
    finally:
        await unit.close()
        await central.shut()
        if link:
            link.close()


@asynccontextmanager
async def secured_laboratory(
    product: str, setting: Setting, plant: str = "", station: Mapping[str, str] = TEST_STATION
) -> AsyncIterator[Lab]:
    """The same with a security profile; what the station sends is seen byte by byte."""
    answers, where = product_named(product)
    central = CentralSystem(Transcript())
    secured = Secured(central, setting, station.get("serial") or "no-serial")
    await secured.open()
    unit = Unit(secured.url, where, answers.connectors, plant, station, secured.lines, **quiet_keys(answers))
    try:
        await unit.open()
        yield Lab(unit, central, answers, secured)
    finally:
        await unit.close()
        secured.front.close()
        await central.shut()


def quiet_keys(product: Product) -> dict[str, int]:
    """First values: nothing that comes by itself, or as seldom as the product allows, until a case asks for it."""
    never_sampled = product.sample_interval_min_s == 0
    keys = {
        "MeterValueSampleInterval": 0 if never_sampled else product.sample_interval_max_s,
        "ClockAlignedDataInterval": 0,
    }
    return {**keys, **({"MinimumStatusDuration": 0} if product.minimum_status_duration else {})}


async def judge(case: Case, product: str, plant: str = "", place: Place | None = None) -> Verdict:
    """Play one case; in several security profiles, where it is about them."""
    answers = product_named(product)[0]
    if why_not := case.applies.why_not(answers):
        return Verdict(case, product, OFF, why_not)
    if not case.security_profiles:
        return await _judged(case, product, place or own_place(product, plant))
    if place is not None:
        return Verdict(case, product, NOT_PLAYED, ALONE)
    parts = []
    for setting in settings_of(case, answers):
        parts.append((str(setting), await _judged(case, product, own_place(product, plant, setting=setting))))
    return joined(parts)


def joined(parts: list[tuple[str, Verdict]]) -> Verdict:
    """One verdict of the same case in several settings: it fails where one of them does."""
    whole = replace(
        parts[0][1], took_s=0.0, wanted=[], seen=[], remarks=[], responses=[], causes=[], measured=set(), word=PASS
    )
    failed = [(name, part) for name, part in parts if part.word == FAIL]
    for name, part in parts:
        whole.took_s += part.took_s
        for lines, more in ((whole.wanted, part.wanted), (whole.seen, part.seen), (whole.remarks, part.remarks)):
            lines += [f"--- {name}", *more] if more else []
        whole.responses += part.responses
        whole.causes += part.causes
        whole.measured |= part.measured
    if failed:
        whole.word, whole.why = FAIL, "; ".join(f"{name}: {part.why}" for name, part in failed)
        whole.log, whole.spoke = failed[0][1].log, failed[0][1].spoke
    return whole


async def _judged(case: Case, product: str, place: Place) -> Verdict:
    began = time.monotonic()
    async with place(False) as lab:
        why = await _played(case, lab)
        return Verdict(
            case, product, FAIL if why else PASS, why, time.monotonic() - began, lab.wanted,
            lab.central.transcript.texts(), lab.remarks, lab.central.measured, lab.causes,
            lab.unit.log_text() if why else "", values_in(lab.central), bool(lab.central.calls),
        )  # fmt: skip


async def _played(case: Case, lab: Lab) -> str:
    """Why it is not passed; empty: it is."""
    try:
        async with asyncio.timeout(CASE_S):
            await lab.booted()
            await case.play(lab)
            await lab.settle(0.1)
    except (Failed, Stopped, HandFailed) as failed:
        return "; ".join([str(failed), *lab.central.faults])
    except TimeoutError:
        return f"it did not end within {CASE_S:g} s"
    except Exception as error:  # a mistake of the case itself must not end the others
        return f"{type(error).__name__}: {error}\n{traceback.format_exc(limit=-4)}"
    broken = [f"the station ended by itself with exit {code}" for code in lab.unit.ends if code not in (0, -9)]
    return "; ".join([*lab.central.faults, *conduct(lab.central), *broken])


def conduct(central: CentralSystem) -> list[str]:
    """What holds in every case."""
    wrong = []
    stops = [call.payload["transactionId"] for call in central.calls if call.action == "StopTransaction"]
    if len(set(stops)) != len(stops):
        wrong.append(f"a transaction was stopped twice: {stops}")
    starts = [
        (c.payload["timestamp"], c.payload["connectorId"]) for c in central.calls if c.action == "StartTransaction"
    ]
    if len(set(starts)) != len(starts):
        wrong.append("a transaction was started twice")
    strangers = [number for number in stops if not 0 < number <= central.transaction]
    if strangers:
        wrong.append(f"StopTransaction of {strangers}, which nobody began")
    return wrong


async def play_all(
    pairs: Iterable[tuple[Case, str]],
    jobs: int,
    tell: Callable[[Verdict], None],
    plant: str = "",
    place: Place | None = None,
) -> list[Verdict]:
    """Several at a time (one, where the place is shared); the verdicts in the order of the pairs."""
    gate = asyncio.Semaphore(1 if place else jobs)

    async def one(case: Case, product: str) -> Verdict:
        async with gate:
            verdict = await judge(case, product, plant, place)
        tell(verdict)
        return verdict

    return list(await asyncio.gather(*(one(case, product) for case, product in pairs)))
