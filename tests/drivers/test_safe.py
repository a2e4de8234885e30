"""After any death of the board process: every contactor open."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.process.config import read
from drivers.safe import main, make_safe
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
