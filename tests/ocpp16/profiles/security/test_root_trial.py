"""A new root is kept after the first answered CALL, and taken back where it hinders a connection that works without."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import Certificate, SecurityOccurrence
from tests.ocpp16.profiles.security.authority import Secured, details, used

OLD, NEW = details("old"), details("new")


def installed(hand_over: bool = False, profile: int = 2) -> Secured:
    """A station that is connected by the root `old`, and has just been sent `new`."""
    product = Product(certificate_store_max=2)
    station = Secured(product, AdditionalRootCertificateCheck=hand_over, SecurityProfile=profile).online()
    assert isinstance(station, Secured)
    assert station.install(OLD) == "Accepted"
    station.linked(OLD)
    assert station.install(NEW, signed_by=("old.pem",)) == "Accepted"
    return station


def names(station: Secured) -> dict[str, tuple[str, bool]]:
    return {row.name: (row.state, row.proved) for row in station.rows(Certificate)}


@pytest.mark.parametrize("anchor", [OLD, NEW])
def test_3_a_new_root_is_kept_after_the_first_answer(anchor: ev.CertificateDetails) -> None:
    """On a new connection, by whichever root: the open one proves nothing, and is not ended for it."""
    station = installed()
    station.trigger()
    assert names(station)["new.pem"] == ("in-force", False) and station.up
    station.linked(anchor)
    assert not names(station)["new.pem"][1]
    station.trigger()
    assert names(station)["new.pem"] == ("in-force", True)
    assert ("connection-kept", {"changed": "CA certificate"}) in station.notes


@pytest.mark.parametrize("hand_over", [False, True])
def test_3_a_new_root_that_hinders_is_taken_back(hand_over: bool) -> None:
    """Three chains that do not verify: without it; what is answered then takes it back, with event and line."""
    station = installed(hand_over)
    for _ in range(2):
        station.refused("tls-bad-signature")
    step = station.refused("tls-bad-signature")
    assert used(step).roots == ("old.pem",) and {"new.pem", "old.pem"} <= set(used(step).keep)
    told = {"changed": "CA certificate", "stage": "TLS", "failure": "tls-bad-signature"}
    assert ("connection-returned", told) in station.notes
    station.linked(OLD)
    station.trigger()
    assert names(station) == {"old.pem": ("in-force", True)} and station.ids() == ["old"]
    rows = [row.tech_info for row in station.rows(SecurityOccurrence)]
    assert "CA certificate: taken back (TLS: tls-bad-signature)" in rows


def test_3_a_central_system_that_has_moved_to_the_new_root_is_reached() -> None:
    """Its chain fails for another while: without the new root, then with it again, and it is kept."""
    station = installed()
    for _ in range(3):
        station.refused("tls-chain")
    for _ in range(3):
        step = station.refused("tls-unknown-issuer")
    assert used(step).roots == ("new.pem", "old.pem") or used(step).roots == ("old.pem", "new.pem")
    station.linked(NEW)
    station.trigger()
    assert names(station)["new.pem"] == ("in-force", True)
    assert [code for code, _ in station.notes].count("connection-returned") == 1


@pytest.mark.parametrize("code", ["tcp-refused", "tls-expired", "tls-wrong-name", "http-401"])
def test_3_what_is_no_matter_of_the_roots_judges_none(code: str) -> None:
    """An outage of any length, a wrong name or date: the new root stays."""
    station = installed()
    for _ in range(9):
        station.refused(code)
    station.linked(OLD)
    station.trigger()
    assert names(station)["new.pem"] == ("in-force", True)


def test_3_a_power_cut_in_the_trial_of_a_root() -> None:
    """The next process tries both again: nothing is lost before the verdict."""
    station = installed()
    for _ in range(3):
        station.refused("tls-bad-signature")
    station.restart(dark=True).started()
    assert names(station) == {"old.pem": ("in-force", True), "new.pem": ("in-force", False)}
    for _ in range(3):
        station.refused("tls-bad-signature")
    station.linked(OLD)
    station.trigger()
    assert names(station) == {"old.pem": ("in-force", True)}


@pytest.mark.parametrize("profile", [0, 1])
def test_3_without_tls_there_is_nothing_to_try(profile: int) -> None:
    """The step to profile 2 is what tries it."""
    assert names(installed(profile=profile))["new.pem"] == ("in-force", True)


def test_3_the_only_root_is_not_on_trial() -> None:
    """Nothing verifies a connection without it."""
    station = Secured(SecurityProfile=2).online()
    assert isinstance(station, Secured)
    station.install(OLD)
    assert names(station) == {"old.pem": ("in-force", True)}
