"""Everything that can happen can be written down and read again."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from ocpp16 import events as ev
from ocpp16.messages.security import CertificateHashData
from ocpp16.messages.types import HashAlgorithm

DETAILS = ev.CertificateDetails(
    name="root-1.pem",
    subject="CN=a",
    issuer="CN=b",
    serial_number="FFF",
    not_before=1.5,
    not_after=2.5,
    key_kind="EC P-256",
    hashes=(CertificateHashData(HashAlgorithm.SHA256, "aa", "bb", "FFF"),),
)
EVENTS = [
    ev.Tick(), ev.Started(), ev.BoardAttached("b", "s", "n", (ev.ConnectorShape(1, measurands=("SoC",)),), ("x",)),
    ev.BoardReady(), ev.BoardLost("gone"), ev.PilotChanged(1, "C", 1.5), ev.CableChanged(1, True, 32.0, False, 1.5),
    ev.ContactorChanged(1, True, True, 1.5), ev.MeterIdentified(1, "17", "m"), ev.SwitchingsCounted(1, 2, 3),
    ev.MeterSampled(1, 1.5, 2.5, (230.0,), (1.0,), (2.0,), 3.0, None),
    ev.CardPresented(None, "CARD", 1.5), ev.FaultChanged(None, "rcd", True, True, "x", 1.5), ev.OfferAcked(1, 6.0, "y"),
    ev.BoardDone(1, True), ev.LinkUp(), ev.LinkDown("TCP", "cut"), ev.LinkQuiet(), ev.FrameReceived("[]"),
    ev.StoreChanged("full"), ev.SecuritySeen("TooManyMessages", "pings"),
    ev.MainsLost(), ev.JobDone(1, False), ev.ShutdownAsked(True), ev.SettingAsked(1, "k", "v"), ev.StopAsked(1),
    ev.CertificateRead(1, DETAILS, "", "", ("root",)), ev.KeyMade(1, "key-1.pem", "csr"), ev.ConfiguredRead((DETAILS,)),
    ev.ResetAsked(1, "Hard"), ev.QueueAsked(1, "park", 5), ev.SelftestAsked(1, True),
]  # fmt: skip


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_written_and_read(event: ev.Event) -> None:
    """The flight recorder writes an event down; a desk reads the same one."""
    assert msgspec.json.decode(msgspec.json.encode(event), type=ev.AnyEvent) == event


def test_every_event_is_known() -> None:
    """No event is missing from the union that the desk reads."""
    assert {type(event) for event in EVENTS} == set(get_args(ev.AnyEvent))
