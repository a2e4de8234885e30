"""Frames as the contract machine would have understood them, from their texts."""

from __future__ import annotations

from daemon.journal.seen_frame import FrameReader, SeenFrame
from ocpp16.messages.call_error import Refusal
from ocpp16.rpc import frames, payload
from ocpp16.rpc.confirmation import Undecided, decode_confirmation
from ocpp16.rpc.session import ReceivedFrame


def understood(text: str, action: str = "") -> ReceivedFrame:
    """`action`: of the request of ours that the frame answers."""
    frame = frames.parse(text)
    message = None
    if isinstance(frame, frames.Call):
        action, message = frame.action, payload.decode_request(frame.action, frame.payload)
    elif isinstance(frame, frames.Result) and action:
        message = decode_confirmation(action, frame.payload)
    if message is None or isinstance(message, Refusal | Undecided):
        return ReceivedFrame(frame, "" if isinstance(frame, frames.Call) else action)
    return ReceivedFrame(frame, action, message)


def received(text: str, action: str = "") -> SeenFrame:
    return FrameReader().received(understood(text, action), len(text))


def sent(text: str) -> SeenFrame:
    return FrameReader().sent(text)
