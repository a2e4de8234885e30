"""The house stands as drawn, and each of its rules is shown to catch one deliberate violation."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from tests import house, rooms

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("rule", house.RULES, ids=lambda rule: rule.__name__)
def test_the_house_stands_as_drawn(rule: house.Callable[[Path], house.Problems]) -> None:
    """No file of the project breaks a rule of the design."""
    problems = list(rule(ROOT))
    assert not problems, "\n" + "\n".join(problems)


SAYS = '"""Says what lives here."""\n'
TYPING = "if TYPE_CHECKING:\n"
TWICE = SAYS + "class Once:\n    pass\n"
BODY_HOOK = SAYS + "class A:\n    on_end: Callable[[], None]\n"
LATER_HOOK = SAYS + "class A:\n    def __init__(self):\n        self.on_end: Callable[[], None] | None = None\n"
MIXIN = SAYS + "class Mixin:\n    def half(self):\n        pass\n"
HOOK = "class A:\n    def __init__(self):\n        self.on_end: Callable[[], None]\n"
BASE = SAYS + "class Base:\n    def __init__(self):\n        pass\n"
LONG_FUNCTION = SAYS + "def long() -> None:\n" + "    pass\n" * 50

# rule, the file that breaks it, what stands in it, a word of the complaint
VIOLATIONS = [
    (house.rule_1_the_core_is_pure, "ocpp16/bad.py", "import asyncio\n", "asyncio"),
    (house.rule_1_the_core_is_pure, "ocpp16/bad.py", "from time import monotonic\n", "time"),
    (house.rule_1_the_core_is_pure, "ocpp16/bad.py", "def f():\n    import random\n", "random"),
    (house.rule_1_the_core_is_pure, "ocpp16/bad.py", "from datetime import datetime\nNOW = datetime.now()\n", "clock"),
    (house.rule_1_the_core_is_pure, "ocpp16/bad.py", "import websockets\n", "websockets"),
    (house.rule_1_the_core_is_pure, "ocpp16/bad.py", "from drivers import evse\n", "drivers"),
    (house.rule_1_the_core_is_pure, "ocpp16/bad.py", "print('hello')\n", "print"),
    (house.rule_2_drivers_are_blind, "drivers/bad.py", "import asyncio\n", "asyncio"),
    (house.rule_2_drivers_are_blind, "drivers/bad.py", "from ocpp16 import events\n", "ocpp16"),
    (house.rule_2_drivers_are_blind, "drivers/bad.py", "import daemon.store.store\n", "daemon"),
    (house.rule_2_drivers_are_blind, "drivers/bad.py", "import msgspec\n", "msgspec"),
    (house.rule_2_drivers_are_blind, "drivers/reflex/state_machine.py", "import time\n", "time"),
    (house.rule_2_drivers_are_blind, "drivers/reflex/pilot_signal.py", "import os\n", "os"),
    (house.rule_3_only_board_link_translates, "daemon/bad.py", "import ocpp16\nimport drivers\n", "translate"),
    (house.rule_4_imports_run_downward, "ocpp16/profiles/core/c.py", "import ocpp16.profiles.reservation\n", "profile"),
    (house.rule_4_imports_run_downward, "ocpp16/messages/m.py", "from ocpp16 import step\n", "upward"),
    (house.rule_4_imports_run_downward, "ocpp16/step.py", "from ocpp16 import charge_point\n", "upward"),
    (house.rule_4_imports_run_downward, "ocpp16/step.py", "from . import charge_point\n", "upward"),
    (house.rule_4_imports_run_downward, "ocpp16/step.py", "from ocpp16.charge_point import ChargePoint\n", "upward"),
    (house.rule_4_imports_run_downward, "ocpp16/step.py", "def f():\n    import ocpp16.charge_point\n", "upward"),
    (house.rule_4_imports_run_downward, "ocpp16/step.py", TYPING + "    from ocpp16 import charge_point\n", "upward"),
    (house.rule_4_imports_run_downward, "ocpp16/state/a.py", "from ocpp16.state import b\n", "circle"),
    (house.rule_4_imports_run_downward, "ocpp16/state/a.py", TYPING + "    from . import b\n", "circle"),
    (house.rule_4_imports_run_downward, "drivers/host/bad.py", "from drivers.simulated import world\n", "upward"),
    (house.rule_4_imports_run_downward, "daemon/store/bad.py", "def f():\n    import daemon.station\n", "upward"),
    (house.rule_4_imports_run_downward, "daemon/bad.py", SAYS, "no place"),
    (house.rule_5_one_door_per_library, "daemon/bad.py", "import websockets\n", "daemon/csms/connection.py"),
    (house.rule_5_one_door_per_library, "daemon/bad.py", "from cryptography import x509\n", "security"),
    (house.rule_5_one_door_per_library, "daemon/bad.py", "from systemd import journal\n", "supervisor"),
    (house.rule_5_one_door_per_library, "daemon/bad.py", "import dotenv\n", "config"),
    (house.rule_5_one_door_per_library, "daemon/bad.py", "import sqlite3\n", "store"),
    (house.rule_5_one_door_per_library, "daemon/bad.py", "import subprocess\n", "jobs/hook_process"),
    (house.rule_5_one_door_per_library, "drivers/bad.py", "import serial\n", "ports"),
    (house.rule_5_one_door_per_library, "drivers/bad.py", "import smbus2\n", "ports"),
    (house.rule_5_one_door_per_library, "drivers/bad.py", "from RPi import GPIO\n", "ports"),
    (house.rule_5_one_door_per_library, "daemon/bad.py", "import numpy\n", "no door"),
    (house.rule_5b_only_jobs_start_programs, "daemon/bad.py", "import os\nos.system('true')\n", "starts a program"),
    (house.rule_5b_only_jobs_start_programs, "daemon/bad.py", "import os\nos.execv('a', [])\n", "starts a program"),
    (
        house.rule_5b_only_jobs_start_programs,
        "daemon/bad.py",
        "import asyncio\nx = asyncio.create_subprocess_exec('true')\n",
        "starts a program",
    ),
    (house.rule_sizes, "daemon/bad.py", SAYS + "pass\n" * 450, "451 lines"),
    (house.rule_sizes, "ocpp16/messages/bad.py", SAYS + "pass\n" * 500, "501 lines"),
    (house.rule_sizes, "drivers/meters/bad.py", SAYS + "pass\n" * 150, "151 lines"),
    (house.rule_sizes, "daemon/bad.py", LONG_FUNCTION, "51 lines"),
    (house.rule_mirror, "daemon/bad.py", SAYS, "tests/daemon/test_bad.py"),
    (house.rule_mirror, "daemon/ctl/__main__.py", SAYS, "tests/daemon/ctl/test_main.py"),
    (house.rule_opening_sentence, "daemon/bad.py", "x = 1\n", "does not say"),
    (house.rule_names, "daemon/session_manager.py", SAYS, "manager"),
    (house.rule_names, "daemon/bad.py", "class CardManager:\n    pass\n", "manager"),
    (house.rule_names, "daemon/bad.py", "def helper():\n    pass\n", "helper"),
    (house.rule_names, "daemon/bad.py", "import os as os_utils\n", "utils"),
    (
        house.rule_names,
        "daemon/bad.py",
        "class A:\n    def __init__(self, x):\n        self.io_helper = x\n",
        "helper",
    ),
    (house.rule_one_name_one_class, "daemon/bad.py", TWICE, "Once"),
    (house.rule_no_hook_without_a_value, "daemon/bad.py", HOOK, "without a value"),
    (house.rule_no_hook_without_a_value, "daemon/bad.py", BODY_HOOK, "A.on_end"),
    (house.rule_no_hook_without_a_value, "daemon/bad.py", LATER_HOOK, "A.on_end"),
    (house.rule_no_floors_of_inheritance, "daemon/bad.py", BASE + "class Bad(Base):\n    pass\n", "inherits"),
    (house.rule_no_floors_of_inheritance, "daemon/bad.py", MIXIN + "class Bad(Mixin):\n    pass\n", "inherits"),
    (house.rule_no_floors_of_inheritance, "daemon/bad.py", BASE + "class Bad(Base[int]):\n    pass\n", "inherits"),
    (house.rule_no_floors_of_inheritance, "daemon/bad.py", BASE + "class Bad(other.Base):\n    pass\n", "inherits"),
    (house.rule_citations_are_explained, "daemon/bad.py", '"""As QX 4.1 says."""\n', "QX 4.1"),
    (house.rule_citations_are_explained, "daemon/bad.py", "x = 1  # Z07.FR.3\n", "Z07"),
    (house.rule_citations_are_explained, "tests/stories/bad.txt", "# ZZ_041: it is so\n", "ZZ_041"),
    (house.rule_folders, "systemd/__init__.py", "", "python-systemd"),
    (house.rule_folders, "daemon/extra/__init__.py", "", "daemon.extra"),
    (house.rule_folders, "daemon/extra/bad.py", "", "no __init__"),
    (house.rule_addresses, "README.md", "see /ro" + "ot/thing\n", "thing"[:1]),
    (house.rule_addresses, "docs/a.md", "from pypi" + ".org\n", "pypi"),
    (house.rule_tests_wait_for_nothing, "tests/daemon/test_bad.py", "import time\ntime.sleep(1)\n", "sleeps"),
    (house.rule_tests_wait_for_nothing, "tests/ocpp16/test_bad.py", "def test(monkeypatch):\n    pass\n", "patches"),
    (house.rule_tests_wait_for_nothing, "tests/ocpp16/test_bad.py", "from unittest.mock import Mock\n", "mock"),
]


SMALL = {
    "ocpp16/charge_point.py": SAYS + "from ocpp16 import step\n",
    "ocpp16/step.py": SAYS,
    "ocpp16/state/b.py": SAYS + "from ocpp16.state import a\n",
    "ocpp16/state/a.py": SAYS,
    "ocpp16/messages/a.py": SAYS,
    "ocpp16/profiles/reservation.py": SAYS,
    "ocpp16/profiles/core/b.py": SAYS,
    "drivers/simulated/world.py": SAYS,
    "drivers/host/host.py": SAYS,
    "daemon/station.py": TWICE,
    "daemon/store/rows.py": SAYS,
    "docs/references.md": "| `E 3.80` | errata |\n",
    "tests/stories/good.txt": "# E 3.81: it is so\n",
}


@pytest.fixture
def small_house(tmp_path: Path) -> Path:
    """A tree in which nothing is wrong."""
    for name, text in SMALL.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        if name.endswith(".py"):
            for folder in (tmp_path / name).parents:
                if folder == tmp_path:
                    break
                (folder / "__init__.py").touch()
    packages = sorted(
        str(path.parent.relative_to(tmp_path)).replace("/", ".") for path in tmp_path.rglob("__init__.py")
    )
    (tmp_path / "pyproject.toml").write_text(f"[tool.setuptools]\npackages = {packages}\n")
    return tmp_path


@pytest.mark.parametrize(("rule", "file", "text", "complaint"), VIOLATIONS, ids=lambda v: getattr(v, "__name__", ""))
def test_each_rule_catches_its_violation(
    rule: house.Callable[[Path], house.Problems], file: str, text: str, complaint: str, small_house: Path
) -> None:
    """What a rule forbids turns it red, and the complaint names the file and the reason."""
    before = set(rule(small_house))
    path = small_house / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    found = set(rule(small_house)) - before
    assert any(complaint in problem for problem in found), found


def test_every_rule_has_its_violation() -> None:
    """A rule that was never seen to catch anything proves nothing."""
    assert {rule for rule, *_ in VIOLATIONS} == set(house.RULES)


def test_a_sound_house_gives_no_complaint(small_house: Path) -> None:
    """A judge that is always red is no judge: the small house breaks only the mirror, which it leaves empty."""
    complaints = [p for rule in house.RULES if rule is not house.rule_mirror for p in rule(small_house)]
    assert not complaints


def test_a_file_that_grows_is_named(small_house: Path) -> None:
    """Above 300 lines a file of logic is asked whether it still has one subject; it is not refused."""
    (small_house / "daemon/station.py").write_text(SAYS + "pass\n" * 300)
    assert [line.partition(":")[0] for line in house.large_files(small_house)] == ["daemon/station.py"]
    assert list(house.rule_sizes(small_house)) == []


def test_large_files_are_warned_of() -> None:
    """Those of today, as a warning."""
    for line in house.large_files(ROOT):
        warnings.warn(line, stacklevel=1)


@pytest.mark.parametrize("package", house.PRODUCT)
def test_the_house_in_figures(package: str) -> None:
    """No circle and no arrow upward; the diagram of docs/design.md counts the rest."""
    figures = rooms.counted(ROOT, package)
    assert (figures.circles, figures.upward) == (0, 0)


def test_the_diagram_is_up_to_date() -> None:
    """docs/design.md shows the rooms as the imports have them."""
    page = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    assert page == rooms.into(page, ROOT), "run `make docs`"
