"""InstallCertificate, DeleteCertificate, GetInstalledCertificateIds: every status, and what is in force afterwards."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import Certificate
from ocpp16.step import ReadRoot
from tests.ocpp16.profiles.security.authority import MAKER, ROOT, Secured, details, jobs, used

A, B, C = details("A"), details("B"), details("C")


def two(**more: object) -> Secured:
    """A station with room for two of each type that checks no signature of one root by another."""
    return Secured(Product(certificate_store_max=2, **more), AdditionalRootCertificateCheck=False).online()  # type: ignore[arg-type, return-value]


def test_installed_listed_deleted() -> None:
    """M03, M04, M05: each type by itself; hashes in any case and algorithm; NotFound when none is left."""
    station = two()
    assert (station.install(A), station.install(B, MAKER)) == ("Accepted", "Accepted")
    assert (station.ids(), station.ids(MAKER)) == (["A"], ["B"])
    assert station.remove("B", "SHA512") == "Accepted"
    answer = station.request("GetInstalledCertificateIds", certificateType=MAKER)
    assert answer == {"status": "NotFound"}
    assert station.remove("B") == "NotFound" and station.remove("A", issuerKeyHash="00") == "NotFound"
    assert station.events() == ["ReconfigurationOfSecurityParameters"] * 3


def test_the_hall_gets_the_roots_after_the_commit() -> None:
    """New files, one row, then what counts and what is swept: never anything that a row does not name."""
    station = two()
    answer, step = station.ask("InstallCertificate", certificateType=ROOT, certificate="PEM")
    (job,) = jobs(step, ReadRoot)
    assert answer is None and (job.pem, job.role, job.roots, job.cross_signed) == (
        "PEM",
        "central-system-root",
        (),
        False,
    )
    step = station.step(ev.CertificateRead(job.ref, A))
    assert [write.record.name for write in step.records if write.record.table == "certificate"] == [A.name]
    assert (used(step).roots, used(step).keep) == (("A.pem",), ("A.pem",))


def test_nothing_is_swept_while_another_file_has_no_row_yet() -> None:
    """Two InstallCertificates at once: the first answer must not remove the second one's file."""
    station = two()
    refs = [jobs(station.ask("InstallCertificate", certificateType=use, certificate="P")[1], ReadRoot)[0].ref
            for use in (ROOT, MAKER)]  # fmt: skip
    assert used(station.step(ev.CertificateRead(refs[0], A))).keep == ()
    assert used(station.step(ev.CertificateRead(refs[1], B))).keep == ("A.pem", "B.pem")


@pytest.mark.parametrize(("use", "event"), [(ROOT, ["InvalidCentralSystemCertificate"]), (MAKER, [])])
def test_rejected(use: str, event: list[str]) -> None:
    """TC_078: what is no root is Rejected; for a root of the Central System the event is raised."""
    station = two()
    assert station.install(None, use, problem="it is not in PEM form") == "Rejected"
    assert (station.events(), station.rows(Certificate)) == (event, [])


def test_failed() -> None:
    """What is valid and cannot be stored: on its medium, while the store is full, or too many at once."""
    station = two()
    assert station.install(None, failure="disk: no room") == "Failed"
    station.happens(ev.StoreChanged("full"))
    assert station.install(A) == "Failed" and station.rows(Certificate) == []
    station.happens(ev.StoreChanged("ok"))
    for _ in range(4):
        assert station.ask("InstallCertificate", certificateType=ROOT, certificate="P")[0] is None
    assert station.install(A) == "Failed"


def test_one_too_many_and_one_twice() -> None:
    """CertificateStoreMaxLength counts each type by itself; the same certificate again is Accepted, and no copy."""
    station = two()
    assert [station.install(one) for one in (A, B, A, C)] == ["Accepted", "Accepted", "Accepted", "Rejected"]
    assert station.ids() == ["A", "B"] and station.install(C, MAKER) == "Accepted"


def test_a_hand_over_while_linked() -> None:
    """Field case 1, M05.FR.08–10: the signed one takes the place, the old one stays until a link used the new one."""
    station = Secured().online()
    assert station.install(A) == "Accepted"
    station.linked(A)
    assert station.install(B) == "Rejected" and station.events()[-1] == "InvalidCentralSystemCertificate"
    assert station.install(B, signed_by=("A.pem",)) == "Accepted"
    assert station.ids() == ["A", "B"]  # the fallback is not counted
    assert station.install(C, signed_by=("B.pem",)) == "Rejected"  # before B was ever used
    station.linked(A)  # the back-office has not moved yet
    assert station.ids() == ["A", "B"] and station.remove("A") == "Failed"
    station.linked(B)
    assert station.ids() == ["A", "B"]  # verified, and nothing answered yet
    station.trigger()
    assert station.ids() == ["B"]
    assert station.install(C, signed_by=("B.pem",)) == "Accepted"


def test_a_hand_over_that_is_called_off() -> None:
    """The new root is deleted before it was used: the old one is in force again; also after a restart."""
    station = Secured().online()
    station.install(A)
    station.linked(A)
    station.install(B, signed_by=("A.pem",))
    station.restart().online()
    assert station.remove("B") == "Accepted" and station.ids() == ["A"]
    (row,) = station.rows(Certificate)
    assert row.state == "in-force"


def test_aq_1_the_last_root_stays() -> None:
    """The reference product: Failed.  One that may: it is gone, and the configuration file does not bring it back."""
    station = Secured().online()
    station.install(A)
    assert station.remove("A") == "Failed" and station.ids() == ["A"]
    other = Secured(Product(last_root_removable=True)).online()
    other.happens(ev.ConfiguredRead((A,)))
    assert other.remove("A") == "Accepted" and other.ids() == []
    other.restart().online()
    other.happens(ev.ConfiguredRead((A,)))
    assert other.ids() == [] and other.install(A) == "Accepted" and other.ids() == ["A"]


def test_m04_fr_06_the_root_of_this_connection_stays() -> None:
    """Failed while it verifies the connection, whatever else is installed."""
    station = two()
    station.install(A)
    station.install(B)
    station.linked(details("leaf"), A)
    assert (station.remove("A"), station.remove("B")) == ("Failed", "Accepted")
    station.install(B)
    station.disconnect()
    station.connect()  # without TLS
    assert station.remove("A") == "Accepted"


def test_the_configuration_file_counts_until_something_is_changed() -> None:
    """Its roots are listed and replaced by what it names now; after an installation it is history."""
    station = Secured(Product(certificate_store_max=2), AdditionalRootCertificateCheck=False).online()
    step = station.happens(ev.ConfiguredRead((A,)))
    assert station.ids() == ["A"] and used(step).roots == ()
    station.happens(ev.ConfiguredRead((B,)))
    assert station.ids() == ["B"]
    assert station.install(C) == "Accepted"
    station.happens(ev.ConfiguredRead((A,)))
    assert sorted(station.ids()) == ["B", "C"]


def test_the_public_authorities_of_the_computer() -> None:
    """`ca_file = "system"`: an installed root counts beside them, and the last one may go."""
    station = Secured().online()
    station.happens(ev.ConfiguredRead(system=True))
    assert station.ids() == [] and station.install(A) == "Accepted" and station.remove("A") == "Accepted"


def test_nothing_is_deleted_while_the_store_is_full() -> None:
    """Failed: the storage error of the whitepaper."""
    station = two()
    station.install(A, MAKER)
    station.happens(ev.StoreChanged("full"))
    assert station.remove("A") == "Failed" and station.ids(MAKER) == ["A"]
