"""The list of all checkers: what must always hold, one line a rule."""

from __future__ import annotations

from tests.sim.check_bill import (
    Authorised,
    EnergyBilled,
    FaultsEndOffers,
    OneLogicalStartAndStop,
    ProperBeginning,
    QueuesEmpty,
    QueuesUnderCap,
    RegisterMonotone,
    UndeliveredKept,
)
from tests.sim.check_board import DeauthorisedOffer, DurableOffer, LeaseHolds, ReflexOpens
from tests.sim.check_profiles import ReservedFor, TruthfulUpdate, WithinLimits
from tests.sim.check_stop import BillsMarked, StopHolds, ToldAge
from tests.sim.check_wire import (
    BootGate,
    EveryCallAnswered,
    FramesValid,
    HonestTime,
    OneCallInFlight,
    OneEntryEach,
    StatusMatrix,
)
from tests.sim.checkers import Checker


def all_checkers(schema_one_in: int = 1) -> list[Checker]:
    """Fresh ones, with empty books."""
    return [
        EnergyBilled(),
        DurableOffer(),
        DeauthorisedOffer(),
        FaultsEndOffers(),
        ReflexOpens(),
        LeaseHolds(),
        OneLogicalStartAndStop(),
        ProperBeginning(),
        Authorised(),
        RegisterMonotone(),
        OneCallInFlight(),
        EveryCallAnswered(),
        BootGate(),
        StatusMatrix(),
        HonestTime(),
        OneEntryEach(),
        FramesValid(schema_one_in),
        WithinLimits(),
        ReservedFor(),
        TruthfulUpdate(),
        QueuesUnderCap(),
        QueuesEmpty(),
        UndeliveredKept(),
        StopHolds(),
        ToldAge(),
        BillsMarked(),
    ]
