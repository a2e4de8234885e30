"""`evsectl meter read`, `meter scan` and `rfid read` as programs, on serial lines with real bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.drivers.meters.exchanges import SDM120, SDM120_AS_JSON
from tests.processes.serial_line import PtyEnd, answering

BOARD = """\
kind = "parts"
name = "acme-7k"
socket = "{folder}/board.sock"
[bus.rs485]
port = "{folder}/ttyMETER"
baud = 9600
[connector.1]
[connector.1.pilot]
driver = "evse-din"
bus = "rs485"
address = 2
[connector.1.meter]
driver = "sdm120"
bus = "rs485"
address = 1
[reader]
driver = "rdm6300"
port = "{folder}/ttyCARD"
"""


def evsectl(folder: Path, *words: str) -> tuple[int, list[Any]]:
    (folder / "board.toml").write_text(BOARD.format(folder=folder))
    program = Path(sys.executable).parent / "evsectl"
    done = subprocess.run(
        [program, "--config", folder / "board.toml", *words, "--json"], capture_output=True, text=True, timeout=60
    )
    assert not done.stderr, done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_meter_read(tmp_path: Path) -> None:
    """Exit 0 and the fields of the interface, from a meter at a pty."""
    with answering(tmp_path / "ttyMETER", SDM120.get):
        code, lines = evsectl(tmp_path, "meter", "read")
    assert (code, lines) == (
        0,
        [SDM120_AS_JSON],
    )


def test_meter_read_of_a_silent_meter(tmp_path: Path) -> None:
    """Exit 1, no answer, and what to check."""
    with answering(tmp_path / "ttyMETER", lambda request: None):
        code, (found,) = evsectl(tmp_path, "meter", "read")
    assert code == 1
    assert list(found) == ["connector", "problem", "advice"]
    assert found["problem"] == "no answer"


def test_rfid_read(tmp_path: Path) -> None:
    """A card at a pty, as read and as sent."""
    end = PtyEnd(tmp_path / "ttyCARD")
    over = threading.Event()

    def present() -> None:
        while not over.wait(0.065):
            os.write(end.master, b"\x0201026F6C3A3A\x03")

    thread = threading.Thread(target=present, daemon=True)
    thread.start()
    try:
        code, lines = evsectl(tmp_path, "rfid", "read", "--timeout", "20")
    finally:
        over.set()
        thread.join(5)
        end.close()
    assert (code, lines) == (0, [{"id_tag": "01026F6C3A", "raw": "01026F6C3A", "driver": "rdm6300"}])


def test_rfid_read_without_a_card(tmp_path: Path) -> None:
    """Exit 1 after its time."""
    end = PtyEnd(tmp_path / "ttyCARD")
    try:
        code, (found,) = evsectl(tmp_path, "rfid", "read", "--timeout", "1")
    finally:
        end.close()
    assert code == 1
    assert found["problem"] == "no card within 1 s"
