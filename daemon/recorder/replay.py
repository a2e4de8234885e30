"""`python -m daemon.recorder.replay FILE`: replays a flight-recorder file through the contract machine.

Frames that differ from the recorded ones are shown: then this version decides differently from the recorded one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from daemon.journal.journal import line_of
from daemon.journal.redaction import in_full
from daemon.recorder.flight_recorder import FILES, HARMLESS, Snapshot
from daemon.recorder.ring import read_lines
from ocpp16.charge_point import ChargePoint
from ocpp16.events import AnyEvent, Event, FrameReceived, Now, Tick
from ocpp16.step import Commit, Delete, Link, Moment, Note, Offer, Outlet, Save, Tell, Withdraw, moments

RecordedLine = list[Any]


def with_earlier(file: Path) -> list[Path]:
    """The file and those before it in its ring, oldest first."""
    if file.is_dir():
        file = file / FILES[0]
    if file.name not in FILES:
        return [file]
    ring = [file.parent / name for name in FILES[FILES.index(file.name) :]]
    return [path for path in reversed(ring) if path.is_file()]


def moment_text(moment: Moment) -> str:
    """A moment as a line for a person."""
    match moment:
        case Withdraw(outlet):
            return f"withdraw   connector {outlet.connector}: {outlet.offered_amps:g} A"
        case Offer(outlet):
            flags = ", ".join(name for name in ("locked", "in_service") if getattr(outlet, name))
            return f"offer      connector {outlet.connector}: {outlet.offered_amps:g} A, lamp {outlet.lamp}, {flags}"
        case Commit(records):
            return "commit     " + ", ".join(sorted(_write(write) for write in records))
        case Tell(str() as frame):
            return f"send       {frame}"
        case Tell(Note() as note):
            return f"note       {line_of(note, in_full)[1]}"
        case Tell(Link() as link):
            wanted = "wanted" if link.connected else "not wanted"
            return f"link       {wanted}, ping every {link.ping_interval_s} s, epoch {link.epoch}"
        case Tell(other):
            return f"{type(other).__name__.lower():10} {msgspec.json.encode(other).decode()}"


def _write(write: Save | Delete) -> str:
    return (
        f"{write.record.table} {write.record.key}" if isinstance(write, Save) else f"delete {write.table} {write.key}"
    )


def event_text(event: Event) -> str:
    """An event as a line for a person."""
    if isinstance(event, FrameReceived):
        return f"frame received  {event.text}"
    fields = msgspec.to_builtins(event)
    kind = fields.pop("type")
    return f"{kind}  " + " ".join(
        f"{name}={value}" for name, value in fields.items() if value not in (None, "", [], ())
    )


class Player:
    """Replays one run of the process."""

    def __init__(self, shot: Snapshot) -> None:
        self._point = ChargePoint(
            shot.product,
            shot.identity,
            shot.first_values,
            shot.rows(),
            shot.seed,
            shot.boot_id,
            shot.build_utc,
            shot.free_vend,
        )
        self._outlets: dict[int, Outlet] = {}
        self._link: Link | None = None
        self.frames: list[str] = []
        """Frames that were sent and have not been compared yet."""

    def play(self, now: Now, event: Event) -> Iterator[str]:
        """The lines of one step."""
        step = self._point.step(now, event)
        lines = []
        for moment in moments(step, self._outlets, self._link):
            if isinstance(moment, Withdraw | Offer):
                self._outlets[moment.outlet.connector] = moment.outlet
            elif isinstance(moment, Tell) and isinstance(moment.what, Link):
                self._link = moment.what
            elif isinstance(moment, Tell) and isinstance(moment.what, str):
                self.frames.append(moment.what)
            lines.append(f"{'':14} {moment_text(moment)}")
        if lines or not isinstance(event, Tick):
            yield f"{now.mono:12.3f}   {event_text(event)}"
        yield from lines


def same_frame(recorded: str, played: str) -> bool:
    """Whether a replayed frame is the recorded one: what is hidden there may be anything here.

    Of a CALLERROR only the id counts: what was wrong with the request is not recorded.
    """
    try:
        one, other = msgspec.json.decode(recorded), msgspec.json.decode(played)
    except msgspec.DecodeError:
        return recorded == played
    if isinstance(one, list) and isinstance(other, list) and one[:1] == [4] == other[:1]:
        return one[1:2] == [str(text)[:36] for text in other[1:2]]
    return _same(one, other)


def _same(recorded: Any, played: Any) -> bool:
    if isinstance(recorded, dict) and isinstance(played, dict):
        return recorded.keys() == played.keys() and all(_same(value, played[name]) for name, value in recorded.items())
    if isinstance(recorded, list) and isinstance(played, list):
        hidden = len(recorded) == 1 and str(recorded[0]).startswith("not shown")
        return hidden or (len(recorded) == len(played) and all(map(_same, recorded, played)))
    return recorded == played or (isinstance(recorded, str) and recorded.startswith("(hidden"))


class _Replay:
    """The lines one after the other; `player` is None while there is nothing to play from."""

    def __init__(self) -> None:
        self.player: Player | None = None
        self.thinned = False
        """CALLERRORs of ours were left out of the record."""

    def line(self, line: RecordedLine) -> Iterator[tuple[str, bool]]:
        if line[0] == "snapshot":
            self.player, self.thinned = Player(msgspec.convert(line[1], Snapshot)), False
            yield "--- evsed starts ---", False
        elif line[0] == "omitted":
            yield from self._omitted(line)
        elif self.player is None:
            yield from _not_replayed(line)
        elif line[0] == "event":
            yield from self.missing()
            event = msgspec.convert(line[3], AnyEvent)
            for text in self.player.play(Now(line[1], line[2], *line[4:5]), event):
                yield text, False
        elif line[0] == "sent":
            yield from self._sent(line[2])

    def _sent(self, recorded: str) -> Iterator[tuple[str, bool]]:
        assert self.player is not None
        waiting = self.player.frames
        while self.thinned and waiting and waiting[0].startswith("[4,") and not same_frame(recorded, waiting[0]):
            waiting.pop(0)
        if not same_frame(recorded, waiting.pop(0) if waiting else '"nothing"'):
            yield f"{'':14} DIFFERS    recorded: {recorded}", True

    def _omitted(self, line: RecordedLine) -> Iterator[tuple[str, bool]]:
        _, mono, kind, times = line
        if str(kind).startswith(HARMLESS):
            self.thinned = True
        elif self.player is not None:
            self.player = None
            yield f"{mono:12.3f}   --- lines are missing from here on: shown, not replayed ---", False
        yield f"{mono:12.3f}   left out: {f'{times} times ' if times else ''}{kind}", False

    def missing(self) -> Iterator[tuple[str, bool]]:
        """Frames that were sent in the replay alone."""
        if self.player is None:
            return
        for frame in self.player.frames:
            if not (self.thinned and frame.startswith("[4,")):
                yield f"{'':14} DIFFERS    not recorded: {frame}", True
        self.player.frames.clear()


def replay(lines: Iterable[RecordedLine]) -> Iterator[tuple[str, bool]]:
    """The replay, line by line; True marks a line that shows a difference from the record."""
    run = _Replay()
    for line in lines:
        yield from run.line(line)
    yield from run.missing()


def _not_replayed(line: RecordedLine) -> Iterator[tuple[str, bool]]:
    """A line of a run whose start is no longer in the ring: it is shown, not replayed."""
    if line[0] == "event":
        yield f"{line[1]:12.3f}   {event_text(msgspec.convert(line[3], AnyEvent))}", False
    elif line[0] == "sent":
        yield f"{'':14} send       {line[2]}", False
    elif line[0] == "note":
        yield f"{'':14} note       {line_of(Note(line[3], line[4]), in_full)[1]}", False


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 as recorded, 1 frames differ, 2 nothing to replay."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python -m daemon.recorder.replay FILE|FOLDER", file=sys.stderr)
        return 2
    files = with_earlier(Path(arguments[0]))
    try:
        lines = [line for file in files for line in read_lines(file)]
    except OSError as error:
        print(f"replay: {error}", file=sys.stderr)
        return 2
    if not lines:
        print(f"replay: {arguments[0]} holds no flight record", file=sys.stderr)
        return 2
    differs = 0
    for text, is_difference in replay(lines):
        print(text)
        differs += is_difference
    was_replayed = any(line[0] == "snapshot" for line in lines)
    print(
        f"--- {differs} frame(s) differ from the record ---"
        if was_replayed
        else "--- shown, not replayed: the start is missing ---"
    )
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
