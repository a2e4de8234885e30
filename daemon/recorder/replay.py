"""`python -m daemon.recorder.replay FILE`: plays a flight-recorder file through the contract machine.

Frames that come out differently than they were recorded are named: then this version decides otherwise than that one.
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


def in_words(moment: Moment) -> str:
    """A moment as a person would tell it."""
    match moment:
        case Withdraw(outlet):
            return f"withdraw   connector {outlet.connector}: {outlet.offered_amps:g} A"
        case Offer(outlet):
            flags = ", ".join(name for name in ("locked", "in_service") if getattr(outlet, name))
            return f"offer      connector {outlet.connector}: {outlet.offered_amps:g} A, lamp {outlet.lamp}, {flags}"
        case Commit(records):
            return "commit     " + ", ".join(sorted(_write(write) for write in records))
        case Tell(str() as frame):
            return f"tell       {frame}"
        case Tell(Note() as note):
            return f"note       {line_of(note)[1]}"
        case Tell(Link() as link):
            wanted = "wanted" if link.connected else "not wanted"
            return f"link       {wanted}, ping every {link.ping_interval_s} s, epoch {link.epoch}"
        case Tell(other):
            return f"{type(other).__name__.lower():10} {msgspec.json.encode(other).decode()}"


def _write(write: Save | Delete) -> str:
    return (
        f"{write.record.table} {write.record.key}" if isinstance(write, Save) else f"no more {write.table} {write.key}"
    )


def event_in_words(event: Event) -> str:
    """An event as a person would tell it."""
    if isinstance(event, FrameReceived):
        return f"frame received  {event.text}"
    fields = msgspec.to_builtins(event)
    kind = fields.pop("type")
    return f"{kind}  " + " ".join(
        f"{name}={value}" for name, value in fields.items() if value not in (None, "", [], ())
    )


class Player:
    """One life played again."""

    def __init__(self, shot: Snapshot) -> None:
        self._point = ChargePoint(
            shot.product, shot.identity, shot.first_values, shot.rows(), shot.seed, shot.boot_id, shot.build_utc
        )
        self._before: dict[int, Outlet] = {}
        self._link: Link | None = None
        self.told: list[str] = []
        """Frames that came out and have not been compared yet."""

    def play(self, now: Now, event: Event) -> Iterator[str]:
        """The lines of one step."""
        step = self._point.step(now, event)
        lines = []
        for moment in moments(step, self._before, self._link):
            if isinstance(moment, Withdraw | Offer):
                self._before[moment.outlet.connector] = moment.outlet
            elif isinstance(moment, Tell) and isinstance(moment.what, Link):
                self._link = moment.what
            elif isinstance(moment, Tell) and isinstance(moment.what, str):
                self.told.append(moment.what)
            lines.append(f"{'':14} {in_words(moment)}")
        if lines or not isinstance(event, Tick):
            yield f"{now.mono:12.3f}   {event_in_words(event)}"
        yield from lines


def story(lines: Iterable[RecordedLine]) -> Iterator[tuple[str, bool]]:
    """The story, line by line; True marks a line that says where the record differs."""
    player: Player | None = None
    for line in lines:
        if line[0] == "snapshot":
            player = Player(msgspec.convert(line[1], Snapshot))
            yield "--- evsed starts ---", False
        elif player is None:
            yield from _only_told(line)
        elif line[0] == "event":
            yield from _missing(player)
            event = msgspec.convert(line[3], AnyEvent)
            for text in player.play(Now(line[1], line[2]), event):
                yield text, False
        elif line[0] == "sent":
            came = player.told.pop(0) if player.told else "(nothing)"
            if came != line[2]:
                yield f"{'':14} DIFFERS    recorded was: {line[2]}", True
    if player is not None:
        yield from _missing(player)


def _missing(player: Player) -> Iterator[tuple[str, bool]]:
    for frame in player.told:
        yield f"{'':14} DIFFERS    not recorded: {frame}", True
    player.told.clear()


def _only_told(line: RecordedLine) -> Iterator[tuple[str, bool]]:
    """The start of this life is not in the ring any more: its record is told, not played."""
    if line[0] == "event":
        yield f"{line[1]:12.3f}   {event_in_words(msgspec.convert(line[3], AnyEvent))}", False
    elif line[0] == "sent":
        yield f"{'':14} tell       {line[2]}", False
    elif line[0] == "note":
        yield f"{'':14} note       {line_of(Note(line[3], line[4]))[1]}", False


def main(argv: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    if len(words) != 1 or words[0].startswith("-"):
        print("usage: python -m daemon.recorder.replay FILE|FOLDER", file=sys.stderr)
        return 2
    files = with_earlier(Path(words[0]))
    try:
        lines = [line for file in files for line in read_lines(file)]
    except OSError as error:
        print(f"replay: {error}", file=sys.stderr)
        return 2
    if not lines:
        print(f"replay: {words[0]} holds no flight record", file=sys.stderr)
        return 2
    differs = 0
    for text, is_difference in story(lines):
        print(text)
        differs += is_difference
    played = any(line[0] == "snapshot" for line in lines)
    print(
        f"--- {differs} frame(s) differ from the record ---"
        if played
        else "--- told, not played: its start is missing ---"
    )
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
