"""The serial port on a pty: what is written arrives, silence ends in time, unplugged it says so and comes back."""

from __future__ import annotations

import os
import pty
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.devices import DeviceFailure
from drivers.driver_table import SerialSettings
from drivers.ports.serial_port import SerialPort


class Plug:
    """A pty behind a name; pulled out, its name is gone and the line is dead."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.master = -1
        self.insert()

    def insert(self) -> None:
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.link.symlink_to(os.ttyname(slave))
        os.close(slave)

    def pull(self) -> None:
        self.link.unlink()
        os.close(self.master)
        self.master = -1

    def end(self) -> None:
        if self.master >= 0:
            self.pull()


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    plug = Plug(tmp_path / "ttyMETER")
    yield plug
    plug.end()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_bytes_go_both_ways(plug: Plug) -> None:
    """Whole reads return at once, partial ones at the end of their time, none is silence."""
    port = SerialPort(str(plug.link))
    assert (port.device, port.baud) == (str(plug.link), 9600)
    assert port.write(b"hello") is None
    assert os.read(plug.master, 10) == b"hello"
    os.write(plug.master, b"abc")
    assert port.read(2, 5.0) == b"ab"
    assert port.read(9, 0.01) == b"c"
    assert port.read(9, 0.0) == b""
    assert port.read(0, 5.0) == b""
    port.close()


def test_it_belongs_to_one_program_alone(plug: Plug) -> None:
    """Who comes second is told so."""
    first, second = SerialPort(str(plug.link)), SerialPort(str(plug.link))
    assert first.write(b"x") is None
    failure = second.write(b"x")
    assert isinstance(failure, DeviceFailure)
    assert failure.cause == "another program uses it"
    assert "serial-getty" in failure.remedy
    first.close()


def test_pulled_out_and_put_back(plug: Plug) -> None:
    """A dead line is a failure, a missing one too, and the next try after its return works."""
    clock = Clock()
    port = SerialPort(str(plug.link), SerialSettings(115200, "E", 2), monotonic=clock)
    assert port.write(b"x") is None
    plug.pull()
    assert isinstance(port.read(1, 0.01), DeviceFailure)
    failure = port.read(1, 0.01)
    assert failure == DeviceFailure(
        str(plug.link), "there is no such device", "check its plug; ls /dev/serial/by-id shows those that are there"
    )
    plug.insert()
    assert isinstance(port.read(1, 0.01), DeviceFailure)
    clock.now += 1.0
    assert port.read(1, 0.01) == b""
    assert port.write(b"back") is None
    assert os.read(plug.master, 10) == b"back"
    port.close()


def test_a_path_that_is_no_serial_line(tmp_path: Path) -> None:
    """It says what is wrong with it."""
    (tmp_path / "file").touch()
    failure = SerialPort(str(tmp_path / "file")).write(b"x")
    assert isinstance(failure, DeviceFailure)
    assert "board file" in failure.remedy or "plug" in failure.remedy


class Recorded:
    """A serial line of memory that records what is done to it."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "done":
            self.done.append((name, value))
        super().__setattr__(name, value)

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def flush(self) -> None:
        self.done.append("drained")

    def close(self) -> None:
        self.done.append("closed")


@pytest.mark.parametrize(("direction", "sending"), [("rts", True), ("rts-inverted", False)])
def test_rts_turns_the_driver_round(direction: Any, sending: bool) -> None:
    """On for as long as bytes leave, and back when the last one has left, even where writing fails."""
    line = Recorded()
    port = SerialPort("/dev/x", direction=direction, open_=lambda *_: line)
    assert port.write(b"abc") is None
    assert line.done == [("rts", not sending), ("rts", sending), b"abc", "drained", ("rts", not sending)]
    line.write = lambda data: 1 / 0  # type: ignore[method-assign, assignment]
    line.done.clear()
    assert isinstance(port.write(b"abc"), DeviceFailure)
    assert line.done == [("rts", sending), ("rts", not sending), "closed"]


def test_the_kernel_turns_the_driver_round() -> None:
    """Where the UART can."""
    line = Recorded()
    port = SerialPort("/dev/x", direction="kernel", open_=lambda *_: line)
    assert port.write(b"abc") is None
    assert line.done[0][0] == "rs485_mode"
    assert line.done[1:] == [b"abc"]
