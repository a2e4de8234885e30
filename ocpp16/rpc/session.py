"""The OCPP-J session: one CALL in flight, MessageTimeout, the registration gate, answers to received CALLs.

Calls other than transaction messages (Authorize, StatusNotification, Heartbeat …) wait here and are dropped when the
connection is lost; transaction messages come from `transaction_queue.py`.  No feature profile is known here.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import NamedTuple

from ocpp16.messages import security
from ocpp16.messages.call_error import MAX_DESCRIPTION, Refusal
from ocpp16.messages.core import AuthorizeConf
from ocpp16.messages.types import Message
from ocpp16.rpc import frames, payload
from ocpp16.rpc.call_outcome import (
    CONNECTION_LOST,
    NO_ANSWER,
    TOO_MANY_CALLS,
    CallOutcome,
    Failure,
    Then,
    refused,
    unusable,
)
from ocpp16.rpc.confirmation import Undecided, decode_confirmation
from ocpp16.rpc.pending_calls import CallId, InFlight, Postponed, WaitingCall
from ocpp16.rpc.registration_gate import Gate
from ocpp16.rpc.transaction_queue import QueuedMessage, QueueKey, TransactionQueue
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

MAX_WAITING = 64
"""Calls that wait to be sent; beyond it the oldest is dropped."""
MAX_ANSWERED = 32
"""Received CALLs remembered, so that a repeated one gets the same answer and is not carried out twice."""
MAX_LATE = 64
"""Ids of timed-out transaction messages whose late answer still counts."""
MAX_DISCONNECTS = 3
"""A transaction message in flight at so many lost connections in a row counts as failed: it may be the cause."""
MAX_TIMEOUTS = 3
"""After so many time-outs in a row, without a frame received between them, the connection is opened anew."""
BOOT = "BootNotification"
SHORT_QUEUE = 10
"""With fewer messages in the queue a status waits for its StartTransaction: Preparing, StartTransaction, Charging."""


AnswerRequest = Callable[[str, Message, CallId], Message | Refusal | Postponed]
"""(action, request, its id) -> the confirmation, a CALLERROR, or `POSTPONED`."""
Answer = frames.Result | frames.Error | frames.Unreadable


class ReceivedFrame(NamedTuple):
    """How a frame was understood, for those who record and show it; they never read the text themselves."""

    frame: frames.Frame
    action: str = ""
    """Of a valid request, and of every answer to a request of ours."""
    message: Message | None = None
    """The valid request, or what could be used of the answer to a request of ours; None: anything else."""


class LinkLost(NamedTuple):
    """How the last connection, or the last attempt at one, ended."""

    stage: str
    """DNS, TCP, TLS, HTTP or WebSocket; "": it was closed by ourselves."""
    cause: str
    """One line, with its hint."""
    again_at: float | None
    """Monotonic second of the next attempt; None: not known."""


class Session:
    """Appends frames to `frames_out`; `pump` is called at the end of each step.

    `on_invalid` and `on_replay` are called with what was received, in words of ours: not valid OCPP; not asked for.
    `on_answered`: after a CALLRESULT to an open CALL.
    `extension_used`: the Central System has sent a CALL of the security extension.
    """

    def __init__(
        self,
        context: Context,
        reports: TransactionQueue,
        seed: int,
        *,
        answer_request: AnswerRequest,
        message_timeout_s: Callable[[], float],
        max_frame_bytes: int,
        on_invalid: Callable[[str], None],
        on_replay: Callable[[str], None],
        on_answered: Callable[[], None],
    ) -> None:
        self.context = context
        self.reports = reports
        self.gate = Gate.BOOT
        self.up = False
        self.lost: LinkLost | None = None
        """None: no connection and no attempt has ended yet."""
        self.frames_out: list[str] = []
        self.received: ReceivedFrame | None = None
        """The frame of the newest `receive`."""
        self.answer_request = answer_request
        self.message_timeout_s = message_timeout_s
        self.max_frame_bytes = max_frame_bytes
        self.on_invalid, self.on_replay, self.on_answered = on_invalid, on_replay, on_answered
        self.extension_used = False
        self.last_sent_at, self.round_trip_s = 0.0, 0.0
        self._seed = seed
        self._count = 0
        self._boot: WaitingCall | None = None
        self._waiting: deque[WaitingCall] = deque()
        self._flight: InFlight | None = None
        self._connections = 0
        self._answered: OrderedDict[str, tuple[str, str]] = OrderedDict()
        """Of this connection: on the next one the other side may count its ids from 1 again."""
        self._mended: set[str] = set()
        """Actions about whose flawed answers this connection has had its note."""
        self._late: OrderedDict[str, QueuedMessage] = OrderedDict()
        self._expired: deque[str] = deque(maxlen=MAX_LATE)
        """Ids of our CALLs that were not answered in time: a late answer is no attack."""
        self._late_boot: InFlight | None = None
        """The newest BootNotification, where its time-out has passed: its answer still counts."""
        self._interrupted: tuple[QueueKey | None, int] = (None, 0)
        """The transaction message in flight when the connection was lost last, and how many times in a row."""
        self._timeouts = 0
        self._proved = False
        self._given_up = False
        self.epoch = 0
        """Rises when the open connection is of no use: another number makes the link connect anew."""

    # --- calls of the other parts -----------------------------------------------------------------------------------

    def call(
        self,
        request: Message,
        then: Then | None = None,
        *,
        triggered: bool = False,
        after_seq: int | None = None,
        lane: int | None = None,
    ) -> None:
        """Send the request when its turn comes.  `then` gets the confirmation or a Failure, once.

        `triggered`, `after_seq`, `lane`: see `WaitingCall`.
        """
        if len(self._waiting) >= MAX_WAITING:
            self._drop(self._waiting.popleft(), TOO_MANY_CALLS)
        self._waiting.append(WaitingCall(request, then, triggered, after_seq, lane))

    def call_boot(self, request: Message, then: Then) -> None:
        """BootNotification is sent before every other call, at every gate but SILENT."""
        self._boot = WaitingCall(request, then, triggered=True)

    def reconnect(self) -> None:
        """Close the connection after what this step sends, and open another one."""
        self.epoch += 1

    @property
    def busy(self) -> bool:
        """A call is in flight or waits (transaction messages that wait for a retry excepted)."""
        return self._flight is not None or bool(self._waiting) or self._boot is not None

    def awaited(self) -> QueueKey | None:
        """The transaction message whose answer is awaited; None: there is none."""
        return self._flight.report.key if self._flight and self._flight.report else None

    @property
    def in_flight(self) -> str | None:
        """The action whose answer is awaited."""
        return self._flight.action if self._flight else None

    @property
    def asked_at(self) -> float | None:
        """The monotonic second at which the open CALL was sent; None: there is none."""
        return self._flight.sent_at if self._flight else None

    # --- the connection ---------------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Connected and accepted (§4.2): everything may be sent."""
        return self.up and self.gate is Gate.OPEN

    def link_up(self) -> None:
        self.up, self._given_up = True, False
        self._connections += 1
        self._answered.clear()
        self._mended.clear()
        self._late.clear()
        self._late_boot = None
        self._proved = False

    def link_down(self) -> None:
        """Every waiting call fails; a transaction message in flight stays at the head of its queue."""
        self.up = False
        self.frames_out.clear()
        flight, self._flight = self._flight, None
        if flight is not None:
            self._expired.append(flight.id)
        self.context.timers.clear(Timer.ANSWER)
        waiting = [self._boot] if self._boot else []
        waiting += self._waiting
        self._boot = None
        self._waiting.clear()
        if flight is not None and flight.report is not None:
            key, times = self._interrupted
            times = times + 1 if key == flight.report.key else 1
            self._interrupted = flight.report.key, times
            self.reports.interrupted(flight.report, counts=times >= MAX_DISCONNECTS)
        elif flight is not None and flight.then is not None:
            flight.then(CONNECTION_LOST)
        for call in waiting:
            self._drop(call, CONNECTION_LOST)

    def _drop(self, call: WaitingCall, failure: Failure) -> None:
        if call.then is not None:
            call.then(failure)

    # --- frames in --------------------------------------------------------------------------------------------------

    def receive(self, text: str) -> None:
        self._timeouts = 0
        message = frames.parse(text, self.max_frame_bytes)
        self.received = ReceivedFrame(message)
        match message:
            case frames.Call():
                self._received_call(message)
            case frames.Result() | frames.Error() | frames.Unreadable():
                self._received_answer(message)
            case frames.Bad():
                self.context.note("frame-refused", code=message.code, reason=message.description)
                self.on_invalid(f"{message.code}: a frame")
                if self.gate.answers:
                    self.frames_out.append(frames.error(message.id, message.code, message.description))
            case _:  # Ignored
                self.context.note("frame-ignored", reason=message.reason)
                self.on_invalid("a frame that is no OCPP-J message")

    def _received_call(self, call: frames.Call) -> None:
        if not self.gate.answers:
            self.context.note("frame-ignored", reason=f"{_known(call.action)} while we are rejected")
            return
        request = payload.decode_request(call.action, call.payload)
        if not isinstance(request, Refusal):
            self.received = ReceivedFrame(call, call.action, request)
        fingerprint = f"{call.action}:{hashlib.blake2b(bytes(call.payload), digest_size=8).hexdigest()}"
        if (earlier := self._answered.get(call.id)) is not None:
            same = earlier[0] == fingerprint and earlier[1]
            self.frames_out.append(
                earlier[1] if same else frames.error(call.id, "GenericError", "this id was used for another CALL")
            )
            self.context.note("frame-repeated" if same else "frame-id-reused", id=call.id, action=call.action)
            if not same:
                self.on_invalid(f"{_known(call.action)}: its id was used for another CALL")
            return
        self._answered[call.id] = (fingerprint, "")
        while len(self._answered) > MAX_ANSWERED:
            self._answered.popitem(last=False)
        call_id = CallId(call.id, self._connections)
        if isinstance(request, Refusal):
            self.context.note("call-refused", action=call.action, code=request.code, reason=request.description)
            if request.code not in ("NotImplemented", "NotSupported"):
                self.on_invalid(f"{request.code}: {_known(call.action)}")
            self.answer(call_id, request)
            return
        self.extension_used = self.extension_used or call.action in security.INCOMING
        answer = self.answer_request(call.action, request, call_id)
        if not isinstance(answer, Postponed):
            self.answer(call_id, answer)

    def answer(self, call_id: CallId, answer: Message | Refusal) -> None:
        """Answer a received CALL, before anything else that this step sends; nobody, where its connection has ended."""
        if not self.up or call_id.connection != self._connections:
            return
        unique_id = call_id.text
        if isinstance(answer, Refusal):
            text = frames.error(unique_id, answer.code, answer.description)
        else:
            text = frames.result(unique_id, payload.encode(answer))
        if unique_id in self._answered:
            self._answered[unique_id] = (self._answered[unique_id][0], text)
        if self.gate.answers:  # §4.2: a rejection that came in between holds for what was asked before it, too
            self.frames_out.append(text)

    def _received_answer(self, message: Answer) -> None:
        flight = self._flight
        if flight is None or message.id != flight.id:
            self._received_late(message)
            return
        self._flight = None
        if flight.report is not None:
            self._interrupted = (None, 0)
        self.context.timers.clear(Timer.ANSWER)
        self.round_trip_s = self.context.now.mono - flight.sent_at
        self._deliver(flight.action, flight.then, flight.report, message)
        if isinstance(message, frames.Result):
            self.on_answered()

    def _received_late(self, message: Answer) -> None:
        boot = self._late_boot
        if boot is not None and message.id == boot.id and not isinstance(message, frames.Error):
            self._late_boot = self._boot = None  # the next one is not needed any more
            self.round_trip_s = self.context.now.mono - boot.sent_at
            self._deliver(boot.action, boot.then, None, message)
            return
        report = self._late.pop(message.id, None)
        if report is None or isinstance(message, frames.Error):
            what = f"CALLERROR {message.code}" if isinstance(message, frames.Error) else "answer"
            self.context.note("answer-unknown", id=message.id[:36], what=what[:200])
            if message.id not in self._expired:  # neither late nor sent twice by the network: we never asked this
                self.on_replay("an answer to a CALL that was never sent, or was answered already")
            return
        if self._flight is not None and self._flight.report is not None and self._flight.report.key == report.key:
            self._flight = self._flight._replace(report=None)  # sent again meanwhile: its own answer is only awaited
        self._deliver(report.action, None, report, message)

    def _outcome(self, action: str, message: Answer) -> CallOutcome:
        if isinstance(message, frames.Error):
            self.context.note("call-error", action=action, code=message.code[:50], reason=message.description)
            return refused(message.code, message.description)
        flaws: list[str] = []
        if isinstance(message, frames.Result):
            flaws += [message.flaw] * bool(message.flaw)
            answer = decode_confirmation(action, message.payload, flaws)
        else:
            flaws.append(message.reason)
            answer = decode_confirmation(action, b"{}", flaws)
        if isinstance(answer, Undecided):
            reason = "; ".join([*flaws, answer.refusal.description])[:MAX_DESCRIPTION]
            self.context.note("answer-refused", action=action, reason=reason)
            self.on_invalid(f"{answer.refusal.code}: the answer to {action}")
            return unusable(answer.refusal.code, reason, answer.id_tag_info)
        if flaws and action not in self._mended:  # once: the same fault is in every one of its answers
            self._mended.add(action)
            self.context.note("answer-mended", action=action, what="; ".join(flaws)[:200])
        return answer

    def _deliver(self, action: str, then: Then | None, report: QueuedMessage | None, message: Answer) -> None:
        answer = self._outcome(action, message)
        understood = answer
        if isinstance(answer, Failure):
            understood = AuthorizeConf(answer.id_tag_info) if answer.id_tag_info else None
        self.received = ReceivedFrame(message, action, understood)
        if not self._proved and self.gate is Gate.OPEN and not isinstance(answer, Failure):
            self._proved = True  # the connection works: the back-off starts again at its first wait
            self.context.note("link-proved")
        if report is not None:
            if isinstance(answer, Failure):
                self.reports.failed(report, answer)
            else:
                self.reports.confirmed(report, answer)
        elif then is not None:
            then(answer)

    def timed_out(self) -> None:
        """MessageTimeout ran out.  A late answer to a transaction message still counts."""
        flight, self._flight = self._flight, None
        if flight is None:
            return
        self.context.note("answer-missing", action=flight.action)
        self._expired.append(flight.id)
        self._timeouts += 1
        if self._timeouts >= MAX_TIMEOUTS:
            self._timeouts, self._given_up = 0, True  # nothing more is sent on this connection
            self.reconnect()
            self.context.note("link-deaf", timeouts=MAX_TIMEOUTS)
        if flight.action == BOOT:
            self._late_boot = flight
        if flight.report is not None:
            self._late[flight.id] = flight.report
            while len(self._late) > MAX_LATE:
                self._late.popitem(last=False)
            self.reports.failed(flight.report, NO_ANSWER)
        elif flight.then is not None:
            flight.then(NO_ANSWER)

    # --- frames out -------------------------------------------------------------------------------------------------

    def pump(self) -> None:
        """Send the next CALL, if one may be sent."""
        while self.up and not self._given_up and self._flight is None:
            if (call := self._next_waiting()) is not None:
                self._send(call.request, call.then, None)
            elif self.gate.may_send() and self.context.writable and (report := self.reports.next()) is not None:
                self._send(report.request, None, report)
            else:
                return

    def _next_waiting(self) -> WaitingCall | None:
        if self._boot is not None and self.gate.may_send(boot=True):
            boot, self._boot = self._boot, None
            return boot
        held: set[int] = set()
        for call in self._waiting:
            if not self.gate.may_send(triggered=call.triggered):
                continue
            waits = call.after_seq is not None and self._start_goes_first(call.after_seq)
            if waits or call.lane in held:
                if call.lane is not None:
                    held.add(call.lane)
                continue
            self._waiting.remove(call)
            return call
        return None

    def _start_goes_first(self, seq: int) -> bool:
        return self.gate.may_send() and self.reports.unsent_up_to(seq) and self.reports.waiting < SHORT_QUEUE

    def chance(self, what: str) -> float:
        """A pseudo-random number from 0 to 1 for that purpose: another seed, another number; same seed, same number."""
        digest = hashlib.blake2b(f"{self._seed}:{what}".encode(), digest_size=4).digest()
        return int.from_bytes(digest, "big") / 0xFFFFFFFF

    def _send(self, request: Message, then: Then | None, report: QueuedMessage | None) -> None:
        if (flaw := payload.flaw(request)) is not None:  # our own fault: not sent, and the next call is not blocked
            self.context.note("call-flawed", action=payload.action_of(request), reason=flaw.description)
            if report is not None:
                self.reports.withheld(report, f"not valid OCPP: {flaw.description}")
            elif then is not None:
                then(refused(flaw.code, flaw.description))
            return
        self._count += 1
        digest = hashlib.blake2b(f"{self._seed}:{self._count}".encode(), digest_size=16).hexdigest()
        message_id = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"
        action = payload.action_of(request)
        now = self.context.carried_out_at
        if action == BOOT:
            self._late_boot = None
        self._flight = InFlight(message_id, action, now, then, report)
        self.last_sent_at = now
        self.context.timers.set(Timer.ANSWER, now + self.message_timeout_s())
        self.frames_out.append(frames.call(message_id, action, payload.encode(request)))


def _known(action: str) -> str:
    return action if action in payload.INCOMING else "an unknown CALL"
