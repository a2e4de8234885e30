"""An MFRC522 of memory behind spidev, with a card of ISO 14443-3 in its field."""

from __future__ import annotations

import random


def crc_a(data: bytes) -> bytes:
    """Bit by bit, as the standard has it."""
    value = 0x6363
    for byte in data:
        for bit in range(8):
            odd = (value ^ byte >> bit) & 1
            value = value >> 1 ^ (0x8408 if odd else 0)
    return bytes((value & 0xFF, value >> 8))


class CardModel:
    """Answers short and long frames; `halted` cards hear the wake-up only."""

    def __init__(self, uid: bytes) -> None:
        self.uid = uid
        self.parts = [uid]
        if len(uid) == 7:
            self.parts = [b"\x88" + uid[:3], uid[3:]]
        elif len(uid) == 10:
            self.parts = [b"\x88" + uid[:3], b"\x88" + uid[3:6], uid[6:]]
        self.awake = False

    def answer(self, data: bytes, bits: int) -> bytes | None:
        if data == b"\x52" and bits == 7:
            if self.awake:  # one that is selected already falls asleep
                self.awake = False
                return None
            self.awake = True
            return b"\x44\x00"
        if not self.awake or bits:
            return None
        if data == b"\x50\x00" + crc_a(b"\x50\x00"):
            self.awake = False
            return None
        if data[0] not in (0x93, 0x95, 0x97) or (data[0] - 0x93) // 2 >= len(self.parts):
            return None
        level = (data[0] - 0x93) // 2
        part = self.parts[level]
        number = part + bytes((part[0] ^ part[1] ^ part[2] ^ part[3],))
        if data[1:] == b"\x20":
            return number
        chosen = data[:2] + number
        if data != chosen + crc_a(chosen):
            return None
        select = b"\x04" if level + 1 < len(self.parts) else b"\x08"
        return select + crc_a(select)


class Mfrc522Model:
    """spidev's `xfer2`, register by register."""

    def __init__(self) -> None:
        self.max_speed_hz = self.mode = 0
        self.registers = [0] * 64
        self.fifo = bytearray()
        self.card: CardModel | None = None
        self.version = 0x92
        self.powered = True
        self.error: Exception | None = None
        self.transfers = 0
        self.fails_at = 0
        """The nth transfer fails; 0: none."""
        self.noise: random.Random | None = None
        """Damages what cards answer, now and then."""
        self.reset()

    def reset(self) -> None:
        self.registers = [0] * 64
        self.registers[0x37] = self.version
        self.registers[0x14] = 0x80

    def xfer2(self, data: list[int]) -> list[int]:
        self.transfers += 1
        if self.error or self.transfers == self.fails_at:
            raise self.error or OSError(5, "x")
        if not self.powered:
            return [0xFF] * len(data)
        register, value = data[0] >> 1 & 0x3F, data[1]
        if data[0] & 0x80:
            return [0, self._read(register)]
        self._write(register, value)
        return [0, 0]

    def close(self) -> None: ...

    def _read(self, register: int) -> int:
        if register == 0x09:
            return self.fifo.pop(0) if self.fifo else 0
        if register == 0x0A:
            return len(self.fifo)
        return self.registers[register]

    def _write(self, register: int, value: int) -> None:
        if register == 0x09:
            self.fifo.append(value)
        elif register == 0x0A and value & 0x80:
            self.fifo.clear()
        elif register == 0x04:
            self.registers[0x04] &= ~value & 0x7F
        elif register == 0x01 and value == 0x0F:
            self.reset()
        else:
            self.registers[register] = value
            if register == 0x0D and value & 0x80 and self.registers[0x01] == 0x0C:
                self._transceive(value & 0x07)

    def _transceive(self, bits: int) -> None:
        sent = bytes(self.fifo)
        self.fifo.clear()
        self.registers[0x06] = self.registers[0x0C] = 0
        antenna = self.registers[0x14] & 0x03 == 0x03 and self.registers[0x15] == 0x40
        answer = self.card.answer(sent, bits) if self.card and antenna else None
        if answer is None:
            self.registers[0x04] |= 0x01
            return
        self.fifo += answer
        self.registers[0x04] |= 0x30
        if self.noise and self.noise.random() < 0.2:
            self._damage(self.noise)

    def _damage(self, rng: random.Random) -> None:
        kind = rng.randrange(4)
        if kind == 0:
            self.registers[0x06] = rng.choice((0x01, 0x02, 0x08, 0x10))
        elif kind == 1:
            self.registers[0x0C] = rng.randint(1, 7)
        elif kind == 2:
            del self.fifo[rng.randrange(len(self.fifo)) :]
        else:
            for _ in range(rng.randint(1, 4)):
                self.fifo[rng.randrange(len(self.fifo))] ^= 1 << rng.randrange(8)
