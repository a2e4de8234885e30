"""Frames as they may be recorded and shown: written anew from what the contract machine understood, never copied.

What it did not understand is replaced by a frame of the same effect that holds nothing of it but a name and a length:
a replay ignores it, refuses it or fails to find its request just so.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple, get_args

import msgspec

from daemon.journal.allow_list import TooManyCards, redacted
from daemon.journal.redaction import CardText, plain_name, single_line
from ocpp16.messages.call_error import ErrorCode
from ocpp16.messages.types import Message
from ocpp16.rpc import frames, payload
from ocpp16.rpc.session import ReceivedFrame

REMEMBERED = 64
"""Received CALLs whose action is remembered until they are answered."""
LONGEST = 48 << 10
"""Characters of a frame that is shown; a longer one is replaced by its length."""
_CODES = frozenset(get_args(ErrorCode))


class SeenFrame(NamedTuple):
    """One frame of either direction."""

    kind: int
    """2 CALL, 3 CALLRESULT, 4 CALLERROR; 0: no message of OCPP-J."""
    id: str
    action: str
    """Of a CALL, and of an answer to a known one; "": not known."""
    message: Message | None
    """None: not understood, or not to be shown."""
    chars: int
    code: str = ""
    """Of a CALLERROR."""

    @property
    def idle(self) -> bool:
        """Whether it changed nothing: no valid request, and no answer to a request."""
        return self.message is None and (self.kind in (0, frames.CALL) or not self.action)

    def text(self, cards: CardText) -> str:
        """The frame, card numbers as `cards` gives them."""
        size = f"({self.chars} characters)"
        if self.kind == frames.CALLERROR:
            return frames.error(self.id, self.code, size)
        if self.kind == 0:
            return f'"not shown {size}"'
        content = self._content(cards) or f'["not shown {size}"]'
        if self.kind == frames.CALL and not self.action:  # not even a CALL: an array of another length
            return f'[2,{_quoted(self.id)},"not shown {size}"]'
        if self.kind == frames.CALL:
            return frames.call(self.id, self.action, content)
        return frames.result(self.id, content)

    def _content(self, cards: CardText) -> str:
        if self.message is None:
            return ""
        try:
            text = payload.encode(redacted(self.message, cards)).decode()
        except TooManyCards:
            return ""
        return text if len(text) <= LONGEST else ""


class FrameReader:
    """Reads the frames of one session in their order: the answer to a CALL is of its action."""

    def __init__(self) -> None:
        self._asked: OrderedDict[str, str] = OrderedDict()

    def received(self, received: ReceivedFrame | None, chars: int) -> SeenFrame:
        """A frame of the Central System, as the contract machine understood it."""
        if received is None:
            return SeenFrame(0, "", "", None, chars)
        match received.frame:
            case frames.Call(id=call_id, action=action):
                if received.message is not None:
                    self._asked[call_id] = action
                    while len(self._asked) > REMEMBERED:
                        self._asked.popitem(last=False)
                return SeenFrame(frames.CALL, _short(call_id), plain_name(action), received.message, chars)
            case frames.Result(id=call_id) | frames.Unreadable(id=call_id):
                return SeenFrame(frames.CALLRESULT, _short(call_id), received.action, received.message, chars)
            case frames.Error(id=call_id, code=code):
                return SeenFrame(frames.CALLERROR, _short(call_id), received.action, None, chars, _code(code))
            case frames.Bad(id=call_id):
                return SeenFrame(frames.CALL, _short(call_id), "", None, chars)
        return SeenFrame(0, "", "", None, chars)

    def sent(self, text: str) -> SeenFrame:
        """A frame of ours.  It was written by the contract machine, but may repeat what it received."""
        chars = len(text)
        match frames.parse(text):
            case frames.Call(id=call_id, action=action, payload=raw) if action in payload.OUTGOING:
                return SeenFrame(frames.CALL, call_id, action, _message(payload.OUTGOING[action][0], raw), chars)
            case frames.Result(id=call_id, payload=raw):
                action = self._asked.pop(call_id, "")
                message = _message(payload.INCOMING[action][1], raw) if action else None
                return SeenFrame(frames.CALLRESULT, _short(call_id), action, message, chars)
            case frames.Error(id=call_id, code=code):
                self._asked.pop(call_id, None)
                return SeenFrame(frames.CALLERROR, _short(call_id), "", None, chars, _code(code))
        return SeenFrame(0, "", "", None, chars)


def _message(kind: type[Message], raw: msgspec.Raw) -> Message | None:
    message = payload.decode(kind, raw)
    return message if isinstance(message, Message) else None


def _code(code: str) -> str:
    return code if code in _CODES else plain_name(code)


def _short(call_id: str) -> str:
    """An id of at most 36 printable characters (J 4.1.4)."""
    return single_line(call_id[: frames.MAX_ID], frames.MAX_ID)


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()
