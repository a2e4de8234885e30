"""config.toml: what may stand there, how each mistake is named, and the board that comes of it."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import pytest

from daemon.config.keys import SECTIONS
from drivers.process import config
from drivers.process.config import BoardConfig, ConfigRefused, host_of, keeper_of, read

WELL = """
kind = "simulated"
socket = "/run/x/board.sock"
connectors = 2
lease_s = 10
client_users = ["evsed", "1000"]
socket_group = "evsed"

[simulated]
state_dir = "/var/lib/x"
phases = 3
outlet = "socket"
min_amps = 8
max_amps = 16
ventilated = true
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, "utf-8")
    return path


def refused(folder: Path, text: str) -> str:
    with pytest.raises(ConfigRefused) as problems:
        read(written(folder, text))
    return str(problems.value).replace(str(folder), "")


def test_everything_set(tmp_path: Path) -> None:
    """Each key reaches the configuration."""
    config = read(written(tmp_path, WELL))
    assert config == BoardConfig(
        Path("/run/x/board.sock"), 2, 10, Path("/var/lib/x"), 3, "socket", 16, True, ["evsed", "1000"], "evsed", 8
    )


def test_14_relative_paths_count_from_the_file(tmp_path: Path) -> None:
    """Not from the folder in which evsed-board was started."""
    with chdir("/"):
        config = read(written(tmp_path, 'socket = "./board.sock"\n[simulated]\nstate_dir = "world"\n'))
    assert (config.socket, config.state_dir) == (tmp_path / "board.sock", tmp_path / "world")
    with chdir(tmp_path):
        assert read(Path("config.toml")).socket == tmp_path / "board.sock"


def test_15_the_meter_starts_like_a_real_one(tmp_path: Path) -> None:
    """Not at 0, each connector's own, as evsed's own simulated board does; or where the file says."""
    for text, registers in ("connectors = 2\n", (1_234_567, 2_469_134)), ("[simulated]\nmeter_wh = 0\n", (0,)):
        settings = read(written(tmp_path, text))._replace(state_dir=tmp_path / f"of {len(registers)}")
        board = host_of(settings, 1, keeper_of(settings, lambda kind, text: None))
        told = [message["wh"] for message in board.host.greet(0.0) if message["type"] == "meter"]
        assert told == list(registers)
    assert SECTIONS["simulated"]["meter_wh"].first == config.FIRST_WH


def test_first_values(tmp_path: Path) -> None:
    """An empty file, or no file at the default place, is a simulated board with one cable."""
    first = BoardConfig(
        Path("/run/evsed/board.sock"), 1, 20.0, Path("/var/lib/evsed"), 1, "cable", 32.0, False, ["evsed"]
    )
    assert read(written(tmp_path, "")) == first
    if not config.DEFAULT_FILE.exists():
        assert read(None) == first


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            'kind = "simulated"\nsokket = "/x"',
            "/config.toml:2: sokket: there is no such key;"
            " allowed: kind, socket, connectors, lease_s, client_users, socket_group, simulated; did you mean socket?",
        ),
        ("[simulated]\nphase = 1", "/config.toml:2: [simulated] phase: there is no such key;"),
        ("client_users = [1]", "/config.toml:1: client_users: [1] does not fit; allowed: a list of at most 8 names"),
        ("[other]", "/config.toml:1: other: there is no such key;"),
        ("lease_s = 500", "/config.toml:1: lease_s: 500 does not fit; allowed: a number from 1 to 120"),
        ("connectors = 1.5", "/config.toml:1: connectors: 1.5 does not fit; allowed: a whole number from 1 to 16"),
        ('kind = "gpio"', '/config.toml:1: kind: \'gpio\' does not fit; allowed: "simulated" or "parts"'),
        ("kind = 5", "/config.toml:1: kind: 5 does not fit;"),
        ('\nsocket = ""', "/config.toml:2: socket: '' does not fit; allowed: a path; a relative one counts from"),
        ('socket = "~/b"', "/config.toml:1: socket: '~/b' does not fit; allowed: a path; a relative one counts from"),
        ("simulated = 1", "/config.toml:1: simulated: it must be a section; allowed: [simulated]"),
        ("[simulated]\n\nphases = true", "/config.toml:3: [simulated] phases: True does not fit; allowed: 1 or 3"),
        ("= 1", "/config.toml:1: not valid TOML: "),
        ("kind = simulated", '/config.toml:1: not valid TOML: kind: the quotes are missing: kind = "…"'),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, problem: str) -> None:
    """File, line, key, what is wrong, what is allowed, and the nearest name."""
    assert refused(tmp_path, text).startswith(problem)


def test_all_problems_at_once(tmp_path: Path) -> None:
    """One a line."""
    assert len(refused(tmp_path, "lease_s = 0\nconnectors = 0\n[simulated]\nmax_amps = 5").splitlines()) == 3


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """One that was asked for and is not there, a folder, bytes that are no text, brackets without end."""
    with pytest.raises(ConfigRefused, match="cannot be read: No such file"):
        read(tmp_path / "absent.toml")
    with pytest.raises(ConfigRefused, match="cannot be read: Is a directory"):
        read(tmp_path)
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigRefused, match="not valid TOML"):
        read(tmp_path / "config.toml")
    assert "not valid TOML" in refused(tmp_path, "x = " + "[" * 5000)


def test_the_board_of_a_configuration(tmp_path: Path) -> None:
    """Its shape is that of the file; its world is kept from the first moment on, and after each change."""
    config = read(written(tmp_path, WELL))._replace(state_dir=tmp_path / "world")
    keeper = keeper_of(config, lambda kind, text: None)
    hosted = host_of(config, 1, keeper)
    shape = hosted.host.greet(10.0)[1]
    assert (shape["phases"], shape["outlet"], shape["min_amps"], shape["max_amps"]) == (
        3,
        "socket",
        8.0,
        16.0,
    )
    assert hosted.keep() == ""
    first = hosted.host.greet(10.0)[0]
    assert hosted.settle(5.0)
    again = host_of(config, 2, keeper).host.greet(10.0)[0]
    assert again["boot_id"] == first["boot_id"] and again["session_id"] != first["session_id"]
    order = {"type": "do", "what": "sim", "words": ["hard-reset"], "connector": None, "seq": 1}
    hosted.host.receive(11.0, order)
    assert hosted.keep() == "reboot"


def test_a_minimum_above_the_maximum(tmp_path: Path) -> None:
    """A board that could never signal anything is refused, with the line."""
    text = "[simulated]\nmin_amps = 20\nmax_amps = 16\n"
    assert refused(tmp_path, text) == "/config.toml:2: [simulated] min_amps: 20 A are above max_amps (16 A)"
