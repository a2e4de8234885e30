"""SignCertificate and CertificateSigned: the open request, the certificate, its renewal, across restarts."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import Certificate
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
    epoch = station.last.link.epoch
    assert station.signed(FIRST) == "Accepted"
    assert station.cp.parts.session.epoch == epoch + 1
    assert states(station) == {"first.pem": "in-force"} and station.rows(Certificate)[0].key_name == "key-1.pem"
    assert station.events() == ["ReconfigurationOfSecurityParameters"]


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
    triggered(station)
    station.make_key("key-2.pem")
    assert station.signed(details("next", (0.5, 1000))) == "Accepted"
    assert states(station) == {"first.pem": "in-force", "next.pem": "waiting"}
    station.wait(0.6 * DAY)
    assert states(station) == {"first.pem": "fallback", "next.pem": "in-force"}
    station.wait(31 * DAY)
    assert states(station) == {"next.pem": "in-force"}


def test_the_one_before_comes_back() -> None:
    """The new one was refused on the link: its row goes; without one before, nothing changes."""
    station = asked()
    station.signed(FIRST)
    part = station.cp.parts.security.certificates.station
    assert not part.fall_back()
    triggered(station)
    station.make_key("key-2.pem")
    station.signed(NEXT)
    assert part.fall_back()
    station.step(ev.Tick())
    assert states(station) == {"first.pem": "in-force"} and used(station.last).key == "key-1.pem"


@pytest.mark.parametrize("code", ["tls-client-refused", "tls-client-files", "tcp-refused"])
def test_a_new_one_that_is_refused_three_times_is_given_up(code: str) -> None:
    """By codes that speak of it; one that was used once is never given up."""
    station = asked()
    station.signed(FIRST)
    station.linked()
    triggered(station)
    station.make_key("key-2.pem")
    station.signed(NEXT)
    station.disconnect()
    for _ in range(3):
        assert states(station)["next.pem"] == "in-force"
        station.step(ev.LinkDown("TLS", "refused", 1.0, code))
    back = code != "tcp-refused"
    assert states(station) == ({"first.pem": "in-force"} if back else {"first.pem": "fallback", "next.pem": "in-force"})


def test_one_that_was_used_is_not_given_up() -> None:
    station = asked()
    station.signed(FIRST)
    triggered(station)
    station.make_key("key-2.pem")
    station.signed(NEXT)
    station.linked()
    station.disconnect()
    for _ in range(5):
        station.step(ev.LinkDown("TLS", "refused", 1.0, "tls-client-refused"))
    assert states(station) == {"first.pem": "fallback", "next.pem": "in-force"}


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
