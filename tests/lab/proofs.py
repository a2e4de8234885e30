"""The measured proofs: trials that the guest makes by itself, and the bounds that the worst of each must keep."""

from __future__ import annotations

import json
import statistics
from typing import NamedTuple

from tests.lab.machine import LabFailed, Machine


class Proof(NamedTuple):
    """Trials of one kind; `words` are those of `inside/trials.py`."""

    name: str
    words: str
    count: int
    bound_ms: float


LEAVE = (
    Proof("C to B, idle", "leave {count}", 20, 100.0),
    Proof("C to B, six busy processes", "leave {count} busy", 20, 100.0),
)
DEATHS = (
    Proof("SIGKILL of evsed-board", "kill {count}", 30, 150.0),
    Proof("SIGSTOP of evsed-board", "stop {count}", 30, 1300.0),
)
PUMP = (Proof("SIGSTOP of evsed-board, pump", "stop {count} pump", 30, 350.0),)
TRIAL_S = 40.0


async def measure(machine: Machine, proof: Proof, share: float = 1.0) -> tuple[str, list[float]]:
    """What was measured in a line, and the milliseconds; LabFailed where the worst is above the bound."""
    count = max(1, round(proof.count * share))
    words = proof.words.format(count=count)
    program = "python3 /usr/lib/evsed/lib/inside/trials.py"
    out = await machine.do(f"systemctl stop lab-outside evsed; {program} {words}", within_s=60 + TRIAL_S * count)
    said = json.loads(out.splitlines()[-1])
    took = said["ms"]
    if said["error"] or len(took) < count:
        raise LabFailed(f"{proof.name}: after {len(took)} of {count} trials ({took}): {said['error']}")
    line = (
        f"{proof.name}: {count} trials, median {statistics.median(took):.0f} ms, worst {max(took):.0f} ms "
        f"(bound {proof.bound_ms:.0f} ms)" + (f"; {said['lost']} made again" if said["lost"] else "")
    )
    if max(took) > proof.bound_ms:
        raise LabFailed(line)
    return line, took
