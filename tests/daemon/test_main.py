"""`evsed`: its arguments and exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from daemon import __version__
from daemon.__main__ import Arguments, files_only, main, parse
from daemon.command_line import UsageError

GOOD = '[station]\nid = "CP1"\n[csms]\nurl = "ws://h"\nsecurity_profile = 0\nallow_insecure = true\n'
GOOD += '[board]\nkind = "simulated"\n'


def test_arguments() -> None:
    """Several files, a board, flags: in any order, with and without an equals sign."""
    line = ["--config", "a", "--board=simulated", "--config=b", "--check-config"]
    assert parse(line) == Arguments([Path("a"), Path("b")], "simulated", True)
    assert parse(["--board", "simulated"]) == Arguments([], "simulated", False)


@pytest.mark.parametrize(
    ("line", "files"), [("", []), ("--config a", ["a"]), ("--config a --config b.toml", ["a", "b.toml"])]
)
def test_a_line_of_files_needs_no_argparse(line: str, files: list[str]) -> None:
    """The line that systemd uses is read without the parser, with the same result."""
    assert files_only(line.split()) == parse(line.split()) == Arguments([Path(file) for file in files])


@pytest.mark.parametrize("line", ["--config", "--config=a", "--config a --check-config", "--config -h", "a --config"])
def test_any_other_line_is_for_the_parser(line: str) -> None:
    """Only pairs of --config and a file are read without the parser."""
    assert files_only(line.split()) is None


def test_a_plain_start_imports_no_parser(tmp_path: Path) -> None:
    """The first frame does not wait for argparse."""
    code = "import sys; from daemon.__main__ import main; main(sys.argv[1:]); print('argparse' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, "--config", str(tmp_path / "none")], capture_output=True, text=True
    )
    assert done.stdout == "False\n" and "cannot be read" in done.stderr


@pytest.mark.parametrize("line", [["--config"], ["--board", "gpio"], ["x"], ["--version=1"], ["--nonsense"]])
def test_wrong_arguments(line: list[str]) -> None:
    """An unknown or incomplete argument ends with exit code 2."""
    with pytest.raises(UsageError):
        parse(line)
    assert main(line) == 2


def test_a_misspelt_option(capsys: pytest.CaptureFixture[str]) -> None:
    """The nearest name is suggested on standard error."""
    assert main(["--chek-config"]) == 2
    assert "evsed: unknown option '--chek-config'; did you mean --check-config?" in capsys.readouterr().err


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Both are printed, with exit code 0."""
    assert main(["--version"]) == 0 and main(["--help"]) == 0
    out = capsys.readouterr().out
    assert f"evsed {__version__}" in out and "usage" in out


def test_check_config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A valid file lists what is offered; a wrong one ends with 2 and names file and line."""
    file = tmp_path / "evsed.toml"
    file.write_text(GOOD)
    assert main(["--check-config", "--config", str(file)]) == 0
    assert "SoC: offered" in capsys.readouterr().out
    file.write_text(GOOD.replace("kind", "kindd"))
    assert main(["--config", str(file)]) == 2
    assert f"{file}:8: [board] kindd" in capsys.readouterr().err


def test_7_check_config_warns_of_an_identity_that_stands_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, by name, while the URL as it will be asked is printed."""
    file = tmp_path / "evsed.toml"
    file.write_text(GOOD.replace("ws://h", "ws://h/ocpp/CP1"))
    assert main(["--check-config", "--config", str(file)]) == 0
    out, err = capsys.readouterr()
    assert "ws://h/ocpp/CP1/CP1" in out and "identity CP1 already" in err and f"{file}:4" in err


def test_16_check_config_warns_of_a_secret_for_everybody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, with file, mode and remedy; the configuration is valid nevertheless."""
    file = tmp_path / "evsed.toml"
    file.write_text(GOOD.replace("[board]", 'password = "hush"\n[board]'))
    file.chmod(0o644)
    assert main(["--check-config", "--config", str(file)]) == 0
    err = capsys.readouterr().err
    assert f"warning: {file}: [csms] password:" in err and "mode 0644" in err and f"chmod 600 {file}" in err
    assert "hush" not in err


def test_the_version_is_that_of_the_package() -> None:
    """--version and the package agree."""
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert f'version = "{__version__}"' in project
