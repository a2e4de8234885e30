"""The rules of the house: functions from a source tree to what breaks them; `test_house.py` applies them.

Nothing of the product is imported: what is judged is the text, read with `ast`.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from tests import classes, rooms

PRODUCT = ("ocpp16", "drivers", "daemon")

PURE_STDLIB = frozenset(
    "__future__ abc base64 binascii bisect calendar collections collections.abc contextlib copy dataclasses"
    " datetime decimal enum fractions functools hashlib heapq itertools json math numbers operator re string struct"
    " textwrap types typing urllib.parse zoneinfo".split()
)
IMPURE_CALLS = frozenset({"open", "print", "input", "exec", "eval", "__import__", "breakpoint"})
WALL_CLOCK = frozenset({"now", "utcnow", "today"})

DOORS: dict[str, tuple[str, ...]] = {
    "websockets": ("daemon/csms/connection.py",),
    "cryptography": ("daemon/security/",),
    "systemd": ("daemon/supervisor.py", "daemon/journal/journal.py", "drivers/process/supervisor.py"),
    "dotenv": ("daemon/config/loader.py",),
    "serial": ("drivers/ports/",),
    "smbus2": ("drivers/ports/",),
    "RPi": ("drivers/ports/",),
    "spidev": ("drivers/ports/",),
    "evdev": ("drivers/ports/",),
    "httpx": ("daemon/transfers/http.py",),
    "httpcore": ("daemon/transfers/http.py",),
    "rich": ("daemon/ctl/",),
    "msgspec": ("ocpp16/", "daemon/"),
}
STDLIB_DOORS: dict[str, tuple[str, ...]] = {
    "sqlite3": ("daemon/store/",),
    "subprocess": ("daemon/jobs/hook_process.py",),
    "pty": (),
    "ftplib": ("daemon/transfers/ftp.py",),
}
PROGRAM_STARTERS = re.compile(r"^(system|popen|exec[lv]p?e?|spawn[lv]p?e?|posix_spawnp?|fork|forkpty)$")

TABLES = ("ocpp16/messages/", "ocpp16/events.py", "ocpp16/records.py", "ocpp16/step.py", "ocpp16/product.py")
DEVICES = tuple(
    f"drivers/{kind}/"
    for kind in ("ports", "pilots", "relays", "meters", "readers", "locks", "lamps", "thermometers", "inputs")
)
FUNCTION_LINES = 50

FORBIDDEN_WORDS = frozenset(w + s for w in ("manager", "helper", "util", "utility") for s in ("", "s"))

# Written in pieces, so that this file does not break its own rule.
ADDRESSES = re.compile(
    "|".join(
        (
            r"pypi" r"\.org",
            r"python" r"hosted\.org",
            r"deb\.debian" r"\.org",
            r"registry\.npm" r"js",
            r"(?<![\w.])/wo" r"rk/\w",
            r"(?<![\w.])/ro" r"ot/\w",
        )
    )
)

Problems = Iterator[str]


def files(root: Path, *tops: str) -> Iterator[tuple[str, ast.Module]]:
    """Each Python file below the given folders, by its path relative to the root."""
    for top in tops or PRODUCT:
        for path in sorted((root / top).rglob("*.py")):
            yield path.relative_to(root).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imports(name: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every absolute dotted name that the file imports, wherever it stands; of `from a import b`: `a`, `a.b`."""
    package = name.rsplit("/", 1)[0].split("/")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield node.lineno, module
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}"


def top(module: str) -> str:
    return module.split(".")[0]


def is_pure(module: str) -> bool:
    """Pure standard library: the module itself, or a name out of it."""
    return module in PURE_STDLIB or module.rsplit(".", 1)[0] in PURE_STDLIB


# --- 1 and 2: purity ------------------------------------------------------------------------------------------------


def rule_1_the_core_is_pure(root: Path) -> Problems:
    """`ocpp16` imports itself, pure standard library and msgspec; it reads no clock and opens nothing."""
    for name, tree in files(root, "ocpp16"):
        yield from _impurities(name, tree, {"ocpp16", "msgspec"})


