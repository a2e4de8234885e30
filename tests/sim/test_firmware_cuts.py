"""Power cuts during signed updates of a unit with two slots: it always boots, and what it says at the end is true."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.profiles.security.signed_firmware import HEALTHY_WITHIN_S
from ocpp16.profiles.security.signed_states import ENDS
from ocpp16.step import CheckSigner, Download, Install, Trial, VerifyImage
from tests.ocpp16.profiles.firmware_management.works import IMAGE
from tests.ocpp16.profiles.security.signed_unit import DIGEST, SignedUnit

RUNS, SHARES = 1000, 4
TRUTH = {"new": {"Installed"}, "old": {"InstallationFailed", "InstallVerificationFailed"}}


class CutHere(Exception):
    """The mains are gone."""


class TwoSlots:
    """The unit: an image is written into the slot that does not run; the boot loader tries it a few times."""

    def __init__(self) -> None:
        self.slots = {"a": "old", "b": ""}
        self.active, self.runs = "a", "a"
        self.trial, self.tries = "", 0
        self.boots = 0

    @property
    def other(self) -> str:
        return "b" if self.runs == "a" else "a"

    def boot(self) -> None:
        """The checker of all: what is started is whole."""
        self.boots += 1
        self.runs = self.active
        if self.trial and self.tries:
            self.tries -= 1
            self.runs = self.trial
        assert self.slots[self.runs] in ("old", "new"), f"unbootable: {self.slots}, {self.runs}"


class Play:
    """One update; `cuts`: at which moments the mains fail.  `healthy` False: the new version never gets online."""

    def __init__(self, cuts: set[int], healthy: bool) -> None:
        self.unit, self.device = SignedUnit(), TwoSlots()
        self.cuts, self.healthy = cuts, healthy
        self.count = 0

    def moment(self) -> None:
        """Here the mains may fail."""
        self.count += 1
        if self.count in self.cuts:
            raise CutHere

    def run(self) -> Play:
        self.guarded(self._ask)
        for _ in range(300):
            rows = self.unit.station.disk.values()
            state: Any = next((row for row in rows if row.table == "signed_firmware_update"), None)
            if state is None:
                self.guarded(self._ask)
            elif state.state in ENDS and state.confirmed:
                return self
            self.guarded(self._live)
        raise AssertionError(f"it never ends: {self.unit.row.state}")

    def guarded(self, work: Any) -> None:
        try:
            work()
        except CutHere:
            self.reborn(dark=True)

    def reborn(self, dark: bool) -> None:
        self.device.boot()
        online = self.healthy or self.device.slots[self.device.runs] == "old"
        self.unit.reborn(dark=dark, online=online)

    def _ask(self) -> None:
        if not any(isinstance(job, CheckSigner) for job in self.unit.jobs):
            self.unit.ask(retrieve="2020-01-01T00:00:00Z")
        self.moment()
        self._jobs()

    def _live(self) -> None:
        self.moment()
        if self.unit.gone:
            self.reborn(dark=False)
        self.unit.station.wait(61 if self.healthy else HEALTHY_WITHIN_S / 3)
        self._jobs()

    def _jobs(self) -> None:
        for job in list(self.unit.jobs):
            if job not in self.unit.jobs:
                continue
            self.unit.jobs.remove(job)
            ok, detail, verdict = self._work(job)
            self.unit.station.step(ev.JobDone(job.ref, ok, detail, verdict=verdict))
            self.moment()
            self.unit.station.settle()

    def _work(self, job: Any) -> tuple[bool, str, str]:
        self.moment()
        if isinstance(job, Install):
            return self._install()
        if isinstance(job, Trial):
            return self._trial(job)
        assert isinstance(job, CheckSigner | Download | VerifyImage)
        return True, {Download: IMAGE, VerifyImage: DIGEST}.get(type(job), ""), ""

    def _install(self) -> tuple[bool, str, str]:
        device = self.device
        assert device.slots[device.runs] == "old", "what runs on trial would be installed over its way back"
        device.trial = ""
        self.moment()
        device.slots[device.other] = "half"
        self.moment()
        device.slots[device.other] = "new"
        self.moment()
        device.trial, device.tries = device.other, 3
        self.moment()
        return True, "", ""

    def _trial(self, job: Trial) -> tuple[bool, str, str]:
        device = self.device
        if job.what == "ask":
            return True, "", "runs" if device.slots[device.runs] == "new" else "earlier"
        if job.what == "keep":
            device.active = device.runs
            self.moment()
        device.trial = ""
        self.moment()
        return True, "", ""


def whole_length(healthy: bool) -> int:
    play = Play(set(), healthy).run()
    assert play.device.slots[play.device.runs] == ("new" if healthy else "old")
    assert play.unit.told()[-1] in TRUTH["new" if healthy else "old"]
    return play.count


@pytest.mark.parametrize("share", range(SHARES))
def test_a_thousand_power_cuts(share: int) -> None:
    """One to three cuts at random moments of an update, with a healthy and an unhealthy image: always bootable."""
    lengths = {healthy: whole_length(healthy) for healthy in (True, False)}
    booted = 0
    for seed in range(share, RUNS, SHARES):
        random = Random(seed)
        healthy = seed % 3 != 0
        cuts = {random.randint(1, lengths[healthy] + 3) for _ in range(random.randint(1, 3))}
        play = Play(cuts, healthy).run()
        booted += play.device.boots
        runs = play.device.slots[play.device.runs]
        told = play.unit.told()
        assert told[-1] in TRUTH[runs], f"seed {seed}, cuts {cuts}: {told}, and {runs} runs"
        assert healthy or runs == "old", f"seed {seed}: an unhealthy version is kept"
        assert ("FirmwareUpdated" in play.unit.events()) is (runs == "new"), f"seed {seed}"
    assert booted >= RUNS / SHARES


@pytest.mark.parametrize("healthy", [True, False])
def test_a_cut_at_every_moment(healthy: bool) -> None:
    for cut in range(1, whole_length(healthy) + 1):
        play = Play({cut}, healthy).run()
        runs = play.device.slots[play.device.runs]
        assert play.unit.told()[-1] in TRUTH[runs], f"cut {cut}"


def test_the_checker_sees_a_unit_that_would_not_boot() -> None:
    """A planted defect: the slot is switched before its image is whole."""

    class TooEarly(Play):
        def _install(self) -> tuple[bool, str, str]:
            self.device.slots[self.device.other] = "half"
            self.device.trial, self.device.tries = self.device.other, 3
            self.moment()
            self.device.slots[self.device.other] = "new"
            return True, "", ""

    with pytest.raises(AssertionError, match="unbootable"):
        for cut in range(1, 40):
            TooEarly({cut}, True).run()
