"""After any death of the board process: every contactor open."""

from __future__ import annotations

import subprocess
import sys
import threading
import tomllib
from pathlib import Path
from typing import Any

import pytest

from drivers.devices import DeviceFailure
from drivers.process.config import DEFAULT_FILE, read
from drivers.process.sign_of_life import path_of
from drivers.safe import FILE, TRIES, Guard, main, make_safe, open_contactors, park_pilots, tables
from drivers.simulated import state
from tests.drivers.process.test_sign_of_life import HOLDS
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
    """Every act is written down; a line, or a PWM, may be busy for some tries."""

    def __init__(self, busy: int = 0, busy_pwm: int = 0) -> None:
        self.acts: list[tuple[Any, ...]] = []
        self.busy, self.busy_pwm = busy, busy_pwm

    def put(self, line: int | str, high: bool) -> None:
        if self.busy:
            self.busy -= 1
            raise OSError(16, "busy")
        self.acts.append((line, high))

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
        if self.ports.busy_pwm:
            self.ports.busy_pwm -= 1
            return DeviceFailure(f"PWM {self.name[0]}", "busy", "wait")
        self.ports.acts.append((*self.name, value))
        return None


PARKED = [("fe20c000.pwm", 0, 1_000_000), (("/dev/ttyX", 19200, "N", 1), 3, 1000, (0,))]


def test_a_board_of_parts_is_opened_as_its_file_stands() -> None:
    """Lines each at its own level; pilots steady; an EVSE-DIN told 0 A; what is nonsense is passed over."""
    ports = RecordingPorts()
    content = tomllib.loads(PARTS)
    assert open_contactors(content, ports.put) == (3, [])
    assert ports.acts == [(17, False), ("SPARE", False), (5, True)]
    ports.acts.clear()
    assert park_pilots(content, ports) == (2, [])  # type: ignore[arg-type]
    assert ports.acts == PARKED


def test_a_pump_stands_still_at_low() -> None:
    """`active` is that of its series coils; a line of the pump's is never left high."""
    ports = RecordingPorts()
    pump = '[connector.1.contactor]\ndriver = "gpio-pump"\nactive = "low"\nlines = [17]\nseries = [4]\n'
    assert open_contactors(tomllib.loads(pump), ports.put) == (2, []) and ports.acts == [(17, False), (4, True)]


def test_a_line_that_is_still_busy_is_tried_again() -> None:
    """Then given up, and the next ones are opened all the same."""
    pauses: list[float] = []
    content = tomllib.loads(PARTS)
    assert open_contactors(content, RecordingPorts(busy=2).put, pauses.append) == (3, [])
    assert len(pauses) == 2
    ports = RecordingPorts(busy=TRIES)
    done, failures = open_contactors(content, ports.put, pauses.append)
    assert done == 2 and failures == ["OSError: [Errno 16] busy"] and ("SPARE", False) in ports.acts


def test_a_port_that_raises_stops_nothing() -> None:
    """Whatever it is."""

    class Broken(RecordingPorts):
        def pwm(self, device: str, channel: int, inverted: bool) -> Any:
            raise RuntimeError("no PWM here")

    ports = Broken()
    done, failures = park_pilots(tomllib.loads(PARTS), ports, lambda s: None)  # type: ignore[arg-type]
    assert done == 1 and failures == ["RuntimeError: no PWM here"] and ports.acts[-1][-1] == (0,)


def test_a_file_that_is_no_toml_any_more_still_names_its_contactors() -> None:
    """Each of its sections is read for itself; one that is broken hides no other."""
    broken = PARTS.replace("baud = 19200", "baud = ").replace("\n", "\r\n")
    content = tables(broken)
    assert content["connector"]["1"]["contactor"]["lines"] == [17, "SPARE"]
    ports = RecordingPorts()
    assert open_contactors(content, ports.put)[0] == 3


def test_the_program_on_a_board_of_parts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """0 where all is open, 1 with the reason where not; a file that the board would refuse is no hindrance."""
    file = tmp_path / "board.toml"
    file.write_text(PARTS)
    ports = RecordingPorts()
    assert main(["--config", str(file)], ports.put, ports) == 0  # type: ignore[arg-type]
    assert "safe: 5 contactor lines and pilots" in capfd.readouterr().err
    assert ports.acts == [(17, False), ("SPARE", False), (5, True), *PARKED]  # the contactors first
    ports = RecordingPorts(busy=TRIES)
    assert main(["--config", str(file)], ports.put, ports) == 1  # type: ignore[arg-type]
    assert "busy" in capfd.readouterr().err


def test_the_usual_file_is_the_board_processes() -> None:
    """Written twice, since reading it there would load too much."""
    assert str(DEFAULT_FILE) == FILE


def test_whoever_stands_by_acts_at_a_death(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Not while a board process lives; then by the file that it had begun with, which may be gone or wrong by now."""
    file, socket = tmp_path / "board.toml", tmp_path / "board.sock"
    file.write_text(f'socket = "{socket}"\n{PARTS}')
    ports = RecordingPorts()
    guard = Guard(str(file), ports.put, ports)  # type: ignore[arg-type]
    guard.act()
    assert len(ports.acts) == 5 and not guard.begun()  # nobody lived when it began
    ports.acts.clear()
    process = subprocess.Popen([sys.executable, "-c", HOLDS, path_of(socket)], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"1\n"
    assert guard.begun()
    guard.act()
    assert not ports.acts
    file.write_text("kind = ")
    process.kill()
    process.wait()
    process.stdout.close()
    guard.act()
    assert ports.acts == [(17, False), ("SPARE", False), (5, True), *PARKED]


def test_it_waits_for_the_next_death(tmp_path: Path) -> None:
    """Without end; here until its second act is interrupted."""
    file, socket = tmp_path / "board.toml", tmp_path / "board.sock"
    file.write_text(f'socket = "{socket}"\n{PARTS}')
    process = subprocess.Popen([sys.executable, "-c", HOLDS, path_of(socket)], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"1\n"

    def interrupt(line: int | str, high: bool) -> None:
        raise KeyboardInterrupt

    death = threading.Thread(target=process.kill)
    death.start()
    with pytest.raises(KeyboardInterrupt):
        main(["--config", str(file), "--watch"], interrupt, RecordingPorts())  # type: ignore[arg-type]
    death.join()
    process.wait()
    process.stdout.close()
