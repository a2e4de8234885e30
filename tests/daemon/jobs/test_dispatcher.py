"""Jobs of the core become requests; their ends become events."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from daemon.config.loader import load
from daemon.jobs.dispatcher import JobDispatcher, jobs_of
from daemon.jobs.protocol import JobAnswer, JobRequest
from daemon.jobs.workers import JobSocket, JobThread
from daemon.recorder.support_bundle import BundleSources
from daemon.transfers.files import made_folder
from ocpp16.events import JobDone, Now
from ocpp16.step import CancelJob, Download, Install, Job, Restart, Upload
from tests.daemon.recorder.test_support_bundle import Views, config


class Jobs:
    """Answers when the test lets it."""

    def __init__(self) -> None:
        self.asked: list[JobRequest] = []
        self.answers: dict[int, asyncio.Future[JobAnswer]] = {}
        self.cancelled: list[int] = []
        self.obeys = True

    async def do(self, request: JobRequest) -> JobAnswer:
        self.asked.append(request)
        self.answers[request.ref] = asyncio.get_running_loop().create_future()
        return await self.answers[request.ref]

    def cancel(self, ref: int) -> None:
        self.cancelled.append(ref)
        if ref in self.answers and self.obeys:
            self.answers[ref].set_result(JobAnswer(False, "cancelled", ref))


class Rig:
    def __init__(self, folder: Path) -> None:
        self.jobs, self.done = Jobs(), list[JobDone]()
        self.folder = made_folder(folder)
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

    async def ends(self, ref: int, ok: bool, detail: str, told: bool = True) -> JobDone | None:
        self.told.clear()
        if not self.jobs.answers[ref].done():
            self.jobs.answers[ref].set_result(JobAnswer(ok, detail, ref))
        if not told:
            for _ in range(10):
                await asyncio.sleep(0)
            return None
        await self.told.wait()
        await asyncio.sleep(0)
        return self.done[-1]


async def test_a_download(tmp_path: Path) -> None:
    """Its location goes, its file comes; it is one of our folder, whatever the worker says."""
    rig = Rig(tmp_path)
    for ref, says in ((1, str(rig.folder / "f")), (2, "/etc/f"), (3, "../../f")):
        await rig.took(Download(ref, "http://h/f"))
        assert rig.jobs.asked[-1] == JobRequest("download", ref, "http://h/f")
        assert await rig.ends(ref, True, says) == JobDone(ref, True, str(rig.folder / "f"))


async def test_an_installation(tmp_path: Path) -> None:
    """Only the file's name goes; a file that did not go in is removed, one that did may be asked for again."""
    rig = Rig(tmp_path)
    for ref, ok in ((1, True), (2, False)):
        file = rig.folder / "f.bin"
        file.write_bytes(b"x")
        await rig.took(Install(ref, str(file)))
        assert rig.jobs.asked[-1] == JobRequest("install", ref, file="f.bin")
        assert await rig.ends(ref, ok, "exit") == JobDone(ref, ok, "exit")
        assert file.exists() is ok


async def test_no_other_file_is_removed(tmp_path: Path) -> None:
    """Point 11: a worker that names a file elsewhere does not get it removed."""
    rig, other = Rig(tmp_path), tmp_path / "evsed.db"
    other.write_bytes(b"x")
    await rig.took(Install(1, str(other)))
    await rig.ends(1, False, "exit 1")
    await rig.took(Download(2, "http://h/f"))
    rig.works.take(CancelJob(2))
    await rig.ends(2, True, str(other), told=False)
    assert other.exists()


async def test_what_is_told_is_one_line(tmp_path: Path) -> None:
    """Points 9, 14: an answer of any length and content is bounded and printable."""
    rig = Rig(tmp_path)
    for ref, job in ((1, Download(1, "http://h/f")), (2, Install(2, "/f"))):
        await rig.took(job)
        done = await rig.ends(ref, False, "\x1b[2J\n" * 5000)
        assert done.detail.isprintable() and len(done.detail) <= 200
    rebooting = asyncio.ensure_future(rig.works.reboot(0))
    await asyncio.sleep(0)
    rig.jobs.answers[0].set_result(JobAnswer(False, "\x1b[2J\n" * 5000))
    assert (await rebooting).detail.isprintable()


async def test_an_upload(tmp_path: Path) -> None:
    """The bundle is written, then its name goes."""
    rig = Rig(tmp_path)
    rig.works.take(Upload(1, "http://h/", "d.tar.gz"))
    while not rig.jobs.asked:
        await asyncio.sleep(0)
    assert rig.jobs.asked == [JobRequest("upload", 1, "http://h/", "d.tar.gz")]
    assert (tmp_path / "transfers" / "d.tar.gz").exists()
    assert await rig.ends(1, True, "5 bytes sent") == JobDone(1, True, "5 bytes sent")


