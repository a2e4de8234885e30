"""The words of LocalAuthListManagement against the published schemas."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocpp16.messages import local_list
from tests.ocpp16.messages import referee

CASES = referee.cases(local_list)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_vices(case: referee.Case) -> None:
    """Each message of LocalAuthListManagement is judged as by its schema, each vice by its own code (J 4.2.3)."""
    referee.judge_alike(case)


@pytest.mark.parametrize("case", CASES, ids=repr)
@given(data=st.data())
@settings(max_examples=30)
def test_any_payload(case: referee.Case, data: st.DataObject) -> None:
    """Whatever a payload of LocalAuthListManagement holds, the schema and we are of one opinion."""
    referee.agree(case, data.draw(referee.any_payload(case.schema)))
