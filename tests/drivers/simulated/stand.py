"""A simulated board on a stand: words in, every message checked and kept, time that goes from wake to wake."""

from __future__ import annotations

from typing import Any

from drivers.board_protocol import check
from drivers.simulated.board import SimulatedBoard

Message = dict[str, Any]


class Stand:
    """`now` starts at 1000 s; `said` is everything the board has said since the greeting."""

    def __init__(self, state: dict[str, Any] | None = None, greet: bool = True, **options: Any) -> None:
        self.now = 1000.0
        self.seq = 0
        self.said: list[Message] = []
        self.board = SimulatedBoard(state=state, **options)
        self.greeting = self.board.greet(self.now) if greet else []
        self.advances = 0
        for message in self.greeting:
            check(message, "from_board")

    def hear(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            check(message, "from_board")
        self.said += messages
        return messages

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self.board.wake_at() <= end:
            self.now = max(self.now, self.board.wake_at())
            self.hear(self.board.advance(self.now))
            self.advances += 1
        self.now = end

    def do(self, what: str, *words: str, connector: int | None = None) -> tuple[bool, str] | None:
        """The answer where it comes at once."""
        self.seq += 1
        order = {"type": "do", "what": what, "words": list(words), "connector": connector, "seq": self.seq}
        told = self.hear(self.board.receive(self.now, check(order, "to_board")))
        return next(((m["ok"], m["detail"]) for m in told if m["type"] == "done"), None)

    def sim(self, *words: str, connector: int | None = None) -> tuple[bool, str]:
        answer = self.do("sim", *words, connector=connector)
        assert answer is not None
        return answer

    def fault(self, name: str, on: str = "on") -> None:
        assert self.sim("fault", name, on) == (True, "done")

    def offer(self, amps: float, connector: int = 1, lease_s: float = 20.0, locked: bool = False) -> Message:
        """The answer."""
        self.seq += 1
        message = {"type": "offer", "connector": connector, "amps": amps, "locked": locked, "in_service": True}
        message |= {"lamp": "off", "lease_s": lease_s, "seq": self.seq}
        (ack,) = [m for m in self.hear(self.board.receive(self.now, message)) if m["type"] == "ack"]
        assert ack["seq"] == self.seq
        return ack

    def latched(self, code: str, connector: int | None = 1) -> None:
        self.hear(self.board.receive(self.now, {"type": "latched", "connector": connector, "code": code}))

    def charging(self, amps: float = 16.0, locked: bool = False) -> None:
        """A car that has been drawing for a second or two; lease without end where the board allows it."""
        self.sim("plug")
        self.wait(1.0)
        self.offer(amps, lease_s=1e9, locked=locked)
        self.wait(5.0)
        assert self.last("contactor")["closed"]

    def of(self, kind: str) -> list[Message]:
        return [message for message in self.said if message["type"] == kind]

    def last(self, kind: str) -> Message:
        return self.of(kind)[-1]

    def faults(self) -> list[tuple[str, bool]]:
        return [(message["code"], message["on"]) for message in self.of("fault")]

    def present(self) -> set[str]:
        """Faults that are on."""
        on: set[str] = set()
        for code, there in self.faults():
            (on.add if there else on.discard)(code)
        return on

    def wh(self, connector: int = 1) -> float:
        return float(self.board.state(self.now)["connectors"][connector - 1]["meter"]["wh"])


FOREVER = {"lease_s": float("inf")}
"""Options for a board whose offers last."""
