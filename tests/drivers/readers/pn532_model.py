"""A PN532 of memory: commands in, ACK and answer out, with cards before it."""

from __future__ import annotations

ACK = bytes.fromhex("0000ff00ff00")


def wrapped(body: bytes) -> bytes:
    """A frame as the manual draws it."""
    return b"\x00\x00\xff" + bytes((len(body), 256 - len(body))) + body + bytes((-sum(body) % 256, 0))


def listed(uid: bytes, ats: bytes = b"") -> bytes:
    """The answer to InListPassiveTarget."""
    select = 0x20 if ats else 0x08
    return b"\xd5\x4b\x01\x01\x00\x04" + bytes((select, len(uid))) + uid + ats


class Pn532Model:
    """`card`: answer to a search; `commands`: what was asked, its code first."""

    def __init__(self) -> None:
        self.card = b"\xd5\x4b\x00"
        self.version = bytes.fromhex("d50332010607")
        self.commands: list[bytes] = []
        self.awake = False
        self.powered = True

    def present(self, uid: bytes | None, ats: bytes = b"") -> None:
        self.card = b"\xd5\x4b\x00" if uid is None else listed(uid, ats)

    def answer(self, data: bytes) -> bytes | None:
        """To what comes over the line, wake-up and frames."""
        if not self.powered:
            return None
        if data.startswith(b"\x55\x55"):
            self.awake = True
            return None
        at = data.find(b"\x00\x00\xff")
        if at < 0 or not self.awake or data[at + 3] == 0:
            return None
        length = data[at + 3]
        body = data[at + 5 : at + 5 + length]
        assert (length + data[at + 4]) % 256 == 0
        assert sum(data[at + 5 : at + 6 + length]) % 256 == 0
        assert body[0] == 0xD4
        self.commands.append(body[1:])
        return ACK + wrapped(self._result(body[1:]))

    def _result(self, command: bytes) -> bytes:
        match command[0]:
            case 0x02:
                return self.version
            case 0x4A:
                return self.card
            case code:
                return bytes((0xD5, code + 1))
