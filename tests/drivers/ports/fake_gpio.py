"""RPi.GPIO of memory: levels of lines, who drives them, and errors in its words."""

from __future__ import annotations


class FakeGpio:
    """`levels` is what the outside sees and sets; `log` what was done, in order."""

    BCM, OUT, IN = 11, 0, 1
    PUD_OFF, PUD_DOWN, PUD_UP = 20, 21, 22

    def __init__(self) -> None:
        self.levels: dict[int, bool] = {}
        self.outputs: set[int] = set()
        self.inputs: dict[int, int] = {}
        self.log: list[tuple[object, ...]] = []
        self.busy: dict[int, str] = {}
        """Why a line cannot be had or used."""
        self.broken = ""
        """Why the library as a whole cannot be used."""

    def setwarnings(self, _: bool) -> None: ...

    def setmode(self, mode: int) -> None:
        assert mode == self.BCM
        if self.broken:
            raise RuntimeError(self.broken)

    def setup(self, line: int, direction: int, pull_up_down: int = PUD_OFF, initial: bool | None = None) -> None:
        self._check(line)
        if direction == self.OUT:
            assert initial is not None
            self.outputs.add(line)
            self.levels[line] = bool(initial)
            self.log.append(("claim", line, bool(initial)))
        else:
            self.inputs[line] = pull_up_down
            self.levels.setdefault(line, pull_up_down == self.PUD_UP)

    def output(self, line: int, level: bool) -> None:
        self._check(line)
        assert line in self.outputs
        self.levels[line] = bool(level)
        self.log.append(("set", line, bool(level)))

    def input(self, line: int) -> int:
        self._check(line)
        assert line in self.inputs
        return int(self.levels[line])

    def cleanup(self, line: int) -> None:
        self.outputs.discard(line)
        self.inputs.pop(line, None)
        self.levels[line] = False
        self.log.append(("release", line))

    def _check(self, line: int) -> None:
        if line in self.busy:
            raise Exception(self.busy[line])
