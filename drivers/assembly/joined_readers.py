"""Several readers as one: the card reader and the start button of a connector."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.devices import CardReader, DeviceFailure


class JoinedReaders:
    """A `CardReader`: whoever has read something; a failure only where none has, so that the others go on."""

    __slots__ = ("_readers",)

    def __init__(self, readers: Sequence[CardReader]) -> None:
        self._readers = tuple(readers)

    @property
    def wake_at(self) -> float:
        return min(reader.wake_at for reader in self._readers)

    def read(self, now: float) -> str | DeviceFailure | None:
        """Each is asked every time: a card waits nowhere."""
        failure: DeviceFailure | None = None
        for reader in self._readers:
            read = reader.read(now)
            if isinstance(read, str):
                return read
            failure = failure or read
        return failure
