"""Several readers as one."""

from __future__ import annotations

from drivers.assembly.joined_readers import JoinedReaders
from drivers.devices import DeviceFailure

GONE = DeviceFailure("reader", "no answer", "check its cable")


class OneReader:
    def __init__(self, *reads: object) -> None:
        self.wake_at, self.reads = float(len(reads)), list(reads)

    def read(self, now: float) -> object:
        return self.reads.pop(0) if self.reads else None


def test_readers_are_joined() -> None:
    """A failure of one hides no card of another."""
    joined = JoinedReaders([OneReader(GONE, None), OneReader("A1")])  # type: ignore[list-item]
    assert joined.wake_at == 1.0
    assert [joined.read(0.0) for _ in range(3)] == ["A1", None, None]
