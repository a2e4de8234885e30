"""How evsed is installed: configuration, board file, units and folders, as files below a root."""

from __future__ import annotations

import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.config.loader import load
from daemon.config.model import Config
from daemon.ctl.doctor import installation
from daemon.ctl.doctor.findings import Area, Weight
from daemon.ctl.doctor.machine import Machine


def configured(folder: Path, more: str = "") -> Config:
    file = folder / "evsed.toml"
    file.write_text(
        '[station]\nid = "CP1"\n[csms]\nurl = "ws://127.0.0.1:9/ocpp"\nsecurity_profile = 0\nallow_insecure = true\n'
        f'[store]\ndir = "{folder}/store"\n{more}'
    )
    return load([file], {})


def put(root: Path, path: str, text: str = "x") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_configuration(tmp_path: Path) -> None:
    """Each mistake, what the machine lacks, what should be known; or whose station this is."""
    config = configured(tmp_path)
    (good,) = installation.configuration(config, [])
    assert good.weight is Weight.GOOD and good.text == "station CP1, ws://127.0.0.1:9/ocpp"
    (wrong,) = installation.configuration(config, ["evsed.toml:3: [csms] url: no"])
    assert wrong.weight is Weight.FAULT and "evsed --check-config" in wrong.remedy
    (tmp_path / "evsed.toml").chmod(0o666)
    (loose,) = installation.configuration(configured(tmp_path), [])
    assert loose.weight is Weight.WARNING and "chmod o-w" in loose.text


def test_a_hook_that_is_not_there(tmp_path: Path) -> None:
    """It would only be missed at the update."""
    config = configured(tmp_path, '[board]\nkind = "process"\n[hooks]\ninstall = ["/nowhere/install"]\n')
    found = list(installation.configuration(config, []))
    assert any(each.area is Area.CONFIGURATION and "/nowhere/install" in each.text for each in found)


def test_a_store_that_cannot_be_written_concerns_permissions(tmp_path: Path) -> None:
    """Not the configuration: its path is right."""
    lacking = ["[store] dir: /x cannot be written by user evsed: no"]
    found = next(iter(installation.configuration(configured(tmp_path), [], lambda _: lacking)))
    assert (found.area, found.weight) == (Area.PERMISSIONS, Weight.FAULT)


def test_board_file(tmp_path: Path) -> None:
    """A mistake is a fault, as is a device that is not there; a simulated board has none."""
    file = tmp_path / "board.toml"
    file.write_text('kind = "simulated"\n')
    (good,) = installation.board_file(file, Machine(tmp_path))
    assert good.weight is Weight.GOOD and good.text == "a simulated board"
    file.write_text("kind = 3\n")
    (wrong,) = installation.board_file(file, Machine(tmp_path))
    assert wrong.weight is Weight.FAULT and "board.toml:1" in wrong.text


def test_the_reference_board_on_a_machine_without_devices(tmp_path: Path) -> None:
    """PWM overlay missing, buses not enabled: each with what to write into config.txt."""
    found = list(installation.board_file(Path("etc/boards/gpio-ads1115.toml"), Machine(tmp_path)))
    faults = [each.text for each in found if each.weight is Weight.FAULT]
    assert any("dtoverlay=pwm-2chan" in text for text in faults) and any("i2c_arm=on" in text for text in faults)


def test_a_console_on_the_line_of_the_board(tmp_path: Path) -> None:
    """The kernel's messages would go to the meter."""
    put(tmp_path, "proc/cmdline", "root=/dev/mmcblk0p2 console=serial0,115200 console=tty1")
    put(tmp_path, "dev/ttyAMA0")
    (tmp_path / "dev/serial0").symlink_to("ttyAMA0")
    (found,) = installation._console(Machine(tmp_path), ["/dev/ttyAMA0", "/dev/ttyUSB0"])
    assert found.weight is Weight.FAULT and "console=serial0" in found.remedy


def units(root: Path, *running: str) -> Machine:
    (root / "run/systemd/system").mkdir(parents=True)
    for unit in installation.UNITS:
        put(root, f"usr/lib/systemd/system/{unit}")
        if unit in running:
            put(root, f"sys/fs/cgroup/system.slice/{unit}/cgroup.procs", "12\n")
    return Machine(root)


def test_units(tmp_path: Path) -> None:
    """What does not run is named; a unit that will not start with the machine is a warning."""
    machine = units(tmp_path, "evsed-board.service", "evsed.service")
    found = list(installation.units(machine, is_simulated=False))
    assert [(each.weight, each.text) for each in found] == [
        (Weight.FAULT, "evsed-safe.service is not running"),
        (Weight.WARNING, "evsed.service is not enabled: it will not start with the machine"),
        (Weight.GOOD, "evsed-board, evsed: running"),
    ]
    put(tmp_path, f"{installation.WANTS}/x")
    (tmp_path / installation.WANTS / "evsed.service").symlink_to("/usr/lib/systemd/system/evsed.service")
    assert [each.weight for each in installation.units(machine, is_simulated=True)] == [Weight.GOOD]


def test_units_that_are_missing_or_masked(tmp_path: Path) -> None:
    """Each with its remedy."""
    machine = units(tmp_path)
    (tmp_path / "usr/lib/systemd/system/evsed-board.service").unlink()
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    (tmp_path / "etc/systemd/system/evsed.service").symlink_to("/dev/null")
    found = {each.text: each.remedy for each in installation.units(machine, is_simulated=True)}
    assert found == {
        "the unit evsed-board.service is not installed": "Install the package again.",
        "evsed.service is masked": "sudo systemctl unmask --now evsed",
    }


def test_where_evsed_is_no_unit(tmp_path: Path) -> None:
    """A checkout, or a machine without systemd: nothing is said."""
    assert not list(installation.units(Machine(tmp_path), is_simulated=False))
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    assert not list(installation.units(Machine(tmp_path), is_simulated=False))


def user(uid: int, gid: int) -> Callable[[str], pwd.struct_passwd]:
    return lambda name: pwd.struct_passwd((name, "x", uid, gid, "", "/", "/bin/false"))


@pytest.mark.parametrize(
    ("owns", "in_group", "mode", "wrong"),
    [
        (True, False, 0o711, False),
        (True, False, 0o511, True),
        (False, True, 0o770, False),
        (False, True, 0o750, True),
        (False, False, 0o777, True),
    ],
)
def test_permissions(tmp_path: Path, owns: bool, in_group: bool, mode: int, wrong: bool) -> None:
    """The folder must be the user's, or its group's, and writable by it."""
    folder = tmp_path / "store"
    folder.mkdir()
    folder.chmod(mode)
    status = folder.stat()
    evsed = user(status.st_uid if owns else 54321, status.st_gid if in_group else 54322)
    found = list(installation.permissions(folder, evsed))
    assert bool(found) is wrong
    if wrong:
        assert found[0].weight is Weight.FAULT and "sudo chown -R evsed:" in found[0].remedy


def test_permissions_of_a_stranger(tmp_path: Path) -> None:
    """An owner without a name is shown by its number."""
    assert installation._name(3_999_999_999) == "3999999999"


def test_permissions_where_nothing_can_be_said(tmp_path: Path) -> None:
    """There is no such user, or no folder yet."""

    def unknown(_: str) -> pwd.struct_passwd:
        raise KeyError

    assert not list(installation.permissions(tmp_path, unknown))
    assert not list(installation.permissions(tmp_path / "later", user(0, 0)))
