"""`evsed`: its arguments and exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon import __version__
from daemon.__main__ import Usage, arguments, main

GOOD = '[station]\nid = "CP1"\n[csms]\nurl = "ws://h"\nsecurity_profile = 0\nallow_insecure = true\n'
GOOD += '[board]\nkind = "simulated"\n'


def test_arguments() -> None:
    """Several files, a board, flags: in any order, with and without an equals sign."""
    files, board, flags = arguments(["--config", "a", "--board=simulated", "--config=b", "--check-config"])
    assert (files, board, flags) == ([Path("a"), Path("b")], "simulated", {"--check-config"})
    assert arguments(["--board", "simulated", "-h"]) == ([], "simulated", {"--help"})


@pytest.mark.parametrize("words", [["--config"], ["--board", "gpio"], ["x"], ["--version=1"], ["--nonsense"]])
def test_wrong_arguments(words: list[str]) -> None:
    """What is not on the page is refused, with exit 2."""
    with pytest.raises(Usage):
        arguments(words)
    assert main(words) == 2


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Both are said, and all is well."""
    assert main(["--version"]) == 0 and main(["--help"]) == 0
    out = capsys.readouterr().out
    assert f"evsed {__version__}" in out and "usage" in out


def test_check_config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A good file is well and says what is offered; a wrong one exits with 2 and names file and line."""
    file = tmp_path / "evsed.toml"
    file.write_text(GOOD)
    assert main(["--check-config", "--config", str(file)]) == 0
    assert "SoC: offered" in capsys.readouterr().out
    file.write_text(GOOD.replace("kind", "kindd"))
    assert main(["--config", str(file)]) == 2
    assert f"{file}:8: [board] kindd" in capsys.readouterr().err


def test_the_version_is_that_of_the_package() -> None:
    """What the programs say is what is installed."""
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert f'version = "{__version__}"' in project
