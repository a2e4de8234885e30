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
from daemon.recorder.flight_recorder import FILES, Snapshot, read_lines
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
            return f"note       {line_of(note)[1]}"
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
            shot.product, shot.identity, shot.first_values, shot.rows(), shot.seed, shot.boot_id, shot.build_utc
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


def replay(lines: Iterable[RecordedLine]) -> Iterator[tuple[str, bool]]:
    """The replay, line by line; True marks a line that shows a difference from the record."""
    player: Player | None = None
    for line in lines:
        if line[0] == "snapshot":
            player = Player(msgspec.convert(line[1], Snapshot))
            yield "--- evsed starts ---", False
        elif player is None:
            yield from _not_replayed(line)
        elif line[0] == "event":
            yield from _missing(player)
            event = msgspec.convert(line[3], AnyEvent)
            for text in player.play(Now(line[1], line[2], *line[4:5]), event):
                yield text, False
        elif line[0] == "sent":
            sent = player.frames.pop(0) if player.frames else "(nothing)"
            if sent != line[2]:
                yield f"{'':14} DIFFERS    recorded: {line[2]}", True
    if player is not None:
        yield from _missing(player)


def _missing(player: Player) -> Iterator[tuple[str, bool]]:
    for frame in player.frames:
        yield f"{'':14} DIFFERS    not recorded: {frame}", True
    player.frames.clear()


def _not_replayed(line: RecordedLine) -> Iterator[tuple[str, bool]]:
    """A line of a run whose start is no longer in the ring: it is shown, not replayed."""
    if line[0] == "event":
        yield f"{line[1]:12.3f}   {event_text(msgspec.convert(line[3], AnyEvent))}", False
    elif line[0] == "sent":
        yield f"{'':14} send       {line[2]}", False
    elif line[0] == "note":
        yield f"{'':14} note       {line_of(Note(line[3], line[4]))[1]}", False


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
