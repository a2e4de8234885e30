"""What a run has skipped is said once more at its end, with what is missing; in CI a skipped proof fails the run.

`make test` runs pytest in parts.  Each part appends what it skipped to the file that PYTEST_SKIPS_FILE names;
`python -m tests.skips FILE` sums up.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path


def summed_up(lines: list[str], environ: Mapping[str, str]) -> tuple[list[str], int]:
    """What to print, and the exit code: 1 where CI has skipped anything."""
    if not lines:
        return ["nothing was skipped"], 0
    said = [f"skipped {times} times: {reason}" for reason, times in sorted(Counter(lines).items())]
    if environ.get("CI", "") in ("", "0", "false"):
        return [*said, "what is skipped is not proved on this machine"], 0
    return [*said, "CI proves everything: install what is missing"], 1


def main(file: Path) -> int:
    """Print and remove the file."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    said, code = summed_up(lines, os.environ)
    print("\n".join(said))
    file.unlink(missing_ok=True)
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
