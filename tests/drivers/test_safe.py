"""After any death of the board process: every contactor open."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from drivers.devices import DeviceFailure
from drivers.process.config import read
from drivers.safe import TRIES, main, make_safe, open_parts
from drivers.simulated import state
from tests.drivers.simulated.stand import FOREVER, Stand


def dead(folder: Path, *faults: str) -> Path:
    """The configuration of a board that died in the middle of a charge."""
    stand = Stand(**FOREVER)
    stand.charging()
    for name in faults:
        stand.fault(name)
    state.save(folder, stand.board.state())
    file = folder / "board.toml"
    file.write_text(f'[simulated]\nstate_dir = "{folder}"\n', "utf-8")
    return file


def contactor(folder: Path) -> bool:
    world = state.load(folder)
    assert world is not None
    return bool(world["connectors"][0]["contactor"])


def test_it_opens_what_was_closed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """And says how many; a second time there is nothing to do."""
    file = dead(tmp_path)
    assert contactor(tmp_path)
    assert main(["--config", str(file)]) == 0
    assert "1 contactor(s) opened" in capfd.readouterr().err and not contactor(tmp_path)
    assert make_safe(read(file)) == 0


def test_a_welded_one_stays(tmp_path: Path) -> None:
    """Nobody can open that one by software."""
    main(["--config", str(dead(tmp_path, "weld"))])
    assert contactor(tmp_path)


def test_no_world_is_safe(tmp_path: Path) -> None:
    """Where nobody has lived nothing is closed."""
    file = tmp_path / "board.toml"
    file.write_text(f'[simulated]\nstate_dir = "{tmp_path}"\n', "utf-8")
    assert main(["--config", str(file)]) == 0


def test_what_cannot_be_done_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """2 for a configuration that is wrong, 1 for a world that cannot be reached."""
    assert main(["--config", str(tmp_path / "absent.toml")]) == 2
    file = tmp_path / "board.toml"
    file.write_text(f'[simulated]\nstate_dir = "{file}"\n', "utf-8")
    assert main(["--config", str(file)]) == 1
    assert "Not a directory" in capfd.readouterr().err


PARTS = """
kind = "parts"
nonsense = 1
[bus.rs485]
port = "/dev/ttyX"
baud = 19200
[connector.1.pilot]
driver = "pwm-ads1115"
pwm = { device = "fe20c000.pwm" }
[connector.1.contactor]
lines = [17, "SPARE"]
feedback = 27
[connector.2.pilot]
driver = "evse-din"
bus = "rs485"
address = 3
[connector.3.contactor]
line = 5
active = "low"
[connector.4]
pilot = 5
"""


class RecordingPorts:
    """Every act is written down; a line may be busy for some tries."""

    def __init__(self, busy: int = 0) -> None:
        self.acts: list[tuple[Any, ...]] = []
        self.busy = busy

    def gpio(self) -> Any:
        return self

    def output(self, line: int | str, active: str) -> Any:
        return Level(self, line, active)

    def pwm(self, device: str, channel: int, inverted: bool) -> Any:
        return Level(self, device, channel)

    def serial(self, path: str, settings: Any, direction: str) -> Any:
        return (path, *settings)

    def modbus(self, line: Any) -> Any:
        self.line = line
        return self

    def write(self, address: int, register: int, values: tuple[int, ...]) -> None:
        self.acts.append((self.line, address, register, values))


class Level:
    def __init__(self, ports: RecordingPorts, *name: Any) -> None:
        self.ports, self.name = ports, name

    def set(self, value: Any) -> DeviceFailure | None:
        if self.ports.busy:
            self.ports.busy -= 1
            return DeviceFailure(f"GPIO {self.name[0]}", "busy", "wait")
        self.ports.acts.append((*self.name, value))
        return None


def test_a_board_of_parts_is_opened_as_its_file_stands() -> None:
    """Lines first, each at its own level; pilots steady; an EVSE-DIN told 0 A; what is nonsense is passed over."""
    ports = RecordingPorts()
    done, failures = open_parts(tomllib.loads(PARTS), ports)  # type: ignore[arg-type]
    assert failures == [] and done == 5
    assert ports.acts == [
        (17, "high", False),
        ("SPARE", "high", False),
        (5, "low", False),
        ("fe20c000.pwm", 0, 1_000_000),
        (("/dev/ttyX", 19200, "N", 1), 3, 1000, (0,)),
    ]


def test_a_line_that_is_still_busy_is_tried_again() -> None:
    """Then given up, and the next ones are opened all the same."""
    pauses: list[float] = []
    ports = RecordingPorts(busy=2)
    assert open_parts(tomllib.loads(PARTS), ports, pauses.append) == (5, [])  # type: ignore[arg-type]
    assert len(pauses) == 2
    ports = RecordingPorts(busy=TRIES)
    done, failures = open_parts(tomllib.loads(PARTS), ports, pauses.append)  # type: ignore[arg-type]
    assert done == 4 and failures == ["GPIO 17: busy; wait"] and ("SPARE", "high", False) in ports.acts


def test_a_port_that_raises_stops_nothing() -> None:
    """Whatever it is."""

    class Broken(RecordingPorts):
        def pwm(self, device: str, channel: int, inverted: bool) -> Any:
            raise RuntimeError("no PWM here")

    ports = Broken()
    done, failures = open_parts(tomllib.loads(PARTS), ports, lambda s: None)  # type: ignore[arg-type]
    assert done == 4 and failures == ["RuntimeError: no PWM here"] and ports.acts[-1][-1] == (0,)


def test_the_program_on_a_board_of_parts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """0 where all is open, 1 with the reason where not; a file that the board would refuse is no hindrance."""
    file = tmp_path / "board.toml"
    file.write_text(PARTS)
    assert main(["--config", str(file)], RecordingPorts()) == 0  # type: ignore[arg-type]
    assert "safe: 5 contactor lines and pilots" in capfd.readouterr().err
    assert main(["--config", str(file)], RecordingPorts(busy=TRIES)) == 1  # type: ignore[arg-type]
    assert "GPIO 17: busy; wait" in capfd.readouterr().err
