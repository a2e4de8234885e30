"""Every command in README.md is carried out: on this machine where it can be, else in a folder that stands for a Pi."""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.csms.central_system import CentralSystem
from tests.house import tracked

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def blocks(language: str) -> list[str]:
    """The fenced blocks of that language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def lines(block: str) -> Iterator[list[str]]:
    """The commands of a block as words, comments left out."""
    for line in block.splitlines():
        if words := shlex.split(line, comments=True):
            yield words


def block_with(word: str) -> str:
    """The one block in which this stands."""
    (found,) = [block for block in blocks("sh") if word in block]
    return found


def carry_out(words: list[str], folder: Path, within: float = 60) -> str:
    """What the command prints; AssertionError if it fails."""
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=within, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{shlex.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_every_block_is_carried_out_below() -> None:
    """No command in README.md is left unproved: there are the four blocks that this file knows."""
    assert [next(lines(block))[0].split("/")[-1] for block in blocks("sh")] == ["make", "evsed", "make", "sudo"]


def test_make_run() -> None:
    """`make run` ends by itself with exit 0 within 60 s, and says so in plain text when nobody watches."""
    assert ["make", "run"] in list(lines(block_with("make run")))
    text = carry_out(["make", "--no-print-directory", f"PYTHON={sys.executable}", "run"], ROOT)
    assert "The bill" in text and "Every Wh is billed" in text
    assert "\x1b" not in text


def test_make_test_and_the_other_verbs() -> None:
    """`make test` and every verb that README and `make` name are there (carried out, they would carry out this)."""
    verbs = {
        verb
        for text in (README, carry_out(["make"], ROOT))
        for verb in re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)", text)
    }
    assert {"run", "test", "check", "bench", "sim", "fuzz", "stories", "replay"} <= verbs
    assert {"deb", "install", "package-test"} <= verbs
    for verb in sorted(verbs):
        carry_out(["make", "--dry-run", verb, "FILE=x"], ROOT)


async def test_a_station_on_a_desk(tmp_path: Path) -> None:
    """The example configuration is right, and each command of the desk works against a real Central System."""
    (example,) = blocks("toml")
    async with CentralSystem() as central:
        (tmp_path / "my-station.toml").write_text(example.replace("127.0.0.1:9000", f"127.0.0.1:{central.port}"))
        daemon: asyncio.subprocess.Process | None = None
        try:
            for words in lines(block_with("evsed --config")):
                words[0] = str(BIN / words[0].removeprefix(".venv/bin/"))
                if words[-1] == "&":
                    daemon = await asyncio.create_subprocess_exec(*words[:-1], cwd=tmp_path)
                    await central.wait("StatusNotification", connectorId=1)
                else:
                    await asyncio.to_thread(carry_out, words, tmp_path)
                if words[-1] == "plug":
                    await central.wait("StatusNotification", status="Preparing")
                if "tap" in words:
                    await central.wait("StartTransaction", idTag=words[-1])
            await central.wait("StopTransaction")
        finally:
            if daemon is not None:
                daemon.terminate()
                await daemon.wait()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product as `pip install .` builds it, from a copy of what is tracked."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "checkout"
    for file in tracked(ROOT):
        target = copy / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    carry_out([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(copy)], folder, 120)
    (built,) = folder.glob("evsed-*.whl")
    return built


def put_into(root: Path, libdir: str) -> Path:
    """What the package and `make install` put into a system, into the folder that stands for its root; its /usr/bin.

    The programs find their library there, in place of `libdir`.
    """
    where = ["--destdir", str(root), "--libdir", libdir, "--python", sys.executable]
    carry_out(["sh", "systemd/install", *where], ROOT)
    for program in (root / "usr/bin").iterdir():
        program.write_text(program.read_text().replace(f'"{libdir}"', f'"{root}{libdir}"'))
    return root / "usr/bin"


def on_a_pi(root: Path, words: list[str], programs: Path) -> None:
    """One line of the installation after the package is there; systemd itself is played by tests/package."""
    if words[0] == "systemctl":
        assert words[1] == "restart" and (root / f"usr/lib/systemd/system/{words[2]}.service").is_file()
    elif words[0] == "evsectl":
        assert words[1] in carry_out([str(programs / "evsectl"), "--help"], root)
    elif words[0] == "evsed":
        carry_out([str(programs / "evsed"), *words[1:], "--config", str(root / "etc/evsed/evsed.toml")], root)
        assert "0." in carry_out([str(programs / "evsed"), "--version"], root)
    else:
        there = [f"{root}{word}" if word.startswith("/etc/") else word for word in words]
        carry_out(there, root)


def test_on_a_raspberry_pi(tmp_path: Path) -> None:
    """The installation on a Pi, line by line, in a folder that stands for its root; without sudo, apt and systemd."""
    (example,) = blocks("toml")
    (tmp_path / "my-station.toml").write_text(example)
    build, package, *rest = lines(block_with("make deb"))
    assert build == ["make", "deb"] and "dpkg-buildpackage" in carry_out(["make", "--dry-run", "deb"], ROOT)
    assert package == ["sudo", "apt", "install", "./dist/evsed_*_all.deb"]
    assert "systemd/install --destdir debian/evsed --libdir /usr/lib/evsed" in (ROOT / "debian/rules").read_text()
    programs = put_into(tmp_path, "/usr/lib/evsed")
    for words in rest:
        assert words[0] == "sudo"
        on_a_pi(tmp_path, words[1:], programs)
    config = (tmp_path / "etc/evsed/evsed.toml").read_text()
    assert '"/var/lib/evsed"' in config and '"/run/evsed/control.sock"' in config
    assert (tmp_path / "usr/share/doc/evsed/README.md").is_file()


def test_on_an_older_system(tmp_path: Path) -> None:
    """`make install` puts the same into the system, beside a virtual environment of its own."""
    apt, install = lines(block_with("make install"))
    assert apt[:3] == ["sudo", "apt", "install"] and {"make", "python3-venv", "libsystemd-dev"} <= {*apt}
    assert install == ["sudo", "make", "install"]
    steps = carry_out(["make", "--dry-run", "install"], ROOT)
    assert "systemd/install --libdir /opt/evsed/lib/evsed --python /opt/evsed/bin/python" in steps
    programs = put_into(tmp_path, "/opt/evsed/lib/evsed")
    assert "0." in carry_out([str(programs / "evsed"), "--version"], tmp_path)
    assert {"chq-s-07sr.toml", "socket-3p.toml"} <= {p.name for p in (tmp_path / "usr/share/evsed/products").iterdir()}


def test_as_a_wheel(tmp_path: Path, wheel: Path) -> None:
    """`pip install .` brings the programs and the product profiles."""
    carry_out([sys.executable, "-m", "venv", "--without-pip", "env"], tmp_path)
    install(tmp_path / "env/bin/python", wheel)
    (example,) = blocks("toml")
    (tmp_path / "my-station.toml").write_text(example)
    program = str(tmp_path / "env/bin/evsed")
    carry_out([program, "--check-config", "--config", "my-station.toml"], tmp_path)
    assert "0." in carry_out([program, "--version"], tmp_path)
    products = tmp_path / "env/share/evsed/products"
    assert {"chq-s-07sr.toml", "socket-3p.toml"} <= {path.name for path in products.iterdir()}


def install(python: Path, wheel: Path) -> None:
    """The wheel alone into the new environment; the libraries are lent by ours."""
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "--quiet"]
    carry_out([*pip, "install", "--no-deps", str(wheel)], python.parent, 120)
    (packages,) = python.parent.parent.glob("lib/python3*/site-packages")
    (ours,) = Path(sys.prefix).glob("lib/python3*/site-packages")
    (packages / "lent.pth").write_text(f"{ours}\n")
