"""Security events are told by their exact names."""

from __future__ import annotations

from ocpp16.profiles.security.security_events import SecurityEvent, SecurityEvents
from ocpp16.state.context import Context
from ocpp16.state.facts import Facts
from ocpp16.state.utc_clock import Clock


def made(switched_on: bool = True) -> tuple[Context, SecurityEvents]:
    context = Context(Facts([]), Clock("boot", 0.0, None, 0.0))
    return context, SecurityEvents(context, switched_on)


def test_an_event_is_logged_with_its_cause() -> None:
    context, events = made()
    events.record(SecurityEvent.RECONFIGURED, "AuthorizationKey changed")
    (note,) = context.notes
    assert note.code == "security-event"
    assert note.fields == {"event": "ReconfigurationOfSecurityParameters", "detail": "AuthorizationKey changed"}


def test_without_the_security_extension_there_are_none() -> None:
    context, events = made(switched_on=False)
    events.record(SecurityEvent.STARTUP)
    assert not context.notes


def test_names_fit_into_their_field() -> None:
    assert all(len(event) <= 50 for event in SecurityEvent)
