"""Connection sets: tried, kept or taken back, across power cuts, and never both ends locked out."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.records import ConnectionSet, SecurityOccurrence
from ocpp16.step import KeepSet, Step
from tests.ocpp16.rig import SILENCE, Station

KEY = "00112233445566778899aabbccddeeff"
LOCAL = ev.LocalSet("file-1", profile=1, password=True, root=True)


class Site:
    """A station and its Central System: `knows` are the numbers of the sets that the Central System accepts."""

    def __init__(self, local: ev.LocalSet = LOCAL) -> None:
        self.local, self.knows, self.files = local, {0}, {0}
        self.station = Station(SecurityProfile=local.profile)
        self.replies: list[str] = []
        self.linked = 0
        self.refs = 0
        self.start()
        self.dial()

    def start(self) -> None:
        told = ev.Started(local_set=self.local, readable_sets=tuple(self.files - {0}))
        self.carry(self.station.happens(told))

    def carry(self, step: Step) -> Step:
        self.replies += [reply.text for reply in step.replies]
        return step

    def keep(self, step: Step, why: str = "") -> Step:
        """The files of the proposal are written, or cannot be."""
        (job,) = (job for job in step.jobs if isinstance(job, KeepSet))
        if not why:
            self.files.add(job.number)
        return self.carry(self.station.step(ev.JobDone(job.ref, not why, why)))

    @property
    def wanted(self) -> int:
        return self.station.cp.parts.security.connection_sets.dialled

    def dial(self, code: str = "http-401", stage: str = "HTTP") -> bool:
        """One attempt with the set that is wanted now; what was open has ended."""
        station, number = self.station, self.wanted
        self.hang_up()
        if number not in self.knows:
            station.mono += 2.0
            station.step(ev.LinkDown(stage, "refused", 2.0, code, connection_set=number))
            return False
        station.up, self.linked = True, number
        station.happens(ev.LinkUp(connection_set=number))
        return True

    def hang_up(self) -> None:
        station = self.station
        if station.up:
            station.up, station.open = False, None
            station.step(ev.LinkDown("", "closed by ourselves", code="closed-by-station", connection_set=self.linked))

    def wait(self, seconds: float) -> None:
        """Time goes by; a connection that is not the wanted one is closed first, as the link does."""
        if self.wanted != self.linked:
            self.hang_up()
        self.station.wait(seconds)

    def ask(self, key: str = "AuthorizationKey", value: str = KEY) -> Step:
        self.refs += 1
        return self.carry(self.station.step(ev.SettingAsked(self.refs, key, value)))

    def cut(self) -> None:
        self.station.restart(dark=True)
        self.start()

    def row(self) -> ConnectionSet | None:
        rows = self.station.rows(ConnectionSet)
        return rows[-1] if rows else None


@pytest.fixture
def site() -> Site:
    return Site()


def test_3_a_key_that_works_is_kept(site: Site) -> None:
    """Tried on a new connection, in force after the first answered CALL, with a security event."""
    site.keep(site.ask())
    site.wait(1.0)
    assert site.wanted == 1 and (row := site.row()) and row.state == "trial"
    site.knows = {1}
    assert site.dial()
    row = site.row()
    assert row and row.state == "in-force" and site.wanted == 1
    told = [row.tech_info for row in site.station.rows(SecurityOccurrence)]
    assert "AuthorizationKey: in force" in told


def test_3_a_key_that_is_refused_is_taken_back(site: Site) -> None:
    """Three refusals, then the one of before; the log and a security event name stage and code."""
    site.keep(site.ask())
    site.wait(1.0)
    assert [site.dial() for _ in range(3)] == [False] * 3
    assert site.wanted == 0 and site.dial() and site.row() is None
    told = [row.tech_info for row in site.station.rows(SecurityOccurrence)]
    assert "AuthorizationKey: taken back (HTTP: http-401)" in told
    assert ("connection-returned", {"changed": "AuthorizationKey", "stage": "HTTP", "failure": "http-401"}) in (
        site.station.notes
    )


def test_3_silence_is_taken_back_too(site: Site) -> None:
    """An open connection on which nothing is answered costs at most five minutes."""
    site.keep(site.ask())
    site.wait(1.0)
    site.knows = {0, 1}
    site.station.script["Heartbeat"] = SILENCE
    assert site.dial()
    site.wait(301.0)
    assert site.wanted == 0


def test_3_a_network_that_is_away_does_not_judge_a_key(site: Site) -> None:
    """Attempts that reach nobody are not counted: the Central System may know the new key alone."""
    site.keep(site.ask())
    site.wait(1.0)
    for _ in range(9):
        site.dial("tcp-refused", "TCP")
    assert site.wanted == 1


def test_3_where_the_old_one_is_refused_the_new_one_is_tried_again(site: Site) -> None:
    """The trial ended without a verdict, and the Central System knows the new key alone: no lock-out."""
    site.keep(site.ask())
    site.wait(1.0)
    site.dial("tcp-refused", "TCP")
    site.wait(301.0)
    site.knows = {1}
    for _ in range(3):
        assert not site.dial()
    assert site.wanted == 1 and site.dial()
    row = site.row()
    assert row and row.state == "in-force"


REFUSED: list[tuple[ev.LocalSet, str, str]] = [
    (LOCAL, "1", "only the local file lowers"),
    (LOCAL, "0", "is 1, 2 or 3"),
    (LOCAL, "x", "is 1, 2 or 3"),
    (LOCAL, "3", "certificate of the station"),
    (ev.LocalSet("m"), "1", "AuthorizationKey"),
    (ev.LocalSet("m", profile=1, password=True), "2", "CentralSystemRootCertificate"),
]


@pytest.mark.parametrize(("local", "value", "why"), REFUSED)
def test_3_a_profile_that_cannot_be_is_refused(local: ev.LocalSet, value: str, why: str) -> None:
    """Each reason by its words; the connection stays."""
    site = Site(local)
    step = site.ask("SecurityProfile", value)
    assert why in site.replies[-1] and not step.jobs and site.wanted == 0


@pytest.mark.parametrize("value", ["0" * 31, "0" * 33, "0" * 42, "short", "x" * 21, "0123456789abcde\n", ""])
def test_3_a_key_that_cannot_be_is_refused(site: Site, value: str) -> None:
    """Neither hexadecimal nor text of the right length; the text is not repeated."""
    site.ask(value=value)
    assert "32 to 40" in site.replies[-1] and (not value or value not in site.replies[-1])


def test_3_over_ocpp_the_answer_comes_when_it_is_durable(site: Site) -> None:
    """ChangeConfiguration is answered by the commit of the row; the downgrade key of edition 4 is unknown."""
    station = site.station
    text = '[2,"7","ChangeConfiguration",{"key":"SecurityProfile","value":"2"}]'
    step = station.step(ev.FrameReceived(text))
    assert not step.frames
    step = site.keep(step)
    assert '[3,"7",{"status":"Accepted"}]' in step.frames
    text = '[2,"8","ChangeConfiguration",{"key":"AllowSecurityProfileDowngrade","value":"true"}]'
    assert '[3,"8",{"status":"NotSupported"}]' in station.step(ev.FrameReceived(text)).frames


def test_3_files_that_cannot_be_written_refuse(site: Site) -> None:
    """Nothing is changed, and the reason is told."""
    site.keep(site.ask(), "the disk is full")
    assert site.replies[-1].endswith("the disk is full") and site.row() is None and site.wanted == 0


def test_3_a_file_that_was_edited_counts(site: Site) -> None:
    """The local file that says something else is newer than what was set over the network."""
    site.keep(site.ask())
    site.knows = {1}
    site.dial()
    site.local = ev.LocalSet("file-2", profile=1, password=True)
    site.cut()
    assert site.wanted == 0 and site.row() is None


def test_3_in_profile_0_a_key_is_just_stored() -> None:
    """Nothing to try: the connection stays as it is."""
    site = Site(ev.LocalSet("m"))
    site.keep(site.ask())
    row = site.row()
    assert row and row.state == "in-force" and row.password and site.wanted == 0


def _moments(seed: int) -> Iterator[tuple[Site, random.Random]]:
    yield Site(), random.Random(seed)


def change(seed: int) -> tuple[str, Any]:
    """One change with power cuts anywhere, at a Central System that knows the old set, the new one, or both."""
    ((site, random_),) = _moments(seed)
    kind = random_.choice([("AuthorizationKey", KEY), ("SecurityProfile", "2"), ("csms.url", "ws://other.example/x")])
    end = random_.choice(["old", "new", "both"])

    def cut() -> None:
        if random_.random() < 0.2:
            site.cut()

    step = site.ask(*kind)
    if random_.random() < 0.1:
        site.cut()
    else:
        site.keep(step)
    changed = site.row() is not None
    site.knows = {"old": {0}, "new": {1} if changed else {0}, "both": {0, 1}}[end]
    away = random_.randrange(4)
    for turn in range(60):
        cut()
        if turn < away:
            site.dial("tcp-refused", "TCP") if site.wanted not in site.knows else site.wait(100.0)
        elif site.dial(*random_.choice([("http-401", "HTTP"), ("tls-expired", "TLS")])):
            parts = site.station.cp.parts
            if parts.registration.accepted and parts.security.connection_sets.candidate is None:
                return "connected", (end, kind[0])
        site.wait(random_.choice([1.0, 5.0, 40.0]))
    return "locked out", (seed, end, kind[0])


@pytest.mark.parametrize("seed", range(60))
def test_3_no_change_locks_the_station_out(seed: int) -> None:
    """Whatever the Central System knows, and wherever the power fails: connected in the end, nothing left open."""
    assert change(seed)[0] == "connected", change(seed)
