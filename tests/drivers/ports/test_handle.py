"""A port's handle: opened late, dropped after a failure, opened again, and every failure says what to do."""

from __future__ import annotations

import errno
import threading
from typing import NoReturn

import pytest

from drivers.devices import DeviceFailure
from drivers.ports.handle import PATIENCE_S, Handle, Remedy, explained

REMEDIES = {errno.ENOENT: Remedy("not there", "plug it in"), 0: Remedy("", "look at it")}


class Opener:
    """Opens numbered things; fails while `error` is set."""

    def __init__(self) -> None:
        self.opened = self.closed = 0
        self.error: Exception | None = None
        self.close_error: Exception | None = None
        self.now = 10.0

    def open(self) -> int:
        if self.error:
            raise self.error
        self.opened += 1
        return self.opened

    def close(self, _: int) -> None:
        self.closed += 1
        if self.close_error:
            raise self.close_error


@pytest.fixture
def opener() -> Opener:
    return Opener()


@pytest.fixture
def handle(opener: Opener) -> Handle[int]:
    return Handle("the device", opener.open, opener.close, REMEDIES, monotonic=lambda: opener.now)


def fails(error: Exception) -> NoReturn:
    raise error


def test_it_is_opened_by_its_first_use(handle: Handle[int], opener: Opener) -> None:
    """And stays open."""
    assert (opener.opened, handle.is_open) == (0, False)
    assert handle.use(lambda thing: thing) == 1
    assert handle.use(lambda thing: thing) == 1
    assert handle.is_open


def test_a_failed_use_closes_it_and_the_next_one_opens_it_anew(handle: Handle[int], opener: Opener) -> None:
    """The failure names the device and the remedy; no second passes before the next try."""
    handle.use(lambda thing: thing)
    result = handle.use(lambda _: fails(FileNotFoundError(errno.ENOENT, "x")))
    assert result == DeviceFailure("the device", "not there", "plug it in")
    assert (opener.closed, handle.is_open) == (1, False)
    assert handle.use(lambda thing: thing) == 2


def test_what_cannot_be_opened_is_not_tried_all_the_time(handle: Handle[int], opener: Opener) -> None:
    """Once a second; in between the failure stands; then it is there by itself."""
    opener.error = OSError(errno.ENOENT, "x")
    failure = handle.use(lambda thing: thing)
    assert isinstance(failure, DeviceFailure)
    opener.error, opener.now = None, 10.9
    assert handle.use(lambda thing: thing) == failure
    opener.now = 11.0
    assert handle.use(lambda thing: thing) == 1


def test_a_failing_close_is_forgotten(handle: Handle[int], opener: Opener) -> None:
    """What is gone cannot be closed."""
    opener.close_error = OSError(errno.EIO, "x")
    handle.use(lambda thing: thing)
    handle.close()
    assert handle.use(lambda thing: thing) == 2
    handle.close()
    handle.close()
    assert opener.closed == 2


def test_a_use_that_hangs_stops_nobody_else(handle: Handle[int]) -> None:
    """The loop gets an answer after 50 ms, whatever another thread is doing there."""
    inside, over = threading.Event(), threading.Event()

    def hang(thing: int) -> int:
        inside.set()
        over.wait(10)
        return thing

    thread = threading.Thread(target=handle.use, args=(hang,))
    thread.start()
    inside.wait(10)
    result = handle.use(lambda thing: thing, "address 7")
    over.set()
    thread.join()
    assert result == DeviceFailure("address 7", "it is still busy", "another device at it may hang: restart it")
    assert PATIENCE_S <= 0.05


@pytest.mark.parametrize(
    ("error", "cause", "remedy"),
    [
        (OSError(errno.ENOENT, "x"), "not there", "plug it in"),
        (OSError(errno.EBUSY, "x"), "another program uses it", "end that program"),
        (OSError(errno.ENOSPC, "x"), "no space left on device", "check its plug and its wiring"),
        (OSError("words\nof it"), "words of it", "look at it"),
        (OSError(-7, "odd"), "[Errno -7] odd", "look at it"),
        (ValueError(), "ValueError", "look at it"),
        (ValueError("x" * 300), "x" * 100, "look at it"),
    ],
)
def test_errors_are_explained(error: Exception, cause: str, remedy: str) -> None:
    """The port's remedies first, then what is generally so, then the error's own words."""
    assert explained("d", error, REMEDIES) == DeviceFailure("d", cause, remedy)
    assert explained("d", OSError("x"), {}).remedy == "check its plug and its wiring"
