"""What `make setup` still needs: the packages of pyproject.toml that are not here.  Standard library only."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def wanted(project: Path = PROJECT) -> list[str]:
    """The requirements of the product and of its extra `test`."""
    table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    return [*table["dependencies"], *table["optional-dependencies"]["test"]]


def missing(requirements: Iterable[str]) -> Iterator[str]:
    """Those of which no version is there."""
    for requirement in requirements:
        found = re.match(r"[A-Za-z0-9._-]+", requirement)
        try:
            version(found[0] if found else requirement)
        except PackageNotFoundError:
            yield requirement


if __name__ == "__main__":
    lacking = list(missing(wanted()))
    print("\n".join(f"  {requirement}" for requirement in lacking))
    sys.exit(1 if lacking else 0)
