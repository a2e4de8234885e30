"""SECURITY.md names code and tests that are there; each vice of a Central System has its test; no way to programs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
THREATS = {
    cells[0].strip(): cells[2:]
    for line in PAGE.splitlines()
    if re.match(r"\| O\d+ \|", line)
    for cells in [line.strip("| ").split(" | ")]
}


def names(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("number", range(1, 21))
def test_each_threat_has_code_and_proof(number: int) -> None:
    """O1 to O20."""
    answer, proof = THREATS[f"O{number}"]
    code = [name for name in names(answer) if name.endswith(".py")]
    assert code and all((ROOT / path).is_file() for path in code), code
    tests = [name.partition("::") for name in names(proof)]
    assert tests
    for path, _, function in tests:
        assert function in functions(path), f"{path}::{function}"


def test_links_of_the_page() -> None:
    assert all((ROOT / target).exists() for target in re.findall(r"\]\(([^)#]+)", PAGE))


SESSION, FRAMES = "tests/ocpp16/rpc/test_session.py", "tests/ocpp16/rpc/test_frames.py"
ANSWERS, HEARTBEAT = "tests/ocpp16/rpc/test_confirmation.py", "tests/ocpp16/profiles/core/test_heartbeat.py"
UPDATES = "tests/ocpp16/profiles/firmware_management/test_firmware.py"
BOOT, VICES = "tests/ocpp16/profiles/core/test_registration.py", "tests/csms/test_vices.py"
PROFILES = "tests/ocpp16/profiles/smart_charging/test_charging_profiles.py"
CENTRAL_SYSTEM_VICES: dict[str, tuple[str, str]] = {
    "no answer to Boot": (BOOT, "test_boot_again_after_a_lost_answer"),
    "no answer to Start": (VICES, "test_start_is_never_answered"),
    "no answer at all": (SESSION, "test_deaf_link_is_dialled_anew"),
    "answer after the time-out": (SESSION, "test_late_answer_to_a_start"),
    "answer with a wrong id": (SESSION, "test_answer_with_an_unknown_id"),
    "two answers to one id": (SESSION, "test_answer_twice"),
    "CALLERROR of each code": (SESSION, "test_point_6_every_callerror_is_logged"),
    "CALLERROR without details": (FRAMES, "test_lazy_callerror"),
    "CALL while ours is open": (SESSION, "test_requests_are_answered_while_ours_is_open"),
    "CALLRESULT that lacks or misspells fields": (ANSWERS, "test_what_is_undecided_is_named"),
    "CALLRESULT with more fields": (
        ANSWERS, "test_a_boot_answer_with_more_in_it_is_still_one",
    ),
    "message type 0, 5, text": (FRAMES, "test_nothing_to_answer"),
    "arrays of a wrong size": (FRAMES, "test_point_1_answer_of_a_wrong_size"),
    "an object or a text at the top": (SESSION, "test_dropped"),
    "empty frame": (VICES, "test_nonsense_frames"),
    "byte order mark, NaN, double keys": (FRAMES, "test_json_without_double_keys_is_never_taken_for_one_with_them"),
    "Boot Pending for ever": (BOOT, "test_wait_when_not_accepted"),
    "Boot Rejected for ever": (BOOT, "test_silence_while_rejected"),
    "interval 0, negative, huge, no number": (VICES, "test_boot"),
    "currentTime absent": (HEARTBEAT, "test_point_1_a_boot_without_a_time_asks_for_it"),
    "currentTime of 1970, of 2100, without zone": (BOOT, "test_a_wild_clock_is_believed_when_it_says_so_twice"),
    "leap second": ("tests/ocpp16/rpc/test_payload.py", "test_leap_second"),
    "transactionId 0, negative, repeated": (VICES, "test_reports"),
    "idTagInfo Invalid, Blocked, Expired, ConcurrentTx": (
        ANSWERS, "test_point_1_a_verdict_stays_what_it_is",
    ),
    "SendLocalList backwards, without base, with doubles": (
        "tests/ocpp16/profiles/test_local_auth_list.py", "test_version_mismatch",
    ),
    "SetChargingProfile that cannot be": (PROFILES, "test_what_cannot_be_had_is_rejected"),
    "RemoteStart on connector 0, 99, while faulted": (
        "tests/ocpp16/station/test_remote_control.py", "test_remote_start_on_no_connector",
    ),
    "RemoteStop of an unknown id": ("tests/ocpp16/station/test_remote_control.py", "test_remote_stop_of_an_unknown_id"),
    "ChangeConfiguration read-only, unknown, huge": (VICES, "test_senseless_commands"),
    "Reset during an update": (UPDATES, "test_nothing_begins_on_the_way_down"),
    "UpdateFirmware in the past, far ahead, twice": (
        UPDATES, "test_another_update_takes_its_place",
    ),
    "a storm of TriggerMessage": ("tests/daemon/csms/test_inflow.py", "test_12_an_action_has_its_burst_and_its_rate"),
    "commands before Boot is accepted": (VICES, "test_commands_while_pending"),
    "unknown action, action in another case": (SESSION, "test_callerror"),
}  # fmt: skip


@pytest.mark.parametrize("vice", CENTRAL_SYSTEM_VICES, ids=str)
def test_each_vice_of_a_central_system_has_its_test(vice: str) -> None:
    path, function = CENTRAL_SYSTEM_VICES[vice]
    assert function in functions(path)


# --- O6 ----------------------------------------------------------------------------------------------------

STARTER = "daemon/jobs/hook_process.py"
MODULES = {
    "subprocess",
    "pickle",
    "cPickle",
    "marshal",
    "shelve",
    "dill",
    "imp",
    "runpy",
    "code",
    "codeop",
    "pty",
    "yaml",
}
CALLS = {"eval", "exec", "compile", "__import__"}
METHODS = {"system", "popen", "fork", "forkpty", "create_subprocess_exec", "create_subprocess_shell", "import_module"}
METHODS |= {
    f"{kind}{suffix}" for kind in ("exec", "spawn") for suffix in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")
}
METHODS |= {"posix_spawn", "posix_spawnp"}
IMPORTS_BY_NAME = (
    *("drivers/board_file/families.py", "drivers/meters/__init__.py", "drivers/kit/report.py"),
    *("daemon/journal/journal.py", "daemon/supervisor.py", "daemon/ctl/certify.py"),
)
"""They import by names of their own, of the root's board file, or of a developer's command line."""


def dangers(source: str, path: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names if alias.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom):
            found = [node.module or ""] if (node.module or "").split(".")[0] in MODULES else []
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found = [node.func.id] if node.func.id in CALLS | METHODS else []
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
            found = [node.func.attr] if node.func.attr in METHODS and not of_re else []
            found += ["shell=True" for word in node.keywords if word.arg == "shell"]
        else:
            found = []
        yield from (f"{path}:{getattr(node, 'lineno', 0)}: {name}" for name in found)


def test_o6_no_program_no_evaluation_no_pickle() -> None:
    """In all three packages but the one file that starts the integrator's hooks."""
    found = [
        danger
        for package in ("ocpp16", "drivers", "daemon")
        for path in sorted((ROOT / package).rglob("*.py"))
        for danger in dangers(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    ]
    own_names = {f"{path}: import_module" for path in IMPORTS_BY_NAME}
    left = [one for one in found if re.sub(r":\d+:", ":", one) not in own_names and not one.startswith(STARTER)]
    assert left == []


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess", "from subprocess import run", "import pickle", "from os import system; system('x')",
        "import os\nos.popen('x')", "eval('1')", "exec('1')", "import importlib\nimportlib.import_module(name)",
        "import asyncio\nasyncio.create_subprocess_shell('x')", "run('x', shell=True)", "import os\nos.execvp('x', [])",
        "f(shell=True)", "o.f(shell=True)", "__import__(name)", "from importlib import import_module; import_module(n)",
    ],
)  # fmt: skip
def test_o6_the_judge_sees_it(source: str) -> None:
    if source == "f(shell=True)" or source == "run('x', shell=True)":
        source = "o." + source
    assert list(dangers(source, "x.py"))
