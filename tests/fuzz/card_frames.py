"""What card readers send: frames of the PN532, the RDM6300, an MFRC522's registers, keys of a keyboard reader."""

from __future__ import annotations

from random import Random
from typing import Any

from drivers.devices import DeviceFailure
from drivers.ports.spi_device import SpiDevice
from drivers.readers.card_mailbox import Card
from drivers.readers.id_tags import IdFormat
from drivers.readers.mfrc522 import Mfrc522
from drivers.readers.pn532 import Pn532
from drivers.readers.pn532_uart import Pn532Uart
from drivers.readers.polled_reader import CardChip, PolledReader
from drivers.readers.rdm6300 import Rdm6300
from drivers.readers.usb_keyboard import UsbKeyboardReader
from tests.drivers.ports.wire import Piece, Wire
from tests.drivers.readers.mfrc522_model import CardModel, Mfrc522Model
from tests.drivers.readers.pn532_model import ACK, Pn532Model, listed, wrapped
from tests.fuzz import mutate

FRAMES = [
    ACK,
    wrapped(b"\xd5\x4b\x00"),
    wrapped(listed(bytes.fromhex("04a2b9c1"))),
    wrapped(listed(bytes(range(7)), b"\x05\x78\x80\x70\x02")),
    wrapped(listed(bytes(range(10)))),
    bytes.fromhex("0000ff01ff7f8100"),
    b"\x0201026F6C3A3A\x03",
]
"""The last one is an RDM6300's, the one before the PN532's error frame."""
UIDS = (bytes.fromhex("04a2b9c1"), bytes(range(1, 8)), bytes(range(1, 11)))
FORMATS = (IdFormat(), IdFormat("reversed", "NFC-", "04"), IdFormat(prefix="é" * 19))
Spec = tuple[str, IdFormat, Any]


def make(random: Random) -> Spec:
    kind = random.choice(("pn532", "pn532", "rdm6300", "mfrc522", "keyboard"))
    form = random.choice(FORMATS)
    if kind == "mfrc522":
        return kind, form, (random.choice((None, *UIDS)), random.randrange(2**32))
    if kind == "keyboard":
        digits = random.choice(("as-typed", "decimal", "wiegand-26"))
        return kind, form, (digits, [random.choice((28, random.randrange(600))) for _ in range(random.randrange(60))])
    streams = [mutate.data(random, random.choice(FRAMES), FRAMES) for _ in range(random.choice((1, 3)))]
    return kind, form, b"".join(streams)


def take(spec: Spec) -> None:
    """Searched some times over: a card, a failure in words, or nothing; never longer than an idTag."""
    kind, form, what = spec
    reader = PolledReader(_chip(kind, what), form)
    for turn in range(4):
        assert 0 <= reader.poll() <= 10
        found = reader.take(float(turn))
        assert found is None or isinstance(found, Card | DeviceFailure)
        if isinstance(found, Card):
            assert len(found.id_tag) <= 20 and found.raw.isascii()


def _chip(kind: str, what: Any) -> CardChip:
    if kind == "pn532":
        model = Pn532Model()
        wire = Wire(model.answer, 115200)
        chip = Pn532(Pn532Uart(wire, wire.monotonic), wire.monotonic)
        wire.disturb = lambda reply: [Piece(0.0, what[:300]), Piece(0.0, reply)]
        return chip
    if kind == "rdm6300":
        wire = Wire(lambda _: None)
        wire.put(0.0, what[:2000])
        return Rdm6300(wire, wire.monotonic)
    if kind == "keyboard":
        return UsbKeyboardReader(_Keys(what[1]), what[0], lambda: 0.0)  # type: ignore[arg-type]
    return _Registers(*what).chip()


class _Keys:
    """`KeyEvents`: all keys at once, then none."""

    device = "/dev/input/fuzz"

    def __init__(self, keys: list[int]) -> None:
        self.keys = keys

    def pressed(self, within_s: float) -> list[int]:
        keys, self.keys = self.keys, []
        return keys


class _Registers(Mfrc522Model):
    """A chip that reads as it should at first, then now and then as it likes."""

    def __init__(self, uid: bytes | None, seed: int) -> None:
        super().__init__()
        self.random = Random(seed)
        self.noise = self.random
        self.card = CardModel(uid) if uid else None
        self.now = 0.0

    def xfer2(self, data: list[int]) -> list[int]:
        got = super().xfer2(data)
        return [0, self.random.randrange(256)] if self.transfers > 30 and self.random.random() < 0.05 else got

    def sleep(self, pause_s: float) -> None:
        self.now += pause_s

    def chip(self) -> Mfrc522:
        spi = SpiDevice("/dev/spidev0.0", open_=lambda _: self, monotonic=lambda: self.now)
        return Mfrc522(spi, lambda: self.now, self.sleep)
