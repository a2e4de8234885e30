"""Hostile input at every door: 100,000 executions from fixed seeds, and not one uncaught exception, not one hang."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from ocpp16 import step as st
from ocpp16.messages.call_error import Refusal
from ocpp16.rpc import payload
from tests.fuzz import certificates, schemas, targets
from tests.fuzz.__main__ import main
from tests.fuzz.sessions import Sessions
from tests.fuzz.targets import TARGETS, Found, Target, run

CHUNKS = 4

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
"""The library of certificates warns of those that are not quite one."""


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_nothing_gets_through(target: Target, chunk: int) -> None:
    """Whatever comes in through this door is understood or refused, never thrown."""
    assert run(target, chunk, target.share // CHUNKS).executions == target.share // CHUNKS


def test_there_are_enough() -> None:
    """100,000 executions in all, and all the doors that foreign input has."""
    assert sum(target.share for target in TARGETS) >= 100_000
    assert {"actions", "sessions", "certificates", "firmware", "readers"} <= {target.name for target in TARGETS}


def test_what_gets_through_is_found() -> None:
    """A door that throws is reported with seed and input: the fuzzer is no decoration."""

    def take(item: str) -> None:
        if "9" in item:
            raise KeyError(item)

    with pytest.raises(Found, match="seed 1"):
        run(Target("planted", 0, lambda random: str(random.random()), take), 1, 100)


class Panic(BaseException):
    """As a library in another language raises it."""


def test_a_panic_of_a_library_is_found() -> None:
    """What `except Exception` would let through."""

    def take(item: float) -> None:
        raise Panic

    with pytest.raises(Found, match="Panic"):
        run(Target("planted", 0, lambda random: random.random(), take), 1, 1)


def test_what_never_ends_is_found() -> None:
    """An input that takes the processor for ever ends the run, with its seed."""

    def take(item: float) -> None:
        while True:
            pass

    with pytest.raises(Found, match="Hang"):
        run(Target("planted", 0, lambda random: random.random(), take), 1, 1, hangs_after_s=0.05)


# --- what is made is what it says it is -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_every_action_has_good_payloads(seed: int) -> None:
    """Request and confirmation of all 40 actions, the security extension's among them: made by the types, and valid."""
    random = Random(seed)
    for rows in (payload.INCOMING, payload.OUTGOING):
        for kinds in rows.values():
            for kind in kinds:
                made = msgspec.json.encode(schemas.payload(random, kind))
                assert not isinstance(payload.decode(kind, made), Refusal), made


def test_every_action_is_made() -> None:
    """In a share of `make test` each of them comes, well and badly formed."""
    random = Random(1)
    found: dict[tuple[bool, str], set[bool]] = {}
    for _ in range(6000):
        request, action, data = targets.make_action(random)
        kind = payload.INCOMING[action][0] if request else payload.OUTGOING[action][1]
        found.setdefault((request, action), set()).add(isinstance(payload.decode(kind, data), Refusal))
    assert found.keys() == set(targets.ACTIONS)
    assert all(forms == {True, False} for forms in found.values()), found


def test_the_sessions_lead_in() -> None:
    """Power cuts, transactions, jobs of transfers and certificates: it is no knocking at a closed door."""
    sessions, random = Sessions(), Random(7)
    jobs: set[type[st.Job]] = set()
    tables: set[str] = set()
    answered: set[str] = set()
    boots = 0
    for _ in range(4000):
        sessions.take(sessions.make(random))
        jobs |= {type(job) for job in sessions.unit.jobs}
        tables |= {table for table, _ in sessions.unit.records}
        answered |= set(sessions.unit.actions.values())
        boots = max(boots, sessions.unit.boots)
    assert answered == set(payload.INCOMING)
    assert boots > 5
    assert {st.Upload, st.Download, st.ReadRoot, st.CheckSigner} <= jobs, jobs
    wanted = {"charge", "setting", "reservation", "listed_tag", "certificate", "profile", "signed_firmware_update"}
    assert wanted <= tables, tables


def test_bent_certificates_are_read_behind_the_parser() -> None:
    """Most of them are refused, many not for their form: the lengths around what was bent are right again."""
    random, forms, judged = Random(3), 0, 0
    good = certificates.pool()
    for _ in range(400):
        try:
            certificates.x509.read_root(
                certificates.make_certificate(random), "root", good.roots, certificates.NOW, True
            )
        except certificates.Unfit as unfit:
            forms += "PEM form" in str(unfit)
            judged += "PEM form" not in str(unfit)
    assert forms > 40 and judged > 100, (forms, judged)


# --- `make fuzz` ------------------------------------------------------------------------------------------------------


def test_as_many_as_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """EXECUTIONS=n: at least so many, and every door."""
    assert main(["--executions", "1", "--seed", "1"]) == 0
    shown = capsys.readouterr().out
    assert "nothing uncaught" in shown and all(f"{target.name} " in shown for target in TARGETS)


def test_a_find_ends_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    """With exit code 1, and the input."""

    def take(item: int) -> None:
        raise KeyError(item)

    planted = [Target("planted", 1, lambda random: 5, take)]
    assert main(["--seconds", "60", "--seed", "1"], planted) == 1
    assert "planted, seed 1, execution 0: KeyError(5) at 5" in capsys.readouterr().out
