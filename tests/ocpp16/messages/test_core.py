"""The words of Core against the published schemas."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocpp16.messages import core
from tests.ocpp16.messages import referee

CASES = referee.cases(core)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_vices(case: referee.Case) -> None:
    """Each message of Core is judged as by its schema, each vice by its own code (J 4.2.3)."""
    referee.judge_alike(case)


@pytest.mark.parametrize("case", CASES, ids=repr)
@given(data=st.data())
@settings(max_examples=30)
def test_any_payload(case: referee.Case, data: st.DataObject) -> None:
    """Whatever a payload of Core holds, the schema and we are of one opinion."""
    referee.agree(case, data.draw(referee.any_payload(case.schema)))


def test_sixteen_actions() -> None:
    """Core has sixteen actions, DataTransfer in both directions."""
    assert len({**core.INCOMING, **core.OUTGOING}) == 16
    assert core.INCOMING.keys() & core.OUTGOING.keys() == {"DataTransfer"}