def rule_2_drivers_are_blind(root: Path) -> Problems:
    """`drivers` imports itself, the standard library and hardware libraries; never asyncio, `ocpp16`, `daemon`."""
    hardware = {"serial", "smbus2", "RPi", "spidev", "evdev", "systemd"}
    for name, tree in files(root, "drivers"):
        if name.startswith("drivers/reflex/"):
            yield from _impurities(name, tree, {"drivers"})
        for line, module in imports(name, tree):
            first = top(module)
            known = first == "drivers" or first in hardware or first in sys.stdlib_module_names
            if first == "asyncio" or not known:
                yield f"{name}:{line}: drivers may not import {module}"


def _impurities(name: str, tree: ast.Module, own: set[str]) -> Problems:
    for line, module in imports(name, tree):
        if top(module) not in own and not is_pure(module):
            yield f"{name}:{line}: a pure machine may not import {module}"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
            yield f"{name}:{node.lineno}: a pure machine may not call {node.func.id}()"
        if isinstance(node.func, ast.Attribute) and node.func.attr in WALL_CLOCK and not node.args:
            yield f"{name}:{node.lineno}: a pure machine may not read the clock by .{node.func.attr}()"


# --- 3 and 4: who meets whom ----------------------------------------------------------------------------------------


def rule_3_only_board_link_translates(root: Path) -> Problems:
    """`ocpp16` and `drivers` never meet but in `daemon/board/`."""
    for name, tree in files(root, "daemon"):
        modules = {module for _, module in imports(name, tree)}
        if {top(module) for module in modules} >= {"ocpp16", "drivers"} and not name.startswith("daemon/board/"):
            yield f"{name}: imports ocpp16 and drivers; only daemon/board/ may translate between them"


def rule_4_imports_run_downward(root: Path) -> Problems:
    """Imports run down the order of rooms in all packages, late and type-checking ones included; never in a circle.

    Profiles never import each other: `parts.py` wires them.
    """
    for package in PRODUCT:
        yield from rooms.upward(root, package)
        yield from (f"imports run in a circle: {' -> '.join(circle)}" for circle in rooms.circles(root, package))
    for line, name, target in rooms.imports_within(root, "ocpp16"):
        ours, theirs = rooms.room_of(name), rooms.room_of(target)
        if ours != theirs and ours.startswith("profiles/") and theirs.startswith("profiles/"):
            yield f"{name}:{line}: the profile {ours} may not import the profile {theirs}"


# --- 5: doors -------------------------------------------------------------------------------------------------------


def rule_5_one_door_per_library(root: Path) -> Problems:
    """Each third-party library, and what can start a program, is imported behind its one door."""
    for name, tree in files(root):
        for line, module in imports(name, tree):
            first = top(module)
            if first in PRODUCT or (first in sys.stdlib_module_names and first not in STDLIB_DOORS):
                continue
            doors = DOORS.get(first, STDLIB_DOORS.get(first))
            if doors is None:
                yield f"{name}:{line}: {first} has no door in this house"
            elif not name.startswith(doors or ("/",)):
                yield f"{name}:{line}: {first} may be imported only in {', '.join(doors) or 'no file'}"


def rule_5b_only_jobs_start_programs(root: Path) -> Problems:
    """No subprocess outside `daemon/jobs/hook_process.py`: neither by os nor by asyncio."""
    for name, tree in files(root):
        if name == "daemon/jobs/hook_process.py":
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute):
                continue
            by_os = isinstance(node.value, ast.Name) and node.value.id == "os" and PROGRAM_STARTERS.match(node.attr)
            if by_os or node.attr in (
                "create_subprocess_exec",
                "create_subprocess_shell",
                "subprocess_exec",
                "subprocess_shell",
            ):
                yield f"{name}:{node.lineno}: {node.attr} starts a program; only daemon/jobs/hook_process.py may"


# --- sizes, mirror, names, folders ----------------------------------------------------------------------------------


def rule_sizes(root: Path) -> Problems:
    """Logic at most 450 lines a file, tables and messages 500, a device 150; a function at most 50."""
    for name, tree in files(root):
        lines = _lines(root / name)
        ceiling = 500 if name.startswith(TABLES) else 150 if name.startswith(DEVICES) else 450
        if lines > ceiling:
            yield f"{name}: {lines} lines, the ceiling is {ceiling}"
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    yield f"{name}:{node.lineno}: {node.name} has {length} lines, the ceiling is {FUNCTION_LINES}"


