"""What comes out of a board's socket in one turn: a bounded number of packets, without those that later ones make void.

Pure but for the reads; it judges no meaning.
"""

from __future__ import annotations

import socket

from daemon.board.translation import Packet
from drivers.board_protocol import MAX_BYTES, ProtocolError, decode
from drivers.process.pace import Pace

PACKETS_A_TURN = 64
PACKETS_PER_S = 500
BURST = 2000
"""A board of sixteen connectors says twenty packets a second, and a hundred at its greeting."""
REST_S = 0.05
LEVELS = ("pilot", "cable", "contactor")


class Flow:
    """One connection."""

    def __init__(self) -> None:
        self._pace = Pace(PACKETS_PER_S, BURST)

    def read(self, now: float, sock: socket.socket, first: bytes) -> tuple[list[Packet], Exception | None]:
        """The packet that came and those behind it; and how the connection ended by them, if it did."""
        self._pace.take(now)
        packets: list[Packet] = []
        data = first
        try:
            while True:
                if not data:
                    raise ConnectionResetError("the board closed the connection")
                packets.append(decode(data, "from_board"))
                if len(packets) == PACKETS_A_TURN or not self._pace.take(now):
                    break
                data = sock.recv(MAX_BYTES + 1)
        except BlockingIOError:
            pass
        except (OSError, ProtocolError) as error:
            return without_void(packets), error
        return without_void(packets), None

    def rest_s(self, now: float) -> float:
        """For how long nothing more should be read; 0: it does not say too much."""
        over_s = self._pace.free_at - now
        return over_s + REST_S if over_s > 0 else 0.0


def without_void(packets: list[Packet]) -> list[Packet]:
    """Of readings with nothing of their connector between them only the newest, of equal levels only the oldest.

    Nothing is lost: readings on both sides of any change stay, and so does each change.
    """
    kept: list[Packet | None] = []
    last: dict[object, int] = {}
    for packet in packets:
        place = last.get(packet.get("connector"))
        before = kept[place] if place is not None else None
        if place is not None and before is not None and before["type"] == packet["type"]:
            if packet["type"] == "meter":
                kept[place] = None
            elif packet["type"] in LEVELS and {**before, "at": 0} == {**packet, "at": 0}:
                continue
        last[packet.get("connector")] = len(kept)
        kept.append(packet)
    return [packet for packet in kept if packet is not None]
