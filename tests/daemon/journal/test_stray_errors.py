"""What Python would print by itself becomes notes."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from daemon.journal.journal import Journal
from daemon.journal.stray_errors import capture, capture_loop, report, text_of


@pytest.fixture
def notes() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """What was logged while the interpreter's own printing is taken over."""
    found: list[tuple[str, dict[str, Any]]] = []
    give_back = capture(lambda code, **fields: found.append((code, fields)))
    yield found
    give_back()


def test_point_8_a_lack_of_descriptors_is_a_few_lines() -> None:
    """66,607 failed calls of `accept` are ten lines and a count."""
    lines: list[str] = []
    now = 0.0
    journal = Journal(lambda priority, text, fields: lines.append(text), lambda: now)
    for _ in range(66_607):
        report(journal.log, "accept", OSError(errno.EMFILE, "Too many open files"))
    now = 11.0
    journal.log("ended", reason="Exit")
    assert len(lines) == 12 and "66597 more" in lines[10] and "no file descriptors are left" in lines[0]


def test_an_error_is_told_without_its_words() -> None:
    """Kind and place; the words may repeat any input, only those of the system are told."""
    try:
        raise KeyError("04A2B9C1")
    except KeyError as error:
        assert text_of(error).startswith("KeyError at test_stray_errors.py:")
    assert text_of(OSError(errno.EPIPE, "Broken pipe")) == "BrokenPipeError: Broken pipe" and text_of(None) == "unknown"


async def test_what_asyncio_finds(notes: list[tuple[str, dict[str, Any]]]) -> None:
    """An exception in a callback is one note."""
    loop = asyncio.get_running_loop()
    capture_loop(loop, lambda code, **fields: notes.append((code, fields)))
    loop.call_soon(lambda: 1 / 0)
    await asyncio.sleep(0)
    loop.set_exception_handler(None)
    assert notes[0][0] == "stray-error" and notes[0][1]["error"].startswith("ZeroDivisionError at")


def test_libraries_threads_and_finalizers(
    notes: list[tuple[str, dict[str, Any]]], capfd: pytest.CaptureFixture[str]
) -> None:
    """A library's warning, an exception in a thread, in a finalizer and at the end: notes, and nothing on stderr."""

    class Torn:
        def __del__(self) -> None:
            raise ValueError("secret")

    logging.getLogger("library").warning("cannot %s", "secret")
    try:
        raise ValueError("secret")
    except ValueError as error:
        logging.getLogger("library").exception("failed")
        sys.excepthook(ValueError, error, error.__traceback__)
    thread = threading.Thread(target=lambda: 1 / 0)
    hook = threading.excepthook
    thread.start()
    thread.join()
    assert hook is threading.excepthook
    Torn()
    gc.collect()
    assert [code for code, _ in notes] == ["stray-error"] * 5 and "secret" not in str(notes)
    assert "ValueError" not in capfd.readouterr().err
