"""Card numbers -> other card numbers of the same shape, under a key of the unit; secrets -> zeros of the same length.

Equal numbers stay equal and different ones different, so that a record replays; without the key it is irreversible.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from daemon.journal.redaction import holds_id_tag, is_secret, without_secret_value, without_secrets, zeros
from ocpp16.events import CardPresented, Event, FrameReceived, SettingAsked
from ocpp16.records import CachedTag, FirmwareUpdate, ListedTag, Record, Reservation, Setting, Transaction

CACHED = 1000
"""Card numbers whose pseudonym is remembered."""
ROUNDS = 6
"""Of the Feistel network."""

_CLASSES = ("0123456789", "abcdef", "ghijklmnopqrstuvwxyz")
_TAG = re.compile(r'("(?:idTag|parentIdTag)"\s*:\s*")((?:[^"\\]|\\.)*)(")', re.IGNORECASE)


class Pseudonyms:
    """A keyed permutation of all texts of one shape: digits stay digits, letters letters, their case as it was."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[str, str] = {}

    def tag(self, id_tag: str) -> str:
        """The pseudonym: same length, same shape; upper and lower case of one card stay the same card."""
        folded = id_tag.lower()
        if len(folded) != len(id_tag):  # a letter that changes its length with its case: leave such a text whole
            folded = id_tag
        if folded not in self._known:
            if len(self._known) >= CACHED:
                del self._known[next(iter(self._known))]
            self._known[folded] = self._permuted(folded)
        other = self._known[folded]
        return "".join(new.upper() if old.isupper() else new for old, new in zip(id_tag, other, strict=True))

    def _permuted(self, folded: str) -> str:
        alphabets = [next((letters for letters in _CLASSES if char in letters), char) for char in folded]
        number, size = 0, 1
        for char, letters in zip(folded, alphabets, strict=True):
            number = number * len(letters) + letters.index(char)
            size *= len(letters)
        shape = "".join(letters[0] for letters in alphabets).encode()
        number = self._walked(number, size, shape)
        chars = []
        for letters in reversed(alphabets):
            number, digit = divmod(number, len(letters))
            chars.append(letters[digit])
        return "".join(reversed(chars))

    def _walked(self, number: int, size: int, shape: bytes) -> int:
        """A permutation of 0..size-1: a Feistel network over a power of four, walked until it falls below."""
        half = max(1, ((size - 1).bit_length() + 1) // 2)
        mask = (1 << half) - 1
        while True:
            left, right = number >> half, number & mask
            for turn in range(ROUNDS):
                text = b"%d/%d/%d/" % (turn, size, right) + shape
                digest = int.from_bytes(blake2b(text, key=self._key, digest_size=16).digest(), "big")
                left, right = right, left ^ (digest & mask)
            number = left << half | right
            if number < size:
                return number

    def frame(self, text: str) -> str:
        """A frame as it may be recorded; what is neither card nor secret stays as it is."""
        return _TAG.sub(lambda found: found[1] + self._escaped(found[2]) + found[3], without_secrets(text))

    def _escaped(self, inside: str) -> str:
        """A card number between the quotes of a JSON text."""
        if "\\" not in inside:
            return self.tag(inside)
        try:
            plain = msgspec.json.decode(f'"{inside}"', type=str)
        except msgspec.DecodeError:
            return zeros(inside)
        return msgspec.json.encode(self.tag(plain)).decode()[1:-1]

    def event(self, event: Event) -> Event:
        """The event as it may be recorded."""
        if isinstance(event, FrameReceived):
            return FrameReceived(self.frame(event.text))
        if isinstance(event, CardPresented):
            return msgspec.structs.replace(event, id_tag=self.tag(event.id_tag))
        if isinstance(event, SettingAsked) and is_secret(event.key):
            return msgspec.structs.replace(event, value=zeros(event.value))
        return event

    def record(self, record: Record) -> Record:
        """The row as it may be recorded."""
        if isinstance(record, CachedTag | ListedTag | Reservation):
            parent = self._maybe(record.parent_id_tag)
            return msgspec.structs.replace(record, id_tag=self.tag(record.id_tag), parent_id_tag=parent)
        if isinstance(record, Transaction):
            return msgspec.structs.replace(
                record,
                id_tag=self.tag(record.id_tag),
                parent_id_tag=self._maybe(record.parent_id_tag),
                stop_id_tag=self._maybe(record.stop_id_tag),
            )
        if isinstance(record, FirmwareUpdate):
            return msgspec.structs.replace(record, location=without_secrets(record.location))
        if isinstance(record, Setting) and is_secret(record.name):
            return msgspec.structs.replace(record, value=zeros(record.value))
        return record

    def fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a note as they may be recorded."""
        return {
            name: self.tag(value) if holds_id_tag(name) and isinstance(value, str) else value
            for name, value in without_secret_value(fields).items()
        }

    def _maybe(self, id_tag: str | None) -> str | None:
        return None if id_tag is None else self.tag(id_tag)
