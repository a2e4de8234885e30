"""What is fuzzed: each door through which foreign input enters, with good input to start from and what may come of it.

A target makes an input from a random source and takes it in; anything but the door's own refusal is a find.
"""

from __future__ import annotations

import json
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

from daemon.board import translation
from daemon.config import loader
from daemon.config.model import ConfigError
from drivers import board_protocol
from ocpp16.messages.call_error import Refusal
from ocpp16.messages.types import Message
from ocpp16.rpc import frames, payload
from ocpp16.rpc.confirmation import Undecided, decode_confirmation
from tests.fuzz import bystanders, card_frames, certificates, corpus, mutate, schemas
from tests.fuzz.life import Lives
from tests.fuzz.lines import ControlLines
from tests.fuzz.sessions import Sessions


class Target(NamedTuple):
    """`make` an input, `take` it in."""

    name: str
    share: int
    """Executions in `make test`."""
    make: Callable[[Random], Any]
    take: Callable[[Any], None]
    fresh: Callable[[], None] = lambda: None
    """Forget what earlier inputs did."""


class Found(AssertionError):
    """An input that was not refused but broke something: its seed, and the input itself."""


class Outcome(NamedTuple):
    executions: int
    slowest_ms: float
    slowest: str


HANGS_AFTER_S = 10.0
"""Seconds of the processor's time for one input: the slowest takes some hundredths."""


class Hang(BaseException):
    """One input has taken so long that it may never end."""


@contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """Raises Hang within; counted in the processor's time, so a busy machine is no hang.  In the main thread only."""

    def expired(*_: object) -> None:
        raise Hang(f"more than {seconds:.0f} s")

    before = signal.signal(signal.SIGVTALRM, expired)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def run(target: Target, seed: int, executions: int, hangs_after_s: float = HANGS_AFTER_S) -> Outcome:
    """So many executions from a seed; Found at the first uncaught exception, or where one input takes so long."""
    random = Random(f"{target.name}/{seed}")
    target.fresh()
    slowest, culprit = 0.0, ""
    for number in range(executions):
        item = target.make(random)
        began = time.thread_time()
        try:
            with no_longer_than(hangs_after_s):
                target.take(item)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of a library is none of Exception
            trace = "".join(traceback.format_exception(error, limit=-4))
            what = f"{target.name}, seed {seed}, execution {number}: {error!r} at {item!r:.2000}"
            raise Found(f"{what}\n{trace[-3000:]}") from None
        if (took := time.thread_time() - began) > slowest:
            slowest, culprit = took, f"{item!r:.200}"
    return Outcome(executions, slowest * 1000, culprit)


# --- frames ---------------------------------------------------------------------------------------------------------

FRAME_TEXTS = [json.dumps(frame) for frame in corpus.FRAMES]
FRAME_KINDS = (frames.Call, frames.Result, frames.Error, frames.Unreadable, frames.Bad, frames.Ignored)


def make_frame(random: Random) -> tuple[str, int]:
    if random.random() < 0.5:
        text = mutate.as_json(random, mutate.value(random, random.choice(corpus.FRAMES), corpus.FRAMES))
    else:
        text = mutate.text(random, random.choice(FRAME_TEXTS), FRAME_TEXTS)
    return text, random.choice((65536, 65536, 65536, 262144, 40))


def take_frame(item: tuple[str, int]) -> None:
    frame = frames.parse(*item)
    assert isinstance(frame, FRAME_KINDS)
    if isinstance(frame, frames.Bad):
        json.loads(frames.error(frame.id, frame.code, frame.description))
    elif isinstance(frame, frames.Call):
        answer = payload.decode_request(frame.action, frame.payload)
        assert isinstance(answer, Message | Refusal)


# --- payloads -------------------------------------------------------------------------------------------------------


def make_payload(random: Random) -> tuple[bool, str, bytes]:
    request = random.random() < 0.6
    table = corpus.REQUESTS if request else corpus.CONFIRMATIONS
    action, good = random.choice(table)
    if random.random() < 0.9:
        everything = [value for _, value in table]
        text = mutate.as_json(random, mutate.value(random, good, everything))
    else:
        text = mutate.text(random, json.dumps(good), [json.dumps(value) for _, value in table])
    return request, action, text.encode(errors="replace")


