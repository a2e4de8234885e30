"""SignCertificate and CertificateSigned: the open request, the certificate, its renewal, across restarts."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import Certificate, ConnectionSet, SecurityOccurrence
from ocpp16.step import MakeKey, ReadChain
from tests.ocpp16.profiles.security.authority import DAY, Secured, details, jobs, used
from tests.ocpp16.rig import SILENCE, CallError

FIRST, NEXT = details("first"), details("next")
ACCEPTED = {"status": "Accepted"}


def triggered(station: Secured) -> str:
    """As ExtendedTriggerMessage does; the jobs come with the next step."""
    why = station.cp.parts.security.certificates.sign_requested()
    station.step(ev.Tick())
    return why


def asked(answer: object = ACCEPTED, **more: object) -> Secured:
    """A station whose request the Central System has answered."""
    station = Secured(SecurityProfile=3, **more)
    station.script["SignCertificate"] = answer  # type: ignore[assignment]
    station.online()
    assert triggered(station) == ""
    station.make_key()
    return station


def states(station: Secured) -> dict[str, str]:
    return {row.name: row.state for row in station.rows(Certificate)}


def test_a_request_and_its_certificate() -> None:
    """A02, TC_074: a key, its CSR with O and CN, the certificate; with profile 3 the station reconnects with it."""
    station = Secured(SecurityProfile=3)
    station.script["SignCertificate"] = ACCEPTED
    station.online()
    triggered(station)
    (job,) = jobs(station.last, MakeKey)
    assert (job.common_name, job.organization) == ("S-1", "Strom AG")
    step = station.make_key()
    assert step.records and used(step).keep == ("key-1.pem",)  # the key has a row before its CSR is sent
    assert station.heard("SignCertificate") == [{"csr": "CSR of key-1.pem"}]
    assert station.signed(FIRST) == "Accepted"
    assert station.wanted == 1
    station.linked()
    assert states(station) == {"first.pem": "in-force"} and station.rows(Certificate)[0].key_name == "key-1.pem"
    assert station.events() == ["ReconfigurationOfSecurityParameters"] * 2


@pytest.mark.parametrize(
    ("serial", "cpo", "why"),
    [
        ("", "Strom AG", "no serial number"),
        ("S-1", "", "CpoName is empty"),
        ("x" * 65, "A", "longer than the 64"),
    ],
)
def test_without_serial_or_cpo_name(serial: str, cpo: str, why: str) -> None:
    """Refused with that reason, and nothing is made."""
    station = Secured(serial=serial, CpoName=cpo).online()
    assert why in triggered(station) and jobs(station.last, MakeKey) == []  # type: ignore[arg-type]


def test_no_request_while_the_store_is_full() -> None:
    """A key whose row cannot be kept is not made; too many jobs at once neither."""
    station = Secured().online()
    for _ in range(4):
        assert triggered(station) == ""  # type: ignore[arg-type]
    assert "too many" in triggered(station)  # type: ignore[arg-type]
    station.happens(ev.StoreChanged("full"))
    assert "nothing more" in triggered(station)  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", [{"status": "Rejected"}, CallError("InternalError"), SILENCE])
def test_a_request_that_is_not_accepted_is_dropped(answer: object) -> None:
    """Its key goes; a certificate for it is refused."""
    station = asked(answer)
    station.wait(31)
    assert states(station) == {} and station.signed(FIRST) == "Rejected"
    assert station.events() == ["InvalidChargePointCertificate"]


@pytest.mark.parametrize("made", [{"problem": "disk: no room"}, {"csr": "x" * 5501}])
def test_a_key_that_cannot_be_made(made: dict[str, str]) -> None:
    """Said in the journal; nothing is sent, and what was written is swept."""
    station = Secured().online()
    triggered(station)  # type: ignore[arg-type]
    station.make_key(**made)  # type: ignore[attr-defined]
    assert station.heard("SignCertificate") == [] and states(station) == {}  # type: ignore[arg-type]


def test_tc_077_a_certificate_that_is_refused() -> None:
    """Rejected, the event, the old one and the open request stay; then the right one is taken."""
    station = asked()
    assert station.signed(None, problem="it does not belong to the key of the open request") == "Rejected"
    assert station.events() == ["InvalidChargePointCertificate"]
    assert states(station) == {"key-1.pem": "in-force"} and station.signed(FIRST) == "Accepted"


def test_the_chain_size() -> None:
    """CertificateSignedMaxChainSize, in characters; nothing longer is read."""
    station = Secured(Product(certificate_chain_max=100), SecurityProfile=3)
    station.script["SignCertificate"] = ACCEPTED
    station.online()
    triggered(station)
    station.make_key()
    assert station.signed(None, "x" * 101) == "Rejected"
    assert station.ask("CertificateSigned", certificateChain="x" * 100)[0] is None
    (job,) = jobs(station.last, ReadChain)
    assert (job.key, job.common_name) == ("key-1.pem", "S-1")


def test_a_newer_request_replaces_the_open_one() -> None:
    """A new key each time; a key that comes late belongs to no request."""
    station = asked()
    triggered(station)
    station.make_key("key-2.pem")
    assert states(station) == {"key-2.pem": "in-force"}
    station.happens(ev.KeyMade(999, "key-3.pem", "CSR"))
    assert states(station) == {"key-2.pem": "in-force"}


def test_the_pending_key_survives_a_restart() -> None:
    """Accepted: it stays open.  Not answered when the power went: it is given up, and its file swept."""
    station = asked()
    station.restart(dark=True).online()
    assert states(station) == {"key-1.pem": "in-force"} and station.signed(FIRST) == "Accepted"
    silent = asked(SILENCE)
    silent.restart(dark=True).online()
    assert states(silent) == {}


def test_one_that_becomes_valid_later() -> None:
    """A02.FR.08: until its notBefore the one before is used; then it is, and the one before stays for a month."""
    station = asked()
    station.signed(FIRST)
    station.linked()
    triggered(station)
    station.make_key("key-2.pem")
    assert station.signed(details("next", (0.5, 1000))) == "Accepted"
    assert states(station) == {"first.pem": "in-force", "next.pem": "waiting"}
    station.wait(0.6 * DAY)
    station.linked()
    assert states(station) == {"first.pem": "fallback", "next.pem": "in-force"}
    station.wait(31 * DAY)
    assert states(station) == {"next.pem": "in-force"}


def second(profile: int = 3) -> Secured:
    """A station that works with the certificate `first`, and has just been sent `next`."""
    station = asked() if profile == 3 else asked_in(profile)
    station.signed(FIRST)
    station.linked()
    triggered(station)
    station.make_key("key-2.pem")
    assert station.signed(NEXT) == "Accepted"
    return station


def asked_in(profile: int) -> Secured:
    station = Secured(SecurityProfile=profile)
    station.script["SignCertificate"] = ACCEPTED
    station.online()
    triggered(station)
    station.make_key()
    return station


def test_3_a_new_certificate_is_kept_after_the_first_answer() -> None:
    """Until then the one before is in force; the open connection is ended for it, after the answer."""
    station = second()
    assert station.wanted == 2 and states(station) == {"first.pem": "in-force", "next.pem": "waiting"}
    station.script["Heartbeat"] = SILENCE
    station.linked()
    assert states(station)["next.pem"] == "waiting"
    station.script["Heartbeat"] = {"currentTime": "2025-04-14T12:00:00Z"}
    station.linked()
    assert states(station) == {"first.pem": "fallback", "next.pem": "in-force"}
    assert ("connection-kept", {"changed": "station's certificate"}) in station.notes


def test_3_a_new_certificate_that_is_refused_is_taken_back() -> None:
    """Three refusals: the one before counts again; event and log say what failed at which stage; its row goes."""
    station = second()
    for _ in range(3):
        assert station.wanted == 2
        station.refused()
    assert station.wanted == 1 and states(station)["first.pem"] == "in-force"
    told = {"changed": "station's certificate", "stage": "TLS", "failure": "tls-client-refused"}
    assert ("connection-returned", told) in station.notes
    station.linked()
    assert states(station) == {"first.pem": "in-force"}
    rows = [row.tech_info for row in station.rows(SecurityOccurrence)]
    assert "station's certificate: taken back (TLS: tls-client-refused)" in rows
    station.wait(2 * DAY)
    assert station.wanted == 1, "it is not tried again"


def test_3_one_that_the_network_kept_from_being_tried_comes_again() -> None:
    """The trial ends without a verdict: where the one before is refused, the new one is tried again, and kept."""
    station = second()
    station.refused("tcp-refused", "TCP")
    station.wait(301)
    for _ in range(3):
        assert station.wanted == 1 and states(station)["next.pem"] == "waiting"
        station.refused()
    assert station.wanted == 2
    station.linked()
    assert states(station) == {"first.pem": "fallback", "next.pem": "in-force"}


@pytest.mark.parametrize("linked", [False, True])
def test_3_a_power_cut_in_the_trial_of_a_certificate(linked: bool) -> None:
    """The next process goes on with the trial; nothing is lost, nothing is in force twice."""
    station = second()
    if linked:
        station.script["Heartbeat"] = SILENCE
        station.linked()
        del station.script["Heartbeat"]
    station.restart(dark=True).started()
    assert station.wanted == 2 and states(station)["first.pem"] == "in-force"
    station.boot_answer["status"] = "Accepted"
    station.linked()
    assert states(station) == {"first.pem": "fallback", "next.pem": "in-force"}


def test_3_a_power_cut_before_the_set_is_durable() -> None:
    """The certificate has its row, the trial has none yet: the next process begins it."""
    station = second()
    station.disk = {key: row for key, row in station.disk.items() if key != ("connection_set", 2)}
    station.restart(dark=True).started()
    station.linked()
    assert [row.certificate for row in station.rows(ConnectionSet)] == ["first.pem", "next.pem"]


@pytest.mark.parametrize("profile", [1, 2])
def test_3_a_certificate_that_the_connection_does_not_use_counts_at_once(profile: int) -> None:
    """In profiles 1 and 2 nothing is dialled anew; the step to profile 3 is what tries it."""
    station = second(profile)
    assert station.cp.parts.session.epoch == 0 and station.up
    assert states(station) == {"first.pem": "fallback", "next.pem": "in-force"}


def test_3_one_that_cannot_be_stored_is_tried_again_in_an_hour() -> None:
    """Said in the journal; the connection stays, and the certificate is not lost."""
    station = asked()
    station.disk_fails = "the disk is full"
    assert station.signed(FIRST) == "Accepted" and states(station) == {"first.pem": "waiting"}
    assert station.up and station.rows(ConnectionSet) == []
    assert any(fields.get("detail") == "the disk is full" for _, fields in station.notes)
    station.disk_fails = ""
    station.wait(3500)
    assert station.rows(ConnectionSet) == []
    station.wait(3700)
    assert [one.certificate for one in station.rows(ConnectionSet)] == ["first.pem"]


@pytest.mark.parametrize("days", [1, 7, 47, 365])
def test_10_renewal_by_the_life_of_the_certificate(days: int) -> None:
    """Field case 10: one CSR, at the smaller of 30 days and a third of the life; none at the starts before."""
    station = Secured(SecurityProfile=3)
    station.script["SignCertificate"] = ACCEPTED
    station.online()
    station.happens(ev.ConfiguredRead((), details("own", (0, days))))
    due = days - min(30.0, days / 3)
    station.wait((due - 0.01) * DAY)
    station.restart().online()
    assert jobs(station.last, MakeKey) == [] and station.heard("SignCertificate") == []
    wanted = station.cp.parts.security.certificates.station
    station.wait(0.02 * DAY)
    assert wanted._making is not None
    station.happens(ev.KeyMade(wanted._making, "key-1.pem", "CSR"))
    station.wait(0.2 * DAY)
    assert len(station.heard("SignCertificate")) == 1


def test_at_most_one_request_an_hour() -> None:
    """No answer: again after an hour, no sooner; rejected: a day later."""
    station = Secured(SecurityProfile=3)
    station.script["SignCertificate"] = CallError("InternalError")
    station.online()
    station.happens(ev.ConfiguredRead((), details("own", (-9, 1))))
    made = 0
    for _ in range(12):
        ref = station.cp.parts.security.certificates.station._making
        if ref is not None:
            made += 1
            station.happens(ev.KeyMade(ref, f"key-{made}.pem", "CSR"))
        station.wait(600)
    assert made == 2


def test_aq_3_its_own_certificate_stays() -> None:
    """Failed; where the product allows it: not while the station proves itself by it."""
    station = asked()
    station.signed(FIRST)
    assert station.remove("first") == "Failed"
    for profile, status in ((3, "Failed"), (2, "Accepted")):
        other = Secured(Product(station_certificate_removable=True), SecurityProfile=profile).online()
        other.happens(ev.ConfiguredRead((), FIRST))
        assert other.remove("first") == status  # type: ignore[attr-defined]
