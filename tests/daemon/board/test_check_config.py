"""`--check-config`: what is offered to measure, and what is missing and why."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from daemon.board.check_config import compared, report
from daemon.board.translation import shape_of
from daemon.config.loader import load
from daemon.config.model import Config
from drivers.board_protocol import encode
from drivers.simulated.board import SimulatedBoard

SHAPE: dict[str, Any] = {
    **next(message for message in SimulatedBoard().greet(0.0) if message["type"] == "connector"),
    "measurands": ["Energy.Active.Import.Register", "Frequency"],
}


def config(folder: Path, kind: str = "simulated", product: str = "chq-s-07sr") -> Config:
    file = folder / "evsed.toml"
    file.write_text(
        f'[station]\nid = "CP1"\nproduct = "{product}"\n[csms]\nurl = "ws://h"\nsecurity_profile = 0\n'
        f'allow_insecure = true\n[board]\nkind = "{kind}"\nsocket = "{folder}/b"\n'
        '[store]\ndir = "store"\n'
    )
    return load([file], {})


@contextlib.contextmanager
def board_says(path: Path, *messages: dict[str, Any]) -> Iterator[None]:
    """A board that says this to its one client."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(str(path))
        server.listen(1)

        def serve() -> None:
            client, _ = server.accept()
            with client, contextlib.suppress(OSError):  # who has heard enough goes away
                for message in messages:
                    client.sendall(encode(message))

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


def test_7_14_whom_it_asks_and_where_it_writes(tmp_path: Path) -> None:
    """The URL as it is asked, with the identity encoded, and the absolute folder of the store."""
    file = tmp_path / "evsed.toml"
    config(tmp_path)
    file.write_text(file.read_text().replace('"CP1"', '"CP 7/1"').replace("ws://h", "ws://h/ocpp/"))
    text, well = report(load([file], {}))
    assert well and "central system: ws://h/ocpp/CP%207%2F1\n" in text and f"store: {tmp_path}/store\n" in text


def test_14_what_is_missing_on_the_machine(tmp_path: Path) -> None:
    """A store that cannot be written is not well."""
    file = tmp_path / "evsed.toml"
    config(tmp_path)
    file.write_text(file.read_text().replace('"store"', '"evsed.toml"'))
    text, well = report(load([file], {}))
    assert not well and f"[store] dir: {file} cannot be written" in text


def test_what_the_simulated_board_gives_is_offered(tmp_path: Path) -> None:
    """The simulated board gives all that the reference product names."""
    text, well = report(config(tmp_path))
    assert well and "connector 1: SoC: offered" in text and "NOT offered" not in text


def test_what_is_missing_is_named_with_its_reason(tmp_path: Path) -> None:
    """What the board does not measure is not offered; what the product does not name neither."""
    lines = compared(config(tmp_path), [shape_of(SHAPE)])
    assert "connector 1: Voltage: NOT offered, the board does not measure it" in lines
    assert any("Frequency: not offered" in line for line in lines)


def test_what_is_derived_needs_no_board(tmp_path: Path) -> None:
    """What the station knows of its own offer is no matter of the board."""
    file = tmp_path / "p.toml"
    file.write_text('name = "p"\nmeasurands = ["Energy.Active.Import.Register", "Current.Offered"]\n')
    assert compared(config(tmp_path, product="p.toml"), [shape_of(SHAPE)])[1].endswith("Current.Offered: offered")


def test_a_board_that_does_not_fit_is_not_well(tmp_path: Path) -> None:
    """A station that would be Faulted has no right configuration; the remedy is named."""
    with board_says(tmp_path / "b", *SimulatedBoard(1).greet(1.0)):
        text, well = report(config(tmp_path, "process", "dual"))
    assert not well and "the product has 2, the board 1" in text and "[station] product" in text


def test_a_board_behind_its_socket_is_asked(tmp_path: Path) -> None:
    """What a running board says of itself is compared too."""
    with board_says(tmp_path / "b", *SimulatedBoard(1).greet(1.0)):
        assert "connector 1: SoC: offered" in report(config(tmp_path, "process"))[0]


def test_a_board_that_cannot_be_asked_is_told(tmp_path: Path) -> None:
    """No board, a taken one, nonsense, one that goes away: the configuration is well, and the reason is told."""
    assert "No such file" in report(config(tmp_path, "process"))[0]
    with board_says(tmp_path / "b", {"type": "refused", "reason": "a client is there"}):
        assert "a client is there" in report(config(tmp_path, "process"))[0]
    (tmp_path / "b").unlink()
    with board_says(tmp_path / "b", {"type": "nonsense"}):
        assert "not known" in report(config(tmp_path, "process"))[0]
    (tmp_path / "b").unlink()
    with board_says(tmp_path / "b"):
        assert "not known" in report(config(tmp_path, "process"))[0]
