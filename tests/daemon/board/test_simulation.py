"""`evsectl sim`: what the board is told, and what evsed plays itself."""

from __future__ import annotations

from pathlib import Path

from daemon.board.session import DoneCallback
from daemon.board.simulation import ANSWER_LEAVES_S, BACKUP_S, Simulation, make_board, open_world
from daemon.config.loader import load
from daemon.config.model import Config
from ocpp16.step import Order, Outlet


def config(folder: Path, more: str = "") -> Config:
    file = folder / "evsed.toml"
    file.write_text(
        f'[station]\nid = "CP1"\n{more}\n[csms]\nurl = "ws://h"\nsecurity_profile = 0\nallow_insecure = true\n'
        f'[store]\ndir = "{folder}/store"\n[board]\nkind = "simulated"\n'
    )
    return load([file], {})


class Board:
    """A board that does everything it is asked for but `bad`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str], int | None]] = []

    def ask(self, what: str, words: list[str], connector: int | None, answer: DoneCallback) -> None:
        self.asked.append((what, words, connector))
        answer(words != ["bad"], "detail")
        answer(True, "twice")  # a second answer changes nothing

    def want(self, outlet: Outlet) -> None: ...
    def withdraw(self) -> None: ...
    def decided(self) -> None: ...
    def order(self, order: Order) -> None: ...
    async def run(self) -> None: ...


class Rig:
    def __init__(self) -> None:
        self.board, self.full, self.dark_in = Board(), list[bool](), list[float]()
        self.simulation = Simulation(self.board, self.full.append, self.dark_in.append)


async def test_words_go_to_the_board() -> None:
    """The board's own answer is the answer."""
    rig = Rig()
    assert await rig.simulation.do(["plug"], 1) == (True, "detail")
    assert await rig.simulation.do(["bad"], None) == (False, "detail")
    assert rig.board.asked == [("sim", ["plug"], 1), ("sim", ["bad"], None)] and rig.dark_in == []


async def test_two_faults_are_played_here() -> None:
    """`store-full` is the store's watermark, `install` the next firmware's fate; the board hears of neither."""
    rig = Rig()
    assert await rig.simulation.do(["fault", "store-full", "on"], None) == (True, "")
    assert await rig.simulation.do(["fault", "store-full", "off"], None) == (True, "")
    assert await rig.simulation.do(["fault", "install", "on"], None) == (True, "")
    assert rig.full == [True, False] and rig.simulation.install_fails and rig.board.asked == []


async def test_the_dark_comes_after_the_answer() -> None:
    """A power cut takes this process too, once who asked was told; on backup power it takes some seconds."""
    rig = Rig()
    await rig.simulation.do(["power-cut"], None)
    await rig.simulation.do(["backup-power"], None)
    assert rig.dark_in == [ANSWER_LEAVES_S, BACKUP_S]


async def test_a_reboot_is_played() -> None:
    """The make-believe of the reboot hook is a hard reset of the board; of others there is none."""
    rig = Rig()
    assert await rig.simulation.play("reboot") == (True, "detail")
    assert rig.board.asked == [("sim", ["hard-reset"], None)]
    assert not (await rig.simulation.play("install"))[0]


def test_the_board_fits_the_product(tmp_path: Path) -> None:
    """Outlet, phases and current of the simulated board are the product's."""
    board = make_board(config(tmp_path, 'product = "socket-3p"'), None, 1)
    (shape,) = [message for message in board.greet(0.0) if message["type"] == "connector"]
    assert (shape["outlet"], shape["phases"], shape["lock"]) == ("socket", 3, True)


def test_15_the_meter_starts_like_a_real_one(tmp_path: Path) -> None:
    """Not at 0, which back-offices take for a meter of the session; each connector has its own register."""
    board = make_board(config(tmp_path, 'product = "dual"'), None, 1)
    assert [m["wh"] for m in board.greet(0.0) if m["type"] == "meter"] == [1_234_567, 2_469_134]


def test_the_world_is_kept_and_found_again(tmp_path: Path) -> None:
    """What was plugged in stays so; another start is another boot."""
    dark: list[float] = []
    host, keep = open_world(config(tmp_path), 5, dark.append)
    boot = host.greet(0.0)[0]["boot_id"]
    host.receive(1.0, {"type": "do", "what": "sim", "words": ["plug"], "connector": 1, "seq": 1})
    keep()
    keep()
    again, _ = open_world(config(tmp_path), 6, dark.append)
    greeting = again.greet(0.0)
    assert greeting[0]["boot_id"] != boot
    assert [m["state"] for m in greeting if m["type"] == "pilot"] == ["B"]
    assert dark == []


def test_a_world_that_cannot_be_kept_ends_nobody(tmp_path: Path) -> None:
    """Where nothing can be written, the make-believe goes on."""
    host, keep = open_world(config(tmp_path), 5, lambda _: None)
    (tmp_path / "store").rmdir()
    host.greet(0.0)
    keep()
    assert not (tmp_path / "store").exists()


def test_a_world_gone_dark_takes_us_along(tmp_path: Path) -> None:
    """When the board's power ends, the world is kept first, then this process goes."""
    dark: list[float] = []
    host, keep = open_world(config(tmp_path), 5, dark.append)
    host.receive(1.0, {"type": "do", "what": "sim", "words": ["power-cut"], "connector": None, "seq": 1})
    keep()
    assert dark == [ANSWER_LEAVES_S] and (tmp_path / "store" / "world.json").exists()


async def test_any_bytes_install(tmp_path: Path) -> None:
    """The make-believe installer takes what has a byte, and nothing while `fault install` is on."""
    simulation, image = Rig().simulation, tmp_path / "image"
    assert not (await simulation.install(image))[0]
    image.write_bytes(b"")
    assert await simulation.install(image) == (False, "the file is empty")
    image.write_bytes(b"x")
    assert (await simulation.install(image))[0]
    await simulation.do(["fault", "install", "on"], None)
    assert await simulation.install(image) == (False, "fault install is on")
    await simulation.do(["fault", "install", "off"], None)
    assert (await simulation.install(image))[0]
