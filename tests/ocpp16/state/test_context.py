"""What a step collects: one commit, unchanged rows not written, some rows written later (SD cards wear)."""

from __future__ import annotations

from ocpp16.events import Now
from ocpp16.records import MeasuredValue, Sample, Setting, Stamp, Transaction
from ocpp16.state.context import Context
from ocpp16.state.facts import Facts
from ocpp16.state.timers import Timer
from ocpp16.state.utc_clock import Clock
from ocpp16.step import Delete, Save
from tests.ocpp16.rig import BUILD, NOON

STAMP = Stamp(mono=1.0, boot="boot", utc=NOON)
ONE, TWO = Setting(name="A", value="1"), Setting(name="A", value="2")
VALUE = (MeasuredValue(value="1", measurand="SoC"),)


def sample(seq: int, number: int | None = 7) -> Sample:
    return Sample(seq=seq, connector=1, number=number, at=STAMP, context="Sample.Clock", values=VALUE)


def charge(number: int = 7, ended: Stamp | None = None, seq: int = 3) -> Transaction:
    return Transaction(
        number=number, connector=1, id_tag="A", began=STAMP, meter_start_wh=1, start_seq=seq, last_wh=1, last=STAMP,
        ended=ended, stop_seq=None if ended is None else seq + 1,
    )  # fmt: skip


def context(*records: object) -> Context:
    made = Context(Facts(records), Clock("boot", BUILD, NOON - 1000))  # type: ignore[arg-type]
    made.now = Now(1000.0, None)
    return made


def test_one_commit() -> None:
    """All writes of a step are one commit, the last one of each row."""
    it = context()
    it.save(ONE)
    it.save(TWO)
    assert it.take_writes() == (Save(TWO),)
    assert it.take_writes() == ()


def test_unchanged_is_not_written() -> None:
    """A row that says what is on disk already is not written."""
    it = context(ONE)
    it.save(ONE)
    assert it.take_writes() == ()


def test_may_wait() -> None:
    """A write that may wait is done at its time, or with the next commit."""
    it = context()
    it.save(ONE, within_s=60.0)
    assert it.take_writes() == ()
    assert it.timers.due(Timer.LAZY) == 1060.0
    it.save(Setting(name="B", value="1"), within_s=30.0)
    assert it.timers.due(Timer.LAZY) == 1030.0
    it.save(Setting(name="C", value="1"), within_s=90.0)
    assert it.timers.due(Timer.LAZY) == 1030.0
    it.flush_lazy()
    assert len(it.take_writes()) == 3
    assert it.timers.due(Timer.LAZY) is None
    it.save(TWO, within_s=60.0)
    it.save(Setting(name="D", value="1"))
    assert len(it.take_writes()) == 2


def test_fleeting_write() -> None:
    """What an answer may make needless goes with no commit of its own step, but with a later one, or at its time."""
    it = context()
    it.save(ONE, within_s=60.0, fleeting=True)
    it.save(Setting(name="B", value="1"), within_s=30.0)
    it.save(Setting(name="C", value="1"))
    assert [write.record.key for write in it.take_writes() if isinstance(write, Save)] == ["C", "B"]
    assert it.timers.due(Timer.LAZY) == 1060.0
    it.save(Setting(name="D", value="1"))
    assert len(it.take_writes()) == 2
    it.save(TWO, within_s=60.0, fleeting=True)
    assert it.take_writes() == ()
    it.flush_lazy()
    assert it.take_writes() == (Save(TWO),)


def test_waiting_write_that_is_overtaken() -> None:
    """A write that waits gives way to one that does not."""
    it = context()
    it.save(ONE, within_s=60.0)
    it.save(TWO)
    assert it.take_writes() == (Save(TWO),)
    it.save(ONE)
    it.save(TWO, within_s=60.0)
    assert it.take_writes() == (Save(TWO),)


def test_row_that_was_never_written() -> None:
    """A row that came and went before it was written leaves no trace."""
    it = context()
    it.save(ONE, within_s=60.0)
    it.delete(Setting, "A")
    it.flush_lazy()
    assert it.take_writes() == ()


def test_delete() -> None:
    """A row on disk is deleted, at once or later; one of this very step, too."""
    it = context(ONE)
    it.delete(Setting, "A")
    assert it.take_writes() == (Delete("setting", "A"),)
    it.save(ONE)
    it.delete(Setting, "A")
    assert it.take_writes() == (Delete("setting", "A"),)
    it.save(ONE)
    it.take_writes()
    it.delete(Setting, "A", within_s=60.0)
    assert it.take_writes() == ()
    it.flush_lazy()
    assert it.take_writes() == (Delete("setting", "A"),)


def test_nothing_can_be_written() -> None:
    """Where nothing can be written, writes wait and are not lost."""
    it = context()
    it.writable = False
    it.save(ONE)
    assert it.take_writes() == ()
    it.writable = True
    assert it.take_writes() == (Save(ONE),)


def test_order_of_all_reports() -> None:
    """The order goes on after a restart, behind everything on record."""
    assert context().next_seq() == 1
    it = context(charge(6, STAMP, 8), sample(4))
    assert (it.next_seq(), it.next_seq()) == (10, 11)


def test_note_and_stamp() -> None:
    """A note is a code and its fields; a stamp is of now unless another second is named."""
    it = context()
    it.note("hello", connector=1)
    assert (it.notes[0].code, it.notes[0].fields) == ("hello", {"connector": 1})
    assert it.stamp().utc == NOON
    assert it.utc == NOON


def test_time_is_remembered() -> None:
    """The time is kept each hour, and each minute where something is written anyway; never while it is unknown."""
    it = context()
    it.remember_time()
    assert it.facts.unit.floor_utc >= NOON
    it.take_writes()
    it.now = Now(1059.0, None)
    it.remember_time(with_others=True)
    assert it.take_writes() == ()
    it.now = Now(1062.0, None)
    it.remember_time()
    assert it.take_writes() == ()
    it.remember_time(with_others=True)
    assert it.take_writes() != ()
    assert it.timers.due(Timer.FLOOR) == 1062.0 + 3600.0
    unknown = Context(Facts([]), Clock("boot", BUILD, None))
    unknown.remember_time()
    assert unknown.take_writes() == ()
