"""Jobs of the core become requests; their ends become events."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from daemon.config.loader import load
from daemon.jobs.dispatcher import JobDispatcher, jobs_of
from daemon.jobs.protocol import JobAnswer, JobRequest
from daemon.jobs.workers import JobSocket, JobThread
from daemon.recorder.support_bundle import BundleSources
from ocpp16.events import JobDone, Now
from ocpp16.step import CancelJob, Download, Install, Job, Restart, Upload
from tests.daemon.recorder.test_support_bundle import Views, config


class Jobs:
    """Answers when the test lets it."""

    def __init__(self) -> None:
        self.asked: list[JobRequest] = []
        self.answers: dict[int, asyncio.Future[JobAnswer]] = {}
        self.cancelled: list[int] = []

    async def do(self, request: JobRequest) -> JobAnswer:
        self.asked.append(request)
        self.answers[request.ref] = asyncio.get_running_loop().create_future()
        return await self.answers[request.ref]

    def cancel(self, ref: int) -> None:
        self.cancelled.append(ref)
        if ref in self.answers:
            self.answers[ref].set_result(JobAnswer(False, "cancelled", ref))


class Rig:
    def __init__(self, folder: Path) -> None:
        self.jobs, self.done = Jobs(), list[JobDone]()
        self.told = asyncio.Event()

        async def recorded() -> None: ...

        shown = BundleSources(config(folder), Views(), dict, list, recorded, lambda: Now(1.0, None))
        self.works = JobDispatcher(lambda: self.jobs, shown, self.deliver)  # type: ignore[arg-type,return-value]

    def deliver(self, event: JobDone) -> None:
        self.done.append(event)
        self.told.set()

    async def took(self, job: Job) -> None:
        self.works.take(job)
        await asyncio.sleep(0)

    async def ends(self, ref: int, ok: bool, detail: str) -> JobDone:
        self.told.clear()
        self.jobs.answers[ref].set_result(JobAnswer(ok, detail, ref))
        await self.told.wait()
        return self.done[-1]


async def test_a_download(tmp_path: Path) -> None:
    """Its location goes, its file comes."""
    rig = Rig(tmp_path)
    await rig.took(Download(1, "http://h/f"))
    assert rig.jobs.asked == [JobRequest("download", 1, "http://h/f")]
    assert await rig.ends(1, True, "/f") == JobDone(1, True, "/f")


async def test_an_installation(tmp_path: Path) -> None:
    """Only the file's name goes; a file that did not go in is removed, one that did may be asked for again."""
    rig = Rig(tmp_path)
    for ref, ok in ((1, True), (2, False)):
        file = tmp_path / "f.bin"
        file.write_bytes(b"x")
        await rig.took(Install(ref, str(file)))
        assert rig.jobs.asked[-1] == JobRequest("install", ref, file="f.bin")
        assert await rig.ends(ref, ok, "exit") == JobDone(ref, ok, "exit")
        assert file.exists() is ok


async def test_an_upload(tmp_path: Path) -> None:
    """The bundle is written, then its name goes."""
    rig = Rig(tmp_path)
    rig.works.take(Upload(1, "http://h/", "d.tar.gz"))
    while not rig.jobs.asked:
        await asyncio.sleep(0)
    assert rig.jobs.asked == [JobRequest("upload", 1, "http://h/", "d.tar.gz")]
    assert (tmp_path / "transfers" / "d.tar.gz").exists()
    assert (await rig.ends(1, True, "5 bytes sent")).ok


async def test_a_bundle_that_cannot_be_written(tmp_path: Path) -> None:
    """The job ends, with the disk's error as its detail."""
    rig = Rig(tmp_path)
    (tmp_path / "transfers").write_bytes(b"in the way")
    rig.works.take(Upload(1, "http://h/", "d.tar.gz"))
    await rig.told.wait()
    assert not rig.done[0].ok and "File exists" in rig.done[0].detail and not rig.jobs.asked


async def test_cancelled(tmp_path: Path) -> None:
    """The worker is cancelled and no JobDone is delivered; cancelling an ended job is harmless."""
    rig = Rig(tmp_path)
    await rig.took(Download(1, "http://h/f"))
    await rig.took(Download(2, "http://h/f"))
    rig.works.take(CancelJob(1))
    rig.works.take(CancelJob(77))
    assert await rig.ends(2, True, "/f") == JobDone(2, True, "/f")
    assert rig.jobs.cancelled == [1] and len(rig.done) == 1


async def test_a_flood_of_uploads_makes_one_bundle_at_a_time(tmp_path: Path) -> None:
    """What was given up before its turn is never gathered; only what is wanted is sent."""
    rig = Rig(tmp_path)
    for ref in range(1, 100):
        rig.works.take(Upload(ref, "http://h/", f"d{ref}.tar.gz"))
        if ref > 1:
            rig.works.take(CancelJob(ref - 1))
    while not rig.jobs.asked:
        await asyncio.sleep(0)
    assert [request.ref for request in rig.jobs.asked] == [99]
    assert [file.name for file in (tmp_path / "transfers").iterdir()] == ["d99.tar.gz"]


async def test_a_broken_worker_is_an_end_too(tmp_path: Path) -> None:
    """Whatever it raises, a JobDone is delivered and nothing is raised."""
    rig = Rig(tmp_path)
    await rig.took(Download(1, "http://h/f"))
    rig.jobs.answers[1].set_exception(RuntimeError("what?"))
    await rig.told.wait()
    assert rig.done == [JobDone(1, False, "RuntimeError: what?")]


def test_a_restart_is_not_for_us(tmp_path: Path) -> None:
    """A restart is for the main loop, not for the dispatcher."""
    with pytest.raises(AssertionError, match="Restart"):
        Rig(tmp_path).works.take(Restart("SoftReset"))


class Played(Views):
    def __init__(self, board: str) -> None:
        self.board = board

    def status(self, now: Now) -> dict[str, object]:
        return {"board": self.board}


class Simulation:
    async def play(self, hook: str) -> tuple[bool, str]:
        return True, hook

    async def install(self, image: Path) -> tuple[bool, str]:
        return True, str(image)


async def test_who_does_them(tmp_path: Path) -> None:
    """evsed-job where its socket is configured; else threads, and a simulated installer only on a simulated board."""

    async def recorded() -> None: ...

    simulation: Any = Simulation()
    for board, ok in (("simulated", True), ("real", False)):
        shown = BundleSources(config(tmp_path), Played(board), dict, list, recorded, lambda: Now(1.0, None))
        jobs = jobs_of(shown, lambda: simulation)
        assert isinstance(jobs, JobThread)
        answer = await jobs.do(JobRequest("install", 1, file="f"))
        assert answer.ok is ok and (not ok or answer.detail == str(tmp_path / "transfers" / "f"))
        assert not (await jobs.do(JobRequest("download", 2, "http://127.0.0.1/f"))).ok
        assert await jobs.do(JobRequest("reboot", 3)) == JobAnswer(True, "reboot", 3)
        early = jobs_of(shown, lambda: None)
        assert not (await early.do(JobRequest("reboot", 4))).ok and not (await early.do(JobRequest("install", 5))).ok
    file = tmp_path / "evsed.toml"
    file.write_text(f"{file.read_text()}\n[jobs]\nsocket = '/run/j'\n")
    shown = BundleSources(load([file], {}), Played("simulated"), dict, list, recorded)
    assert isinstance(jobs_of(shown, lambda: simulation), JobSocket)
