"""Those who look at what comes in: flight recorder, trace, journal, bundle, the texts of file servers.

Nothing may raise, nothing may be longer than its bound, and no planted secret or card may come through.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from daemon.journal.allow_list import redacted, redacted_row
from daemon.journal.journal import Journal, line_of
from daemon.journal.redaction import cut_url, foreign_text, in_full, joined_line, masked, value_is_shown
from daemon.journal.seen_frame import FrameReader
from daemon.recorder.flight_recorder import FlightRecorder
from daemon.recorder.pseudonyms import Pseudonyms
from daemon.recorder.replay import replay
from daemon.recorder.ring import read_lines
from ocpp16 import events as ev
from ocpp16.messages.call_error import Refusal
from ocpp16.rpc import frames, payload
from ocpp16.rpc.confirmation import Undecided, decode_confirmation
from ocpp16.rpc.session import ReceivedFrame
from ocpp16.step import Note
from tests.fuzz import corpus, mutate

SECRET = "S3CR3T99canary"
CARD = "CAFE0123456789AB"
PLANTED: list[Any] = [
    [2, "1", "ChangeConfiguration", {"key": "AuthorizationKey", "value": SECRET}],
    [2, "2", "DataTransfer", {"vendorId": "org.example", "messageId": SECRET, "data": SECRET}],
    [2, "3", "GetDiagnostics", {"location": f"ftp://{SECRET}:{SECRET}@host.example/{SECRET}?{SECRET}"}],
    [2, "4", "UpdateFirmware", {"location": f"https://u:{SECRET}@h/{SECRET}", "retrieveDate": corpus.WHEN}],
    [2, "5", "RemoteStartTransaction", {"idTag": CARD, "connectorId": 1}],
    [2, "6", "SendLocalList", {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [{"idTag": CARD}]}],
    [2, "7", "ReserveNow", {"connectorId": 1, "expiryDate": corpus.WHEN, "idTag": CARD, "reservationId": 1}],
    [2, "8", "Unknown", {"idTag": CARD, "token": SECRET}],
    [3, "9", {"idTagInfo": {"status": "Accepted", "parentIdTag": CARD}}],
    [4, "10", "InternalError", f"no card {CARD}, {SECRET}", {"a": SECRET}],
]
TEXTS = [json.dumps(frame) for frame in PLANTED]
PSEUDONYMS = Pseudonyms(b"k" * 32)


def secret_in(text: str) -> bool:
    """Whole or in part, and in whatever case."""
    return SECRET[:8].lower() in text.lower() or CARD[:8].lower() in text.lower()


def make_seen(random: Random) -> tuple[str, str]:
    if random.random() < 0.7:
        frame = mutate.value(random, random.choice(PLANTED), corpus.FRAMES)
        text = mutate.as_json(random, frame)
    else:
        text = mutate.text(random, random.choice(TEXTS), TEXTS)
    return text, random.choice(("", "Authorize", "StartTransaction", "Heartbeat", "DataTransfer"))


def understood(text: str, action: str) -> ReceivedFrame:
    """As the contract machine would understand it, the answer to a request of that action."""
    frame = frames.parse(text)
    message: Any = None
    if isinstance(frame, frames.Call):
        action, message = frame.action, payload.decode_request(frame.action, frame.payload)
    elif isinstance(frame, frames.Result) and action:
        message = decode_confirmation(action, frame.payload)
    return ReceivedFrame(frame, action, None if isinstance(message, Refusal | Undecided) else message)


def take_seen(item: tuple[str, str]) -> None:
    """Recorder and trace: what a frame is shown as is JSON, bounded, and holds nothing of what was planted.

    Where a mutation moved a planted text into a field that may be shown, it is no secret there:
    An id, a vendor's name, the value of another key.
    """
    text, action = item
    read = understood(text, action)
    seen = FrameReader().received(read, len(text))
    shown = seen.text(PSEUDONYMS.tag)
    assert len(shown) < 70_000 and json.loads(shown) is not None
    rest = shown.replace(json.dumps(seen.id)[1:-1], "", 1)
    vendor = getattr(seen.message, "vendor_id", "")
    host = str(getattr(seen.message, "location", ""))
    key = str(getattr(seen.message, "key", ""))
    assert value_is_shown(key) or not secret_in(rest.replace(vendor or "\0", "").replace(cut_url(host), "")), shown
    assert understood(shown, action) is not None and len(seen.text(in_full)) < 70_000
    assert json.loads(FrameReader().sent(text).text(masked)) is not None


CODES = ("call-refused", "frame-ignored", "report-parked", "setting-changed", "diagnostics", "made-up", "card-refused")
NAMES = ("reason", "error", "detail", "value", "key", "id_tag", "action", "what", "cause", "number", "ok")


def make_note(random: Random) -> Note:
    values = [*mutate.ODD, SECRET, "x" * 70_000, 9**99, f"ftp://u:p@{SECRET}", -1.5, "a\nb\x1b"]
    return Note(random.choice(CODES), {random.choice(NAMES): random.choice(values) for _ in range(3)})


class Notes:
    """`take` of the target `journal`: whatever a note holds, its lines are printable and bounded."""

    def __init__(self) -> None:
        self.fresh()

    def fresh(self) -> None:
        self.lines: list[str] = []
        self.now = 0.0
        self.journal = Journal(lambda priority, text, fields: self.lines.append(text), lambda: self.now)

    def take(self, note: Note) -> None:
        self.now += 5.0
        self.journal.note(note)
        for text in self.lines:
            assert text.isascii() and text.isprintable() and len(text) < 1200
        self.lines.clear()
        _, text, fields = line_of(note, PSEUDONYMS.tag)
        assert len(text) < 1200 and all(value.isascii() and len(value) <= 200 for value in fields.values())


def make_row(random: Random) -> Any:
    row = {
        "id_tag": CARD, "key": "AuthorizationKey", "value": SECRET, "error": f"InternalError: {SECRET}",
        "data": SECRET, "deep": [{"parentIdTag": CARD, "password": SECRET, "detail": f"x ftp://u:{SECRET}@h/"}],
    }  # fmt: skip
    return mutate.value(random, row, [row])


def take_row(row: Any) -> None:
    """Bundle: any JSON value, at any depth."""
    msgspec.json.encode(redacted_row(row, PSEUDONYMS.tag))


def make_reply(random: Random) -> str:
    replies = [
        f"530 ftp://u:{SECRET}@h/ said no",
        "220-welcome\r\n220 x",
        f"HTTP/1.1 302 https:\\/\\/a@b/{SECRET}",
        "\x1b[2J",
    ]
    return mutate.text(random, random.choice(replies), [*replies, *TEXTS])


def take_reply(text: str) -> None:
    """Transfer replies: the words of file servers, and URLs of any kind."""
    for line in (foreign_text(text), joined_line(text), cut_url(text)):
        assert line.isascii() and line.isprintable() and len(line) <= 300
    if text.count("@") == 1 and text.startswith("ftp://u:"):
        assert SECRET not in cut_url(text)


class Records:
    """`take` of the target `recorder`: whatever happened is written, read again and shown by a replay."""

    def __init__(self) -> None:
        self.fresh()

    def fresh(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
        self.recorder = FlightRecorder(self.folder, b"k" * 32)
        self.mono, self.count = 0.0, 0

    def make(self, random: Random) -> ev.Event | tuple[str, str]:
        texts = [str(text) for text in mutate.ODD if isinstance(text, str) and text.isprintable()]
        text = random.choice([*texts, CARD, SECRET, "x" * 5000])
        kinds: list[ev.Event] = [
            ev.CardPresented(1, text, 1.0), ev.BoardLost(text), ev.FaultChanged(1, "rcd", True, detail=text),
            ev.SettingAsked(1, random.choice(("AuthorizationKey", text)), text), ev.JobDone(1, False, text),
            ev.LinkDown("TCP", text), ev.StoreChanged("full", text), ev.BoardDone(1, True, text),
        ]  # fmt: skip
        return make_seen(random) if random.random() < 0.5 else random.choice(kinds)

    def take(self, item: ev.Event | tuple[str, str]) -> None:
        self.mono += 0.5
        self.count += 1
        now = ev.Now(self.mono, None)
        if isinstance(item, tuple):
            self.recorder.received(now, FrameReader().received(understood(*item), len(item[0])))
            self.recorder.sent(self.mono, FrameReader().sent(item[0]))
        else:
            self.recorder.event(now, item)
            msgspec.json.encode(redacted(item, PSEUDONYMS.tag))
        if self.count % 500 == 0:
            self.recorder.flush()
            for file in self.folder.iterdir():
                assert all(isinstance(text, str) for text, _ in replay(read_lines(file)))
                file.unlink()
