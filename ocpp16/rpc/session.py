"""One OCPP-J conversation: one CALL in flight, time-outs, the boot gate, answers.  It knows no profile.

Volatile calls (Authorize, StatusNotification, Heartbeat …) live here and die with the connection; transaction messages
are read off the records by `reports.py` and merely pass through.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict, deque
from collections.abc import Callable

from ocpp16.messages.types import Message
from ocpp16.rpc import frames, payload
from ocpp16.rpc.calls import CallOutcome, Failure, Gate, InFlight, Postponed, Then, Volatile
from ocpp16.rpc.transaction_queue import QueueKey, Report, TransactionQueue
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

MAX_VOLATILE = 64
"""Calls that wait for their turn; beyond it the oldest is given up."""
MAX_ANSWERED = 32
"""Answered CALLs remembered, so that a repeated one is answered the same way and not carried out twice."""
MAX_LATE = 64
"""Ids of timed-out transaction messages whose late answer still counts."""
MAX_DISCONNECTS = 3
"""A message in flight at so many lost connections in a row counts as refused from then on (it may be the cause)."""
DEAF_TIMEOUTS = 3
"""So many time-outs in a row, with not one frame between them: the other side is deaf, dial anew."""
SHORT_QUEUE = 10
"""With fewer reports than this before its StartTransaction, a status waits for it: Preparing, Start, Charging."""


AnswerRequest = Callable[[str, Message, str], Message | payload.Refusal | Postponed]
"""(action, request, message id) -> the confirmation, a CALLERROR, or `POSTPONED`."""


class Session:
    """Feeds `frames_out`; `pump` is called at the end of each step."""

    def __init__(
        self,
        context: Context,
        reports: TransactionQueue,
        seed: int,
        *,
        answer_request: AnswerRequest,
        message_timeout_s: Callable[[], float],
        max_frame_bytes: int,
    ) -> None:
        self.context = context
        self.reports = reports
        self.gate = Gate.BOOT
        self.up = False
        self.frames_out: list[str] = []
        self.answer_request = answer_request
        self.message_timeout_s = message_timeout_s
        self.max_frame_bytes = max_frame_bytes
        self.last_sent_at = 0.0
        self.round_trip_s = 0.0
        self._seed = seed
        self._count = 0
        self._boot: Volatile | None = None
        self._volatile: deque[Volatile] = deque()
        self._flight: InFlight | None = None
        self._answered: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._late: OrderedDict[str, Report] = OrderedDict()
        self._interrupted: tuple[QueueKey | None, int] = (None, 0)
        """The message last in flight at a lost connection, and at how many in a row."""
        self._timeouts = 0
        self._proved = False
        self._given_up = False
        self.epoch = 0
        """Rises when the connection, though open, is of no use: the link is dialled anew."""

    # --- what the other parts want said -----------------------------------------------------------------------------

    def call(
        self,
        request: Message,
        then: Then | None = None,
        *,
        triggered: bool = False,
        after_seq: int | None = None,
        lane: int | None = None,
    ) -> None:
        """Say it when its turn comes.  `then` hears the confirmation, or a Failure (also of a lost connection)."""
        if len(self._volatile) >= MAX_VOLATILE:
            self._give_up(self._volatile.popleft(), "too many calls wait")
        self._volatile.append(Volatile(request, then, triggered, after_seq, lane))

    def call_boot(self, request: Message, then: Then) -> None:
        """BootNotification passes every gate but silence."""
        self._boot = Volatile(request, then, triggered=True)

    @property
    def busy(self) -> bool:
        """Something is said or waits to be said (reports that wait for a retry excepted)."""
        return self._flight is not None or bool(self._volatile) or self._boot is not None

    def awaited(self) -> QueueKey | None:
        """The transaction message whose answer is awaited."""
        return self._flight.report.key if self._flight and self._flight.report else None

    @property
    def in_flight(self) -> str | None:
        return self._flight.action if self._flight else None

    # --- the connection ---------------------------------------------------------------------------------------------

    def link_up(self) -> None:
        self.up, self._given_up = True, False
        self._late.clear()
        self._proved = False

    def link_down(self) -> None:
        """Nothing that waits survives; a transaction message goes back to the head of its queue."""
        self.up = False
        self.frames_out.clear()
        flight, self._flight = self._flight, None
        self.context.timers.clear(Timer.ANSWER)
        waiting = [self._boot] if self._boot else []
        waiting += self._volatile
        self._boot = None
        self._volatile.clear()
        if flight is not None and flight.report is not None:
            key, times = self._interrupted
            times = times + 1 if key == flight.report.key else 1
            self._interrupted = flight.report.key, times
            self.reports.interrupted(flight.report, counts=times >= MAX_DISCONNECTS)
        elif flight is not None and flight.then is not None:
            flight.then(Failure("", "connection lost"))
        for volatile in waiting:
            self._give_up(volatile, "connection lost")

    def _give_up(self, volatile: Volatile, why: str) -> None:
        if volatile.then is not None:
            volatile.then(Failure("", why))

    # --- frames in --------------------------------------------------------------------------------------------------

    def receive(self, text: str) -> None:
        self._timeouts = 0
        message = frames.parse(text, self.max_frame_bytes)
        match message:
            case frames.Call():
                self._received_call(message)
            case frames.Result() | frames.Error():
                self._received_answer(message)
            case frames.Bad():
                self.context.note("frame-refused", code=message.code, reason=message.description)
                if self.gate is not Gate.SILENT:
                    self.frames_out.append(frames.error(message.id, message.code, message.description))
            case _:  # Ignored
                self.context.note("frame-ignored", reason=message.reason)

    def _received_call(self, call: frames.Call) -> None:
        if self.gate is Gate.SILENT:  # §4.2: Rejected, and its interval is not over
            self.context.note("frame-ignored", reason=f"{call.action} while we are rejected")
            return
        fingerprint = f"{call.action}:{hashlib.blake2b(bytes(call.payload), digest_size=8).hexdigest()}"
        if (earlier := self._answered.get(call.id)) is not None:
            same = earlier[0] == fingerprint and earlier[1]
            self.frames_out.append(
                earlier[1] if same else frames.error(call.id, "GenericError", "this id was used for another CALL")
            )
            self.context.note("frame-repeated" if same else "frame-id-reused", id=call.id, action=call.action)
            return
        self._answered[call.id] = (fingerprint, "")
        while len(self._answered) > MAX_ANSWERED:
            self._answered.popitem(last=False)
        request = payload.decode_request(call.action, call.payload)
        if isinstance(request, payload.Refusal):
            self.context.note("call-refused", action=call.action, code=request.code, reason=request.description)
            self.answer(call.id, request)
            return
        answer = self.answer_request(call.action, request, call.id)
        if not isinstance(answer, Postponed):
            self.answer(call.id, answer)

    def answer(self, call_id: str, answer: Message | payload.Refusal) -> None:
        """Put the answer in front of everything that this step makes us say."""
        if isinstance(answer, payload.Refusal):
            text = frames.error(call_id, answer.code, answer.description)
        else:
            text = frames.result(call_id, payload.encode(answer))
        if call_id in self._answered:
            self._answered[call_id] = (self._answered[call_id][0], text)
        if self.up:
            self.frames_out.append(text)

    def _received_answer(self, message: frames.Result | frames.Error) -> None:
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

    def _received_late(self, message: frames.Result | frames.Error) -> None:
        report = self._late.pop(message.id, None)
        if report is None or isinstance(message, frames.Error):
            self.context.note("answer-unknown", id=message.id[:36])
            return
        if self._flight is not None and self._flight.report is not None and self._flight.report.key == report.key:
            self._flight = self._flight._replace(report=None)  # sent again meanwhile: its own answer is only awaited
        self._deliver(report.action, None, report, message)

    def _deliver(
        self, action: str, then: Then | None, report: Report | None, message: frames.Result | frames.Error
    ) -> None:
        answer: CallOutcome
        if isinstance(message, frames.Error):
            answer = Failure(message.code, message.description)
        else:
            mended: list[str] = []
            answer = payload.decode_confirmation(action, message.payload, mended)
            if mended:
                self.context.note("answer-mended", action=action, what="; ".join(mended)[:200])
            if isinstance(answer, payload.Refusal):
                self.context.note("answer-refused", action=action, reason=answer.description)
                answer = Failure(answer.code, answer.description)
        if not self._proved and self.gate is Gate.OPEN and not isinstance(answer, Failure):
            self._proved = True  # this connection is of use: the next loss of it is a first one
            self.context.note("link-proved")
        if report is not None:
            if isinstance(answer, Failure):
                self.reports.failed(report, answer.code, answer.description)
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
        self._timeouts += 1
        if self._timeouts >= DEAF_TIMEOUTS:
            self._timeouts, self._given_up = 0, True  # nothing more is said on this connection
            self.epoch += 1
            self.context.note("link-deaf", timeouts=DEAF_TIMEOUTS)
        if flight.report is not None:
            self._late[flight.id] = flight.report
            while len(self._late) > MAX_LATE:
                self._late.popitem(last=False)
            self.reports.failed(flight.report, "", "no answer")
        elif flight.then is not None:
            flight.then(Failure("", "no answer"))

    # --- frames out -------------------------------------------------------------------------------------------------

    def pump(self) -> None:
        """Send the next CALL, if one may be sent."""
        while self.up and not self._given_up and self._flight is None and self.gate is not Gate.SILENT:
            if (volatile := self._next_volatile()) is not None:
                self._send(volatile.request, volatile.then, None)
            elif self.gate is Gate.OPEN and self.context.writable and (report := self.reports.next()) is not None:
                self._send(report.request, None, report)
            else:
                return

    def _next_volatile(self) -> Volatile | None:
        if self._boot is not None:
            boot, self._boot = self._boot, None
            return boot
        held: set[int] = set()
        for volatile in self._volatile:
            if self.gate is not Gate.OPEN and not volatile.triggered:
                continue
            waits = volatile.after_seq is not None and self._start_goes_first(volatile.after_seq)
            if waits or volatile.lane in held:
                if volatile.lane is not None:
                    held.add(volatile.lane)
                continue
            self._volatile.remove(volatile)
            return volatile
        return None

    def _start_goes_first(self, seq: int) -> bool:
        return self.gate is Gate.OPEN and self.reports.unsent_up_to(seq) and self.reports.waiting < SHORT_QUEUE

    def chance(self, what: str) -> float:
        """A number from 0 to 1 that differs from station to station and life to life, and repeats with the seed."""
        digest = hashlib.blake2b(f"{self._seed}:{what}".encode(), digest_size=4).digest()
        return int.from_bytes(digest, "big") / 0xFFFFFFFF

    def _send(self, request: Message, then: Then | None, report: Report | None) -> None:
        if (flaw := payload.flaw(request)) is not None:  # ours to mend; it must neither leave nor block the next
            self.context.note("call-flawed", action=payload.action_of(request), reason=flaw.description)
            if report is not None:
                self.reports.withheld(report, f"not valid OCPP: {flaw.description}")
            elif then is not None:
                then(Failure(flaw.code, flaw.description))
            return
        self._count += 1
        digest = hashlib.blake2b(f"{self._seed}:{self._count}".encode(), digest_size=16).hexdigest()
        message_id = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"
        action = payload.action_of(request)
        now = self.context.now.mono
        self._flight = InFlight(message_id, action, now, then, report)
        self.last_sent_at = now
        self.context.timers.set(Timer.ANSWER, now + self.message_timeout_s())
        self.frames_out.append(frames.call(message_id, action, payload.encode(request)))