def large_files(root: Path) -> Problems:
    """Files of logic above 300 lines: a warning, for whoever next adds a subject to one."""
    for name, _ in files(root):
        if not name.startswith(TABLES) and (lines := _lines(root / name)) > 300:
            yield f"{name}: {lines} lines: does it still have one subject?"


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def rule_mirror(root: Path) -> Problems:
    """Each module has its partner: `daemon/store/store.py` is proved by `tests/daemon/store/test_store.py`."""
    for name, _ in files(root):
        folder, _, file = name.rpartition("/")
        if file == "__init__.py":
            continue
        partner = f"tests/{folder}/test_{file.removeprefix('__').replace('__.py', '.py')}"
        if not (root / partner).exists():
            yield f"{name}: has no partner {partner}"


def rule_opening_sentence(root: Path) -> Problems:
    """Every file opens with one sentence: what lives here, what must not."""
    for name, tree in files(root):
        if tree.body and not ast.get_docstring(tree):
            yield f"{name}: does not say what lives here"


def rule_names(root: Path) -> Problems:
    """Nothing is called manager, helper or util."""
    for name, tree in files(root):
        for word in _words(name.replace("/", "_").removesuffix(".py")) & FORBIDDEN_WORDS:
            yield f"{name}: a file is called {word}"
        for node in ast.walk(tree):
            for given in _given_names(node):
                for word in sorted(_words(given) & FORBIDDEN_WORDS):
                    yield f"{name}:{getattr(node, 'lineno', 0)}: {given} is called {word}"


def _words(name: str) -> set[str]:
    return {w.lower() for w in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def _given_names(node: ast.AST) -> Iterator[str]:
    """Names that the node gives; names that it only uses belong to others."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield node.attr
    elif isinstance(node, ast.alias) and node.asname:
        yield node.asname


def rule_one_name_one_class(root: Path) -> Problems:
    """No two public classes of one package bear the same name."""
    seen: dict[tuple[str, str], str] = {}
    for name, tree in files(root):
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                first = seen.setdefault((top(name.replace("/", ".")), node.name), name)
                if first != name:
                    yield f"{name}:{node.lineno}: the class {node.name} is in {first} already"


def rule_no_hook_without_a_value(root: Path) -> Problems:
    """No attribute is only declared, to be set later from another file: the type checker would not miss it.

    Neither in a constructor nor in the body of a plain class; nor is a call-back None until somebody else sets it.
    """
    for name, tree in files(root):
        for node in ast.walk(tree):
            if isinstance(node, ast.AnnAssign) and node.value is None and isinstance(node.target, ast.Attribute):
                yield f"{name}:{node.lineno}: {ast.unparse(node.target)} is declared without a value"
            if isinstance(node, ast.ClassDef):
                for line, attribute in (*classes.declared_in_body(node), *classes.call_backs_of_nobody(node)):
                    yield f"{name}:{line}: {node.name}.{attribute} is declared without a value"


def rule_no_floors_of_inheritance(root: Path) -> Problems:
    """A class is split by subject, with members: it inherits only from what is abstract, plain data or a library's."""
    known = {node.name: node for _, tree in files(root) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for name, tree in files(root):
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef):
                continue
            for base in node.bases:
                other = known.get(classes.last_name(base))
                if other is not None and classes.has_methods(other) and not classes.is_meant_as_a_base(other, known):
                    yield f"{name}:{node.lineno}: {node.name} inherits from {other.name}, which has methods"


CITATION = re.compile(r"\b(?:([A-Z]{1,4})[-_ ]§?\d+(?:[.-]\d+)*|([A-Z]\d\d)\.FR)\b")
UNCITED = frozenset({"UTF", "TLS", "ASCII", "HTTP", "SHA", "RS", "CRC", "GPIO"})
"""Standards of everybody's, which need no page, and names of lines."""


def rule_citations_are_explained(root: Path) -> Problems:
    """Each family of citations in comments, docstrings and stories has its row in docs/references.md."""
    page = root / "docs/references.md"
    known = page.read_text(encoding="utf-8") if page.exists() else ""
    families = {found[1] or found[2] for found in CITATION.finditer(" ".join(re.findall(r"`[^`]+`", known)))}
    texts = [(name, text) for name, _ in files(root) for text in _prose(root / name)]
    texts += [
        (path.relative_to(root).as_posix(), path.read_text(encoding="utf-8").partition("\n")[0])
        for path in sorted((root / "tests/stories").glob("*.txt"))
    ]
    for name, text in texts:
        for found in CITATION.finditer(text):
            family = found[1] or found[2]
            if family not in families and family not in UNCITED:
                yield f"{name}: cites {found.group()}, and docs/references.md does not say what that is"


def _prose(path: Path) -> Iterator[str]:
    """Comments and docstrings."""
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.string.startswith('"""')):
                yield token.string


