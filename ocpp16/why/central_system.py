"""What keeps the station from its Central System: no connection, no acceptance, no answer; with the numbers of it."""

from __future__ import annotations

from ocpp16.configuration.key_names import Key
from ocpp16.messages.types import RegistrationStatus
from ocpp16.rpc.call_outcome import FailureKind
from ocpp16.state.timers import Timer
from ocpp16.why.reason import View, Why, sentence

STAGE_REMEDIES = {
    "DNS": "Check the network, its name server and [csms] url.",
    "TCP": "Check network, firewall, and host and port of [csms] url.",
    "TLS": "Check the certificates and the clock.",
    "HTTP": "Check [csms] url, the identity and the credentials at the back-office.",
    "WebSocket": "Check at the back-office why it ends the connection.",
}
"""What helps, by the stage at which a connection fails."""


def unregistered(view: View) -> Why:
    """No Central System has ever accepted this station: which step towards that is missing."""
    parts = view.parts
    if not parts.session.up:
        text = "No Central System has ever accepted this station, and there is no connection to one"
        lost = parts.session.lost
        return Why("never-registered", f"{text}{_cause(view)}.", STAGE_REMEDIES.get(lost.stage if lost else "", WAIT))
    return _boot(view) or Why("boot-unanswered", "BootNotification is about to be sent.", "Wait some seconds.")


WAIT = "Wait for the next attempt; evsectl trace shows it."


def _cause(view: View) -> str:
    """Why there is no connection, and when the next attempt comes; begins with a colon or a semicolon."""
    lost = view.parts.session.lost
    if lost is None:
        return ": the first attempt is under way"
    cause = f": {lost.stage}: {lost.cause.rstrip('.')}" if lost.stage else f": {lost.cause.rstrip('.') or 'closed'}"
    if lost.again_at is None:
        return cause
    wait_s = lost.again_at - view.mono
    return (
        f"{cause}; next attempt in {view.left(lost.again_at)}" if wait_s > 0.0 else f"{cause}; an attempt is under way"
    )


def _boot(view: View) -> Why | None:
    """What became of BootNotification on this connection; None: accepted, or nothing is known yet."""
    parts = view.parts
    registration, session = parts.registration, parts.session
    if session.in_flight == "BootNotification" and session.asked_at is not None:
        text = f"BootNotification was sent {view.ago(session.asked_at)}; no answer yet."
        left = view.left(parts.context.timers.due(Timer.ANSWER))
        return Why("boot-unanswered", text, f"It is given up in {left} (MessageTimeout); see evsectl trace.")
    due = parts.context.timers.due(Timer.BOOT)
    again = f"it is sent again in {view.left(due)}" if due is not None else "it is sent again on the next connection"
    if registration.failure is not None:
        failure = registration.failure
        refused = failure.kind in (FailureKind.REFUSED, FailureKind.UNUSABLE)
        what = f"the Central System did not answer BootNotification within {_timeout(view)} s"
        remedy = "Check that an OCPP 1.6 back-office is behind that URL; evsectl trace shows both sides."
        if refused:
            what, remedy = f"BootNotification: {failure.told()}", "The back-office must mend that."
        return Why("boot-unanswered", f"{sentence(what)} {sentence(again)}", remedy)
    if registration.status is RegistrationStatus.REJECTED:
        return Why(
            "boot-rejected", f"The Central System rejects this station. BootNotification: {again}.",
            "Register its identity and model at the back-office.",
        )  # fmt: skip
    if registration.status is RegistrationStatus.PENDING:
        return Why(
            "boot-pending",
            f"The Central System has not decided yet about this station (Pending). BootNotification: {again}.",
            "Accept it at the back-office.",
        )
    return None


def _timeout(view: View) -> int:
    return view.parts.configuration.number(Key.MessageTimeout)


def remark(view: View) -> str:
    """One sentence where the Central System cannot be asked at this moment; "": it can."""
    parts = view.parts
    if not parts.session.up:
        return sentence(f"no connection to the Central System{_cause(view)}")
    if parts.registration.accepted or not parts.context.facts.unit.registered:
        return ""
    boot = _boot(view)
    return "" if boot is None else boot.text


def headline(view: View) -> str:
    """The same in some words, for the first line of the status; "": connected and accepted."""
    parts = view.parts
    if not parts.session.up:
        lost = parts.session.lost
        return f"not connected to the Central System ({lost.stage})" if lost and lost.stage else (
            "not connected to the Central System"
        )  # fmt: skip
    if parts.registration.accepted:
        return ""
    status = parts.registration.status
    return f"registration {status}" if status is not None else "registration not answered yet"
