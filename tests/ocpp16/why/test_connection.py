"""why and status say: what is on trial and until when, what was taken back and why, which certificates end."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from tests.ocpp16.profiles.security.authority import Secured, details
from tests.ocpp16.profiles.security.test_root_trial import installed
from tests.ocpp16.profiles.security.test_station_certificate import second
from tests.ocpp16.rig import SILENCE


def why(station: Secured) -> str:
    row: Any = station.cp.why(station.now())[0]
    return f"{row['text']} {row['remedy']}"


def status(station: Secured) -> Any:
    return station.cp.status(station.now())


def test_4_a_trial_is_told_with_its_end() -> None:
    """What, and until when."""
    station = second()
    station.mono += 100
    assert "A new station's certificate is on trial for 3 min at most." in why(station)
    assert status(station)["connection_trial"] == {
        "state": "trial",
        "changed": "station's certificate",
        "ends_in_s": 200,
    }


def test_4_a_trial_that_was_taken_back_is_told() -> None:
    """What failed at which stage, and what to do; until another change is kept."""
    station = second()
    for _ in range(3):
        station.refused()
    station.linked()
    text = why(station)
    assert "The new station's certificate was taken back 0 s ago: TLS (tls-client-refused)." in text
    assert "Mend what failed, then repeat the change." in text
    told = {"changed": "station's certificate", "stage": "TLS", "failure": "tls-client-refused", "ago_s": 0}
    assert status(station)["connection_returned"] == told and status(station)["connection_trial"] is None


def test_4_silence_is_told_as_no_answer() -> None:
    station = second()
    station.wait(301)
    assert "taken back 1 s ago: no answer (no answered CALL within the time of the trial)" in why(station)


def test_4_a_change_that_waits_is_told() -> None:
    """While an answer is awaited on the open connection."""
    station = second()
    station.linked()
    station.script["Heartbeat"] = SILENCE
    station.trigger()
    station.step(ev.SettingAsked(1, "csms.url", "wss://other.example/x"))
    assert "A new csms.url waits for its trial." in why(station)


def test_4_a_root_on_trial_and_taken_back() -> None:
    station = installed()
    assert "A new CA certificate is on trial until a CALL was answered on a new connection." in why(station)
    for _ in range(3):
        station.refused("tls-bad-signature")
    assert "The new CA certificate was taken back 0 s ago: TLS (tls-bad-signature)." in why(station)


@pytest.mark.parametrize(
    ("days", "words"),
    [(61, ""), (59.5, "ends in 59 days"), (29.5, "ends in 29 days"), (1.5, "ends in 1 day."), (0.5, "ends today"),
     (-0.5, "has ended")],
)  # fmt: skip
def test_4_certificates_near_their_end_are_told(days: float, words: str) -> None:
    """Of the station, a root, and the chain of the Central System."""
    for told in (ev.ConfiguredRead((), details("one", (-1000, days))),
                 ev.ConfiguredRead((details("one", (-1000, days)),))):  # fmt: skip
        station = Secured(SecurityProfile=3).online()
        station.happens(told)
        assert isinstance(station, Secured)
        assert (f"(CN=one) {words}" in why(station)) if words else ("CN=one" not in why(station))
    station = Secured(SecurityProfile=2).online()
    assert isinstance(station, Secured)
    station.linked(details("one", (-1000, days)), details("root"))
    assert (f"chain (CN=one) {words}" in why(station)) if words else ("CN=one" not in why(station))
    assert bool(status(station)["certificates_ending"]) == bool(words)


def test_4_while_the_time_is_unknown_no_days_are_counted() -> None:
    """Neither of certificates nor in why: the build date is no time."""
    station = Secured(SecurityProfile=2)
    station.host_utc = False
    station.started()
    station.happens(ev.ConfiguredRead((details("one", (-1000, 1)),)))
    rows: Any = station.cp.certificate_rows()
    assert [row["days_left"] for row in rows] == [None] and "CN=one" not in why(station)
    station.connect()
    rows = station.cp.certificate_rows()
    assert rows[0]["days_left"] == 1.0
