"""The catalogue is whole: every id is there, is played, and applies to one of our products."""

from __future__ import annotations

import pytest

from ocpp16.product import Product
from tests.conformance.catalogue import Case, catalogue, chosen, first_product, known_products, product_named
from tests.conformance.run import ALONE, FAIL, NOT_PLAYED, OFF, PASS, Verdict, joined, judge, own_place, settings_of

CASES = catalogue()
OFF_FOR_THE_REFERENCE = {
    "TC_005_1_CS", "TC_017_1_CS", "TC_018_1_CS", "TC_024_CS", "TC_030_CS", "TC_032_1_CS", "TC_043_1_CS", "TC_044_1_CS",
    "TC_044_2_CS", "TC_044_3_CS", "TC_048_4_CS", "TC_050_4_CS",
}  # fmt: skip
"""Not applicable to it; TC_044 because it takes signed firmware only (F-1)."""


def test_all_ids_are_there() -> None:
    """There are 107 ids, 15 of them of the security extension."""
    security = [case for case in CASES.values() if case.profile == "Security"]
    assert (len(CASES), len(security)) == (107, 15)


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_each_id_applies_to_a_product(case: Case) -> None:
    """Each id can be shown on one of our products."""
    assert first_product(case) is not None


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_each_id_is_played(case: Case) -> None:
    """All 107 ids are played; those about a security profile once in each that the product has."""
    assert callable(case.play)
    product, _ = product_named(first_product(case) or "")
    settings = settings_of(case, product) if case.security_profiles else []
    assert {one.profile for one in settings} <= set(product.security_profiles)
    assert bool(settings) == bool(case.security_profiles)


def test_a_product_without_a_security_profile_is_told_the_reason() -> None:
    """Each of the twelve does not apply, and why is said; what cannot be raised does not apply to TC_083."""
    about = [case for case in CASES.values() if case.security_profiles]
    assert len(about) == 12
    assert all("SEC" in case.applies.why_not(Product(security_profiles=(), secure_firmware=False)) for case in about)
    assert "raised" in CASES["TC_083_CS"].applies.why_not(Product(security_profiles=(1, 3)))
    assert [one.profile for one in settings_of(CASES["TC_083_CS"], Product(security_profiles=(2, 3)))] == [2]


async def test_what_needs_a_station_of_its_own_is_not_played_at_another() -> None:
    """At an installed station the certificates are not ours: neither passed nor failed, and why is said."""
    verdict = await judge(CASES["TC_073_CS"], "chq-s-07sr", place=own_place("chq-s-07sr"))
    assert (verdict.word, verdict.why) == (NOT_PLAYED, ALONE)


def test_one_failure_of_several_settings_fails_the_case() -> None:
    """And the profile is named; the lines of each stand under its name."""
    case = CASES["TC_084_CS"]
    good, bad = Verdict(case, "p", PASS, seen=["a"]), Verdict(case, "p", FAIL, "too low", seen=["b"], spoke=True)
    whole = joined([("profile 2", good), ("profile 3", bad)])
    assert (whole.word, whole.why, whole.spoke) == (FAIL, "profile 3: too low", True)
    assert whole.seen == ["--- profile 2", "a", "--- profile 3", "b"]
    assert joined([("profile 2", good)]).word == PASS


async def test_what_does_not_apply_is_not_played() -> None:
    """A case that does not apply to a product is reported as such."""
    assert (await judge(CASES["TC_005_1_CS"], "chq-s-07sr")).word == OFF


def test_what_does_not_apply_to_the_reference_product() -> None:
    """The reference product's answers switch off just these."""
    product, _ = product_named("chq-s-07sr")
    assert {case.id for case in CASES.values() if not case.applies(product)} == OFF_FOR_THE_REFERENCE


def test_patterns_choose() -> None:
    """Ids are chosen by pattern, with or without their ending, several at a time."""
    assert [case.id for case in chosen(CASES, "TC_00[13] TC_054_CS")] == ["TC_001_CS", "TC_003_CS", "TC_054_CS"]


@pytest.mark.parametrize("name", known_products())
def test_products_are_not_refused(name: str) -> None:
    """Every product file of ours can be read and contradicts itself nowhere."""
    assert product_named(name)[0].name == name
