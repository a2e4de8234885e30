"""The one order: withdraw, commit, tell, offer."""

from __future__ import annotations

from ocpp16.records import Setting
from ocpp16.step import (
    Commit,
    Link,
    Note,
    Offer,
    Order,
    Outlet,
    Reply,
    Restart,
    Save,
    Step,
    Tell,
    Withdraw,
    moments,
)

LINK = Link(True, 10, 0)
SAVE = Save(Setting(name="A", value="1"))


def test_the_one_order() -> None:
    """Safety first, nothing said that could be forgotten, no energy before its transaction is on disk."""
    step = Step(
        outlets=(Outlet(1, 16.0), Outlet(2, 0.0), Outlet(3, 6.0), Outlet(4, 8.0)),
        records=(SAVE,),
        frames=("one", "two"),
        link=LINK,
        jobs=(Restart("Exit"),),
        orders=(Order(1, "unlock", 1),),
        replies=(Reply(1, True, "done"),),
        notes=(Note("hello", {}),),
    )
    before = {1: Outlet(1, 0.0), 2: Outlet(2, 16.0), 3: Outlet(3, 6.0)}
    assert list(moments(step, before, None)) == [
        Withdraw(Outlet(2, 0.0)),
        Commit((SAVE,)),
        Tell("one"),
        Tell("two"),
        Tell(LINK),
        Tell(Note("hello", {})),
        Tell(Order(1, "unlock", 1)),
        Tell(Reply(1, True, "done")),
        Tell(Restart("Exit")),
        Offer(Outlet(1, 16.0)),
        Offer(Outlet(4, 8.0)),
    ]


def test_only_differences() -> None:
    """A level that is so already is not told again."""
    step = Step(outlets=(Outlet(1, 16.0),), link=LINK)
    assert list(moments(step, {1: Outlet(1, 16.0)}, LINK)) == []
    assert list(moments(step, {1: Outlet(1, 16.0, locked=True)}, LINK)) == [Offer(Outlet(1, 16.0))]


def test_3_an_end_is_withdrawn_before_its_commit() -> None:
    """A level that no transaction stands behind any more is told before the commit, also where 0 A were offered."""
    suspended, ended = Outlet(1, 0.0, transaction=True), Outlet(1, 0.0)
    step = Step(outlets=(ended,), records=(SAVE,), link=LINK)
    assert list(moments(step, {1: suspended}, LINK)) == [Withdraw(ended), Commit((SAVE,))]


def test_3_a_begin_is_offered_after_its_commit() -> None:
    """A transaction at 0 A stands behind its level only when it is on disk."""
    suspended = Outlet(1, 0.0, transaction=True)
    step = Step(outlets=(suspended,), records=(SAVE,), link=LINK)
    assert list(moments(step, {1: Outlet(1)}, LINK)) == [Commit((SAVE,)), Offer(suspended)]