def rule_folders(root: Path) -> Problems:
    """`systemd/` never gets an `__init__.py`; pyproject lists exactly the packages that are there."""
    if (root / "systemd/__init__.py").exists():
        yield "systemd/__init__.py: hides python-systemd"
    pyproject = root / "pyproject.toml"
    if pyproject.exists():
        listed = set(tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"])
        there = {
            p.parent.relative_to(root).as_posix().replace("/", ".")
            for t in PRODUCT
            for p in (root / t).rglob("__init__.py")
        }
        yield from (f"pyproject.toml: the package {name} is not listed" for name in sorted(there - listed))
        yield from (f"pyproject.toml: lists {name}, which is not there" for name in sorted(listed - there))
    for name, _ in files(root):
        for parent in list(Path(name).parents)[:-1]:
            if not (root / parent / "__init__.py").exists():
                yield f"{parent.as_posix()}: has modules but no __init__.py"


def rule_addresses(root: Path) -> Problems:
    """No registry address and no path of somebody's machine in a tracked file."""
    for path in tracked(root):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if found := ADDRESSES.search(line):
                yield f"{path.relative_to(root).as_posix()}:{number}: names {found.group()}"


MADE = re.compile(r"(^|/)(\.venv|__pycache__|build|dist|\.[a-z]+_cache|\.hypothesis|[a-z]+\.egg-info)/")
"""Folders that a checkout makes for itself."""


def tracked(root: Path) -> list[Path]:
    """The files of the tree: those that git tracks, or in a source archive (no .git) all that was not made there."""
    if not (root / ".git").exists():
        return [p for p in sorted(root.rglob("*")) if p.is_file() and not MADE.search(f"{p.relative_to(root).parent}/")]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout.decode()
    return [p for n in listed.split("\0") if n and (p := root / n).is_file()]


# --- the tests keep to their own rule -------------------------------------------------------------------------------

REAL_TIME = ("tests/processes/", "tests/csms/", "tests/conformance/", "tests/lab/", "tests/bench/")


def rule_tests_wait_for_nothing(root: Path) -> Problems:
    """A test neither sleeps nor patches, where it does not live in real time by design."""
    for name, tree in files(root, "tests"):
        if name.startswith(REAL_TIME) or not Path(name).name.startswith(("test_", "conftest")):
            continue
        for line, module in imports(name, tree):
            if module.startswith("unittest.mock") or module == "time.sleep":
                yield f"{name}:{line}: imports {module}"
        for node in ast.walk(tree):
            if isinstance(node, ast.arg) and node.arg in ("monkeypatch", "mocker"):
                yield f"{name}:{node.lineno}: patches"
            if isinstance(node, ast.Call) and _sleeps(node):
                yield f"{name}:{node.lineno}: sleeps"


def _sleeps(call: ast.Call) -> bool:
    """`time.sleep(x)`, `asyncio.sleep(x)`; giving way with `asyncio.sleep(0)` is no sleep."""
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "sleep"):
        return False
    return not (call.args and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0)


RULES: tuple[Callable[[Path], Problems], ...] = (
    rule_1_the_core_is_pure,
    rule_2_drivers_are_blind,
    rule_3_only_board_link_translates,
    rule_4_imports_run_downward,
    rule_5_one_door_per_library,
    rule_5b_only_jobs_start_programs,
    rule_sizes,
    rule_mirror,
    rule_opening_sentence,
    rule_names,
    rule_one_name_one_class,
    rule_no_hook_without_a_value,
    rule_no_floors_of_inheritance,
    rule_citations_are_explained,
    rule_folders,
    rule_addresses,
    rule_tests_wait_for_nothing,
)
