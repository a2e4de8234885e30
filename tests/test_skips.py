"""A proof that was skipped is named at the end of the run, and fails CI."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import house
from tests.skips import summed_up

ROOT = Path(__file__).resolve().parent.parent
REASONS = ["needs gcc", "needs gcc", "needs mount"]


def test_nothing_skipped() -> None:
    """A whole run says so."""
    assert summed_up([], {"CI": "true"}) == (["nothing was skipped"], 0)


@pytest.mark.parametrize(("environ", "code"), [({}, 0), ({"CI": "false"}, 0), ({"CI": "true"}, 1), ({"CI": "1"}, 1)])
def test_what_is_missing_is_said(environ: dict[str, str], code: int) -> None:
    """Each reason once, with its number; on a desk that is no failure, in CI it is."""
    said, found = summed_up(REASONS, environ)
    assert said[:2] == ["skipped 2 times: needs gcc", "skipped 1 times: needs mount"]
    assert found == code


def test_a_skip_reaches_the_sum(tmp_path: Path) -> None:
    """From a skipped test, through the file, to the exit code."""
    (tmp_path / "test_it.py").write_text("import pytest\n\ndef test_it():\n    pytest.skip('needs a moon')\n")
    file = tmp_path / "skips"
    environ = {"PATH": "/usr/bin:/bin", "PYTEST_SKIPS_FILE": str(file), "PYTHONPATH": str(ROOT)}
    run = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-q", "--rootdir", tmp_path, tmp_path / "test_it.py"]
    subprocess.run(run, env=environ, cwd=tmp_path, check=True, capture_output=True)
    assert file.read_text() == "needs a moon\n"
    end = [sys.executable, "-m", "tests.skips", file]
    assert (
        subprocess.run(end, env={**environ, "CI": "true"}, cwd=ROOT, check=False, capture_output=True).returncode == 1
    )
    assert not file.exists()


def test_a_tree_without_git_passes(tmp_path: Path) -> None:
    """A source archive has no .git: the rules that ask for tracked files take all of them."""
    for name in (*house.PRODUCT, "docs", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    assert [problem for rule in house.RULES for problem in rule(tmp_path)] == []