async def test_a_bundle_that_nobody_takes_is_removed(tmp_path: Path) -> None:
    """Point 11: without a worker at the socket it would stay, and each attempt makes another."""
    rig = Rig(tmp_path)
    rig.works.take(Upload(1, "http://h/", "d.tar.gz"))
    while not rig.jobs.asked:
        await asyncio.sleep(0)
    await rig.ends(1, False, "evsed-job: no such file")
    assert not list(rig.folder.iterdir())


async def test_a_bundle_that_cannot_be_written(tmp_path: Path) -> None:
    """The job ends, with the disk's error as its detail."""
    rig = Rig(tmp_path)
    rig.folder.rmdir()
    rig.folder.write_bytes(b"in the way")
    rig.works.take(Upload(1, "http://h/", "d.tar.gz"))
    await rig.told.wait()
    assert rig.done[0] == JobDone(1, False, "disk: File exists") and not rig.jobs.asked


async def test_cancelled(tmp_path: Path) -> None:
    """The worker is cancelled and no JobDone is delivered; cancelling an ended job is harmless."""
    rig = Rig(tmp_path)
    await rig.took(Download(1, "http://h/f"))
    await rig.took(Download(2, "http://h/f"))
    rig.works.take(CancelJob(1))
    rig.works.take(CancelJob(77))
    await rig.ends(1, False, "cancelled", told=False)
    assert await rig.ends(2, True, "/f") == JobDone(2, True, str(rig.folder / "f"))
    assert rig.jobs.cancelled == [1] and len(rig.done) == 1


async def test_one_runs_and_one_waits(tmp_path: Path) -> None:
    """Point 11: of 300 orders of a kind one runs, the last one waits, and none of the others is ever begun."""
    rig = Rig(tmp_path)
    rig.jobs.obeys = False
    for ref in range(1, 301):
        rig.works.take(CancelJob(ref - 1))
        await rig.took(Download(ref, f"http://h/{ref}"))
    await rig.ends(1, False, "cancelled", told=False)
    assert await rig.ends(300, True, "/f") == JobDone(300, True, str(rig.folder / "f"))
    assert [request.ref for request in rig.jobs.asked] == [1, 300] and len(rig.done) == 1


async def test_one_that_waits_is_replaced(tmp_path: Path) -> None:
    """Point 11: a third takes the place of the waiting one, whose end is told though nobody cancelled it."""
    rig = Rig(tmp_path)
    for ref in (1, 2, 3):
        await rig.took(Download(ref, "http://h/f"))
    assert rig.done == [JobDone(2, False, "replaced by a later one before it began")]
    await rig.ends(1, False, "cut")
    await rig.ends(3, False, "cut")
    assert [request.ref for request in rig.jobs.asked] == [1, 3]


async def test_kinds_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """A download that hangs holds neither an upload nor an installation."""
    rig = Rig(tmp_path)
    await rig.took(Download(1, "http://h/f"))
    await rig.took(Install(2, "/f"))
    rig.works.take(Upload(3, "http://h/", "d.tar.gz"))
    while len(rig.jobs.asked) < 3:
        await asyncio.sleep(0)


async def test_cancelled_before_it_began(tmp_path: Path) -> None:
    """Point 11: in the same moment, or while it waits: nothing of it is ever begun."""
    rig = Rig(tmp_path)
    rig.works.take(Download(1, "http://h/f"))
    rig.works.take(CancelJob(1))
    rig.works.take(Download(2, "http://h/f"))
    rig.works.take(CancelJob(2))
    await rig.took(Install(3, "/f"))
    assert await rig.ends(3, True, "done") == JobDone(3, True, "done")
    assert [request.ref for request in rig.jobs.asked] == [3]


async def test_a_superseded_download_leaves_no_image(tmp_path: Path) -> None:
    """Point 11: where it was complete just before the cancellation came, its file is removed."""
    rig = Rig(tmp_path)
    rig.jobs.obeys = False
    image = rig.folder / "firmware-1.bin"
    image.write_bytes(b"x")
    await rig.took(Download(1, "http://h/f"))
    rig.works.take(CancelJob(1))
    await rig.ends(1, True, str(image), told=False)
    assert not image.exists() and not rig.done


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
    assert not rig.done[0].ok and rig.done[0].detail.startswith("internal error, RuntimeError (test_dispatcher.py:")


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
        plain = config(tmp_path)
        plain = msgspec.structs.replace(plain, product=msgspec.structs.replace(plain.product, secure_firmware=False))
        shown = BundleSources(plain, Played(board), dict, list, recorded, lambda: Now(1.0, None))
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
