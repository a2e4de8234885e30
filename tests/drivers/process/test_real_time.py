"""What makes the loop punctual, where it is allowed, and what is said where it is not."""

from __future__ import annotations

import gc
import sys

from drivers.process.real_time import become_real_time, freeze_heap, lock_memory


def test_what_is_forbidden_is_said() -> None:
    """One line each, with what allows it; nothing is raised."""
    said: list[str] = []

    def log(kind: str, text: str) -> None:
        said.append(text)

    become_real_time(log, 1000)  # no such priority: refused to everybody
    assert len(said) == 1 and said[0].startswith("no real-time priority: ")
    lock_memory(log, lambda flags: -1)
    assert said[1].startswith("memory is not locked: LimitMEMLOCK=infinity")

    def missing(flags: int) -> int:
        raise AttributeError("mlockall")

    lock_memory(log, missing)
    assert said[2] == "memory is not locked: mlockall"
    lock_memory(log, lambda flags: 0 if flags == 7 else -1)
    assert len(said) == 3


def test_the_heap_is_frozen() -> None:
    """And threads change places within a millisecond."""
    before = sys.getswitchinterval()
    try:
        freeze_heap()
        assert gc.get_freeze_count() > 0 and sys.getswitchinterval() == 0.001
    finally:
        gc.unfreeze()
        sys.setswitchinterval(before)
