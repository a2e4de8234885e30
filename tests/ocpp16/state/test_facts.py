"""Records in memory: the open transaction of each connector, the samples of each transaction, the unit's row."""

from __future__ import annotations

from ocpp16.records import MeasuredValue, Sample, Stamp, Transaction, Unit
from ocpp16.state.facts import Facts
from tests.ocpp16.rig import NOON

STAMP = Stamp(mono=1.0, boot="boot", utc=NOON)
VALUE = (MeasuredValue(value="1", measurand="SoC"),)


def sample(seq: int, number: int | None = 7) -> Sample:
    return Sample(seq=seq, connector=1, number=number, at=STAMP, context="Sample.Clock", values=VALUE)


def charge(number: int = 7, ended: Stamp | None = None, seq: int = 3) -> Transaction:
    return Transaction(
        number=number, connector=1, id_tag="A", began=STAMP, meter_start_wh=1, start_seq=seq, last_wh=1, last=STAMP,
        ended=ended, stop_seq=None if ended is None else seq + 1,
    )  # fmt: skip


def test_running() -> None:
    """The open transaction of each connector is known at once, also after a restart."""
    facts = Facts([charge(6, STAMP), charge(7)])
    assert facts.running[1].number == 7
    facts.put(charge(6, STAMP, 9))
    assert facts.running[1].number == 7
    facts.put(charge(7, STAMP))
    assert facts.running == {}


def test_samples_by_transaction() -> None:
    """Samples are found by their transaction."""
    facts = Facts([sample(1), sample(2), sample(3, None)])
    assert list(facts.samples_of[7]) == [1, 2]
    for seq in (1, 2):
        facts.drop("sample", seq)
    assert 7 not in facts.samples_of
    assert facts.drop("sample", 99) is None
    assert facts.drop("setting", "nobody") is None


def test_unit() -> None:
    """A store that knows nothing of the unit has a new one."""
    assert Facts([]).unit == Unit()
    assert Facts([Unit(boot_id="x")]).unit.boot_id == "x"
