"""`make bench`: every figure, measured in this very run beside a minimal charge point on the package `ocpp`."""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
from collections.abc import Awaitable, Callable

from tests.bench import device, indicators, inside, limits, processes
from tests.bench.measure import Row, table

FIGURES: dict[str, Callable[[], Awaitable[list[Row]]]] = {
    "start": processes.start,
    "calls": processes.calls,
    "remote": processes.remote,
    "reconnect": processes.reconnect,
    "queue": inside.queue,
    "decoding": inside.decoding,
    "simulated": inside.simulated,
    "hostile": inside.hostile,
    "indicators": indicators.indicators,
    "pilot": limits.pilot,
    "composite": limits.composite,
    "lists": limits.lists,
    "memory": limits.memory,
    "minute": processes.minute,
    "device": device.device,
}


def main() -> int:
    """Exit code 0: every figure could be measured; whether its target is met, the table says."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("figures", nargs="*", metavar="FIGURE", help=f"only these: {', '.join(FIGURES)}")
    chosen = options.parse_args().figures or list(FIGURES)
    rows, broken = [], []
    for name in chosen:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        try:
            rows += asyncio.run(FIGURES[name]())  # type: ignore[arg-type]
        except Exception as error:
            broken.append(f"{name}: {type(error).__name__}: {error}"[:600])
    print(f"\n{platform.machine()}, Python {platform.python_version()}, medians of the runs in the last column\n")
    if sys.flags.dont_write_bytecode:
        print("PYTHONDONTWRITEBYTECODE is in force: Python keeps no compiled files; a start takes twice as long.\n")
    print(table(rows))
    for line in broken:
        print(f"could not be measured: {line}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