def take_payload(item: tuple[bool, str, bytes]) -> None:
    request, action, data = item
    decode = payload.decode_request if request else decode_confirmation
    message = decode(action, data)
    message = message.refusal if isinstance(message, Undecided) else message
    assert isinstance(message, Message | Refusal)
    if isinstance(message, Message):
        again = payload.decode(type(message), payload.encode(message))
        assert again == message, "what was understood is not what is written again"
    else:
        json.loads(frames.error("id", message.code, message.description))


# --- every action, from its own schema --------------------------------------------------------------------------------

ACTIONS = [(True, action) for action in payload.INCOMING] + [(False, action) for action in payload.OUTGOING]


def make_action(random: Random) -> tuple[bool, str, bytes]:
    request, action = random.choice(ACTIONS)
    kind = payload.INCOMING[action][0] if request else payload.OUTGOING[action][1]
    made = schemas.payload(random, kind, random.choice((0.0, 0.02, 0.1, 0.3)))
    return request, action, mutate.as_json(random, made).encode(errors="replace")


# --- configuration --------------------------------------------------------------------------------------------------

FOLDER = Path(tempfile.gettempdir())


def make_config(random: Random) -> bytes:
    text = mutate.text(random, random.choice(corpus.CONFIGS), corpus.CONFIGS)
    data = text.encode(errors="replace")
    return mutate.data(random, data, []) if random.random() < 0.2 else data


def take_config(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".toml", dir=FOLDER) as file:
        file.write(data)
        file.flush()
        try:
            loader.load([Path(file.name)], environ={})
        except ConfigError as error:
            assert str(error), "refused without a word"


# --- board ----------------------------------------------------------------------------------------------------------


def make_board(random: Random) -> tuple[bytes, board_protocol.Direction]:
    direction: board_protocol.Direction = random.choice(("from_board", "from_board", "to_board"))
    messages = corpus.FROM_BOARD if direction == "from_board" else corpus.TO_BOARD
    good = random.choice(messages)
    if random.random() < 0.75:
        return mutate.as_json(random, mutate.value(random, good, messages)).encode(errors="replace"), direction
    texts = [json.dumps(message).encode() for message in messages]
    return mutate.data(random, json.dumps(good).encode(), texts), direction


def take_board(item: tuple[bytes, board_protocol.Direction]) -> None:
    data, direction = item
    try:
        message = board_protocol.decode(data, direction)
    except board_protocol.ProtocolError as error:
        assert str(error), "refused without a word"
        return
    assert board_protocol.decode(board_protocol.encode(message), direction) == message
    if direction == "from_board":
        for event in translation.events_of(message):
            assert msgspec.json.encode(event)


LIVES = Lives()
SESSIONS = Sessions()
CONTROL = ControlLines()
NOTES = bystanders.Notes()
RECORDS = bystanders.Records()

TARGETS: list[Target] = [
    Target("frames", 15_000, make_frame, take_frame),
    Target("payloads", 15_000, make_payload, take_payload),
    Target("actions", 15_000, make_action, take_payload),
    Target("config", 4_000, make_config, take_config),
    Target("board", 12_000, make_board, take_board),
    Target("control", 8_000, CONTROL.make, CONTROL.take, CONTROL.fresh),
    Target("station", 14_000, LIVES.make, LIVES.take, LIVES.fresh),
    Target("sessions", 10_000, SESSIONS.make, SESSIONS.take, SESSIONS.fresh),
    Target("certificates", 3_000, certificates.make_certificate, certificates.take_certificate),
    Target("firmware", 3_000, certificates.make_firmware, certificates.take_firmware),
    Target("readers", 4_000, card_frames.make, card_frames.take),
    Target("trace", 10_000, bystanders.make_seen, bystanders.take_seen),
    Target("recorder", 6_000, RECORDS.make, RECORDS.take, RECORDS.fresh),
    Target("journal", 4_000, bystanders.make_note, NOTES.take, NOTES.fresh),
    Target("bundle", 4_000, bystanders.make_row, bystanders.take_row),
    Target("replies", 4_000, bystanders.make_reply, bystanders.take_reply),
]
