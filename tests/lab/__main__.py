"""`make lab`: builds the machine where that was not done, then sessions and proofs; exit code 0: everything was shown.

`--only sessions,leave,deaths,pump,without-safe,simulated` plays some of it; `--share 0.1` a tenth of the trials.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.lab import boards, proofs
from tests.lab.machine import LabFailed, Machine, code_archive
from tests.lab.session import KEYBOARD, Lab

TOP = Path(__file__).resolve().parents[2]
PARTS = ("sessions", "leave", "deaths", "pump", "without-safe", "simulated")


class Report:
    """Lines with the time at which they were said."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.failures: list[str] = []

    def say(self, who: str, text: str) -> None:
        print(f"{time.monotonic() - self.began:6.1f} s  {who:<12} {text}", flush=True)


async def sessions(lab: Lab, share: float) -> None:
    await lab.begin()
    await lab.whole_session()
    await lab.unplugged_devices()
    await lab.evsed_killed()
    await lab.watchdog()


async def measured(lab: Lab, which: tuple[proofs.Proof, ...], share: float) -> None:
    await lab.machine.do("systemctl start evsed-board.service", within_s=120)
    for proof in which:
        line, _ = await proofs.measure(lab.machine, proof, share)
        lab.say(line)


async def leave(lab: Lab, share: float) -> None:
    await measured(lab, proofs.LEAVE, share)


async def deaths(lab: Lab, share: float) -> None:
    await measured(lab, proofs.DEATHS, share)


async def pump(lab: Lab, share: float) -> None:
    await lab.write_board(boards.pumped(TOP, KEYBOARD))
    await measured(lab, proofs.PUMP, share)


async def without_safe(lab: Lab, share: float) -> None:
    """The same trial, with `safe.py` taken away: on lines that keep their level it has to fail."""
    await lab.machine.do("printf '' > /usr/lib/evsed/lib/drivers/safe.py")
    try:
        await measured(lab, (proofs.DEATHS[0]._replace(count=1),), 1.0)
    except LabFailed as failed:
        lab.expect("still closed" in str(failed) or "(bound" in str(failed), f"it failed otherwise: {failed}")
        lab.say(f"without safe.py, until the board process starts anew, as it must: the proof can fail: {failed}")
        return
    raise LabFailed("with safe.py taken away the line opened all the same: the proof proves nothing")


async def part(name: str, work: Path, archive: bytes, report: Report, share: float) -> None:
    """One part in a machine of its own."""
    machine = Machine(work, work / "run" / name)
    play = {"sessions": sessions, "leave": leave, "deaths": deaths, "pump": pump, "without-safe": without_safe}[name]
    async with Lab(machine, TOP, archive, lambda text: report.say(name, text)) as lab:
        try:
            await lab.start()
            await play(lab, share)
        except Exception as failed:
            report.failures.append(f"{name}: {failed}")
            report.say(name, f"FAILED: {type(failed).__name__}: {failed}")
            for unit in ("evsed-board", "evsed"):
                try:
                    print(await lab.journal(unit), file=sys.stderr)
                except (LabFailed, OSError) as silent:
                    print(silent, file=sys.stderr)


async def simulated(report: Report, share: float) -> None:
    """In a process of its own: it computes."""
    words = ("-m", "tests.lab.simulated_time", str(max(1, round(10_000 * share))))
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=-1, stderr=-2, cwd=TOP)
    out, _ = await process.communicate()
    last = out.decode().splitlines()[-1]
    if process.returncode:
        report.failures.append(f"simulated: {last}")
    report.say("simulated", last)


async def main(work: Path, names: list[str], share: float, together: int) -> int:
    """Several machines run at once: they mostly wait."""
    report = Report()
    places = asyncio.Semaphore(together)
    archive = code_archive(TOP, work)

    async def placed(name: str) -> None:
        async with places:
            if name == "simulated":
                await simulated(report, share)
                return
            await part(name, work, archive, report, share)

    await asyncio.gather(*(placed(name) for name in names))
    report.say("lab", "; ".join(report.failures) if report.failures else "everything was shown")
    return 1 if report.failures else 0


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("tests.lab", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of the machine, 2 GB")
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--share", type=float, default=1.0, help="so much of the trials")
    parser.add_argument("--together", type=int, default=os.cpu_count() or 1, help="machines at once")
    return parser.parse_args()


if __name__ == "__main__":
    chosen = options()
    if not (chosen.work / "base.img").exists():
        subprocess.run([str(TOP / "tests/lab/build.sh"), str(chosen.work)], check=True)
    sys.exit(asyncio.run(main(chosen.work.resolve(), chosen.only.split(","), chosen.share, chosen.together)))
