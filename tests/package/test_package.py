"""Each scenario of the package on a Debian 13 with a real systemd, booted for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.package import container
from tests.package.scenarios import SCENARIOS

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(container.missing()), reason=f"the package on systemd: {container.missing()} is missing"),
    pytest.mark.xdist_group("package"),
]


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with this version and a next one."""
    folder = tmp_path_factory.mktemp("packages")
    container.built(folder)
    container.built(folder, "0.1.1")
    yield folder


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_on_a_real_systemd(scenario: str, packages: Path) -> None:
    """What it did, and the journal, are shown where it failed."""
    code, said = container.play(scenario, packages)
    print(said)
    assert code == 0, said[-6000:]


def test_the_package_is_small(packages: Path) -> None:
    """At most 1 MB."""
    sizes = [path.stat().st_size for path in packages.glob("*.deb")]
    assert sizes and max(sizes) <= 1_000_000
