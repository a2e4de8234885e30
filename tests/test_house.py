"""The house stands as drawn, and each of its rules is shown to catch one deliberate violation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import house

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("rule", house.RULES, ids=lambda rule: rule.__name__)
def test_the_house_stands_as_drawn(rule: house.Callable[[Path], house.Problems]) -> None:
    """No file of the project breaks a rule of the design."""
    problems = list(rule(ROOT))
    assert not problems, "\n" + "\n".join(problems)


PYPROJECT = '[tool.setuptools]\npackages = ["ocpp16", "drivers", "daemon"]\n'
SAYS = '"""Says what lives here."""\n'
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
    (house.rule_2_drivers_are_blind, "drivers/reflex/evse.py", "import time\n", "time"),
    (house.rule_2_drivers_are_blind, "drivers/reflex/iec61851.py", "import os\n", "os"),
    (house.rule_3_only_board_link_translates, "daemon/bad.py", "import ocpp16\nimport drivers\n", "translate"),
    (house.rule_4_imports_run_downward, "ocpp16/profiles/a.py", "from ocpp16.profiles import b\n", "profile"),
    (house.rule_4_imports_run_downward, "ocpp16/profiles/core/c.py", "import ocpp16.profiles.b\n", "profile"),
    (house.rule_4_imports_run_downward, "ocpp16/messages/m.py", "from ocpp16 import low\n", "words"),
    (house.rule_4_imports_run_downward, "ocpp16/low.py", "from ocpp16 import high\n", "circle"),
    (house.rule_4_imports_run_downward, "ocpp16/low.py", "from . import high\n", "circle"),
    (house.rule_4_imports_run_downward, "ocpp16/low.py", "from ocpp16.charge_point import ChargePoint\n", "above"),
    (house.rule_5_one_door_per_library, "daemon/bad.py", "import websockets\n", "daemon/csms/connection.py"),
    (house.rule_5_one_door_per_library, "daemon/bad.py", "from cryptography import x509\n", "security"),
    (house.rule_5_one_door_per_library, "daemon/bad.py", "from systemd import journal\n", "supervisor"),
    (house.rule_5_one_door_per_library, "daemon/bad.py", "import dotenv\n", "config"),
    (house.rule_5_one_door_per_library, "daemon/bad.py", "import sqlite3\n", "store"),
    (house.rule_5_one_door_per_library, "daemon/bad.py", "import subprocess\n", "jobs/process"),
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
    (house.rule_names, "daemon/bad.py", "class CardHandler:\n    pass\n", "handler"),
    (house.rule_names, "daemon/bad.py", "def helper():\n    pass\n", "helper"),
    (house.rule_names, "daemon/bad.py", "import os as os_utils\n", "utils"),
    (
        house.rule_names,
        "daemon/bad.py",
        "class A:\n    def __init__(self, x):\n        self.io_handler = x\n",
        "handler",
    ),
    (house.rule_folders, "systemd/__init__.py", "", "python-systemd"),
    (house.rule_folders, "daemon/extra/__init__.py", "", "daemon.extra"),
    (house.rule_folders, "daemon/extra/bad.py", "", "no __init__"),
    (house.rule_addresses, "README.md", "see /ro" + "ot/thing\n", "thing"[:1]),
    (house.rule_addresses, "docs/a.md", "from pypi" + ".org\n", "pypi"),
    (house.rule_tests_wait_for_nothing, "tests/daemon/test_bad.py", "import time\ntime.sleep(1)\n", "sleeps"),
    (house.rule_tests_wait_for_nothing, "tests/ocpp16/test_bad.py", "def test(monkeypatch):\n    pass\n", "patches"),
    (house.rule_tests_wait_for_nothing, "tests/ocpp16/test_bad.py", "from unittest.mock import Mock\n", "mock"),
]


def test_an_import_for_the_type_checker_is_none(small_house: Path) -> None:
    """What only the type checker sees may look upward."""
    (small_house / "ocpp16/low.py").write_text(SAYS + "if TYPE_CHECKING:\n    from ocpp16 import high\n")
    assert list(house.rule_4_imports_run_downward(small_house)) == []


@pytest.fixture
def small_house(tmp_path: Path) -> Path:
    """A tree in which nothing is wrong."""
    for name in (
        "ocpp16",
        "drivers",
        "daemon",
        "ocpp16/profiles",
        "ocpp16/profiles/core",
        "ocpp16/messages",
        "tests/daemon",
    ):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    for name in ("ocpp16", "drivers", "daemon"):
        (tmp_path / name / "__init__.py").write_text("")
    (tmp_path / "ocpp16/high.py").write_text(SAYS + "from ocpp16 import low\n")
    (tmp_path / "ocpp16/low.py").write_text(SAYS)
    (tmp_path / "ocpp16/charge_point.py").write_text(SAYS)
    (tmp_path / "ocpp16/profiles/b.py").write_text(SAYS)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
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
    assert complaints == ["ocpp16/profiles: has modules but no __init__.py"] or not complaints
