"""The catalogue is whole: every id is there, is played or said to be not built, and applies to one of our products."""

from __future__ import annotations

import pytest

from tests.conformance.catalogue import Case, catalogue, chosen, first_product, known_products, product_named
from tests.conformance.run import NOT_BUILT, OFF, judge

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
def test_each_id_is_played_or_said_to_be_missing(case: Case) -> None:
    """92 ids of the six profiles are played, and those of the security extension that are built."""
    played = ("TC_079_CS", "TC_080_CS", "TC_081_CS")
    assert (case.play is None) == (case.profile == "Security" and case.id not in played)


async def test_what_is_not_built_never_passes() -> None:
    """A case without a play is reported as not built."""
    verdict = await judge(CASES["TC_073_CS"], "chq-s-07sr")
    assert verdict.word == NOT_BUILT


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
