"""`make mutate`: small faults planted in the reflex one by one; each must turn a test red.

python -m tests.mutate [--sample N] [--at-least PERCENT] [FILE ...]   files of drivers/reflex (default: all)

Each fault is played in a child of this process, whose import of that one module gives the changed text; nothing is
written.  What survives is printed with its line: a test that is missing, or a change without an effect.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib.abc
import importlib.machinery
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TESTS = "tests/drivers/reflex"
LAST = "test_invariants.py"
"""It takes longest: it is asked where no other test has found the fault."""
PATIENCE_S = 120
"""A test that runs for so long on a planted fault has found it."""
COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
CALCULATED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
SWAPPED = {"min": "max", "max": "min"}


class Mutant(NamedTuple):
    """One planted fault."""

    file: str
    line: int
    what: str
    tree: ast.Module


def mutants(file: str, text: str) -> Iterator[Mutant]:
    """Every fault that is planted in a file, one at a time."""
    for at, node in enumerate(list(ast.walk(ast.parse(text)))):
        for kinds, change in CHANGES:
            if isinstance(node, kinds):
                changed = ast.parse(text)
                what = change(list(ast.walk(changed))[at])
                if what:
                    yield Mutant(file, getattr(node, "lineno", 0), what, ast.fix_missing_locations(changed))


def _compare(node: ast.AST) -> str:
    if not isinstance(node, ast.Compare) or type(node.ops[0]) not in COMPARED:
        return ""
    before = ast.unparse(node)
    node.ops[0] = COMPARED[type(node.ops[0])]()
    return f"{before} -> {ast.unparse(node)}"


def _calculate(node: ast.AST) -> str:
    if not isinstance(node, ast.BinOp) or type(node.op) not in CALCULATED:
        return ""
    before = ast.unparse(node)
    node.op = CALCULATED[type(node.op)]()
    return f"{before} -> {ast.unparse(node)}"


def _logic(node: ast.AST) -> str:
    if not isinstance(node, ast.BoolOp):
        return ""
    before = ast.unparse(node)
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    return f"{before} -> {ast.unparse(node)}"


def _negate(node: ast.AST) -> str:
    if not isinstance(node, (ast.If, ast.While, ast.IfExp)):
        return ""
    before = ast.unparse(node.test)
    node.test = ast.UnaryOp(ast.Not(), node.test)
    return f"if {before} -> if not"


def _constant(node: ast.AST) -> str:
    if not isinstance(node, ast.Constant) or type(node.value) not in (int, float, bool):
        return ""
    before = node.value
    node.value = not before if isinstance(before, bool) else before + 1
    return f"{before} -> {node.value}"


def _swap(node: ast.AST) -> str:
    if not isinstance(node, ast.Name) or node.id not in SWAPPED:
        return ""
    node.id = SWAPPED[node.id]
    return f"{SWAPPED[node.id]} -> {node.id}"


def _drop(node: ast.AST) -> str:
    """A statement that calls something is left out."""
    body = getattr(node, "body", None)
    if not isinstance(node, (ast.FunctionDef, ast.If, ast.For, ast.While)) or not isinstance(body, list):
        return ""
    for number, statement in enumerate(body):
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            body[number] = ast.copy_location(ast.Pass(), statement)
            return f"{ast.unparse(statement)} -> nothing"
    return ""


CHANGES: tuple[tuple[tuple[type[ast.AST], ...], Callable[[ast.AST], str]], ...] = (
    ((ast.Compare,), _compare),
    ((ast.BinOp,), _calculate),
    ((ast.BoolOp,), _logic),
    ((ast.If, ast.While, ast.IfExp), _negate),
    ((ast.Constant,), _constant),
    ((ast.Name,), _swap),
    ((ast.FunctionDef, ast.If, ast.For, ast.While), _drop),
)
"""Kinds of nodes, and the fault that is planted in them."""


# --- playing ---------------------------------------------------------------------------------------------------------


class _Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the changed module in the place of the real one."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = mutant.file.removesuffix(".py").replace("/", ".")

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.machinery.ModuleSpec(fullname, self) if fullname == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._mutant.tree, self._mutant.file, "exec"), module.__dict__)


def asked_in_order(file: str) -> list[str]:
    """The tests of the reflex in the order in which they find a fault of that file soonest: its partner first."""
    found = sorted((ROOT / TESTS).glob("test_*.py"))
    partner = f"test_{Path(file).name}"
    found.sort(key=lambda path: (path.name == LAST, path.name != partner))
    return [str(path.relative_to(ROOT)) for path in found]


def survives(mutant: Mutant, tests: Sequence[str] = ()) -> bool:
    """Whether every test is green with it; without `tests` those of the reflex."""
    tests = tests or asked_in_order(mutant.file)
    child = os.fork()
    if child == 0:
        os._exit(_play(mutant, tests))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def _play(mutant: Mutant, tests: Sequence[str]) -> int:
    import pytest

    for name in [name for name in sys.modules if name.startswith(("drivers", "tests.drivers"))]:
        del sys.modules[name]  # what was imported before the fault was planted
    os.chdir(ROOT)  # the tests are named from there
    signal.alarm(PATIENCE_S)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    sys.meta_path.insert(0, _Planted(mutant))
    plain = "--assert=plain"  # its import hook would take self_test.py, named like a test, before the planted fault
    options = ["-x", "-q", plain, "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov", "--no-header", *tests]
    with contextlib.suppress(BaseException):
        return int(pytest.main(options))
    return 1


def play(planted: Sequence[Mutant], tell: Callable[[str], object]) -> float:
    """Plays them; the share that was found, in percent."""
    left = 0
    for number, mutant in enumerate(planted, 1):
        if survives(mutant):
            left += 1
            tell(f"{mutant.file}:{mutant.line}: survived: {mutant.what}")
        if number % 50 == 0:
            tell(f"{number} of {len(planted)}, {left} survived")
    return 100.0 * (len(planted) - left) / max(1, len(planted))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 where fewer are found than demanded."""
    parser = argparse.ArgumentParser("tests.mutate", description=__doc__)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--at-least", type=float, default=90.0)
    options = parser.parse_args(arguments)
    files = options.files or sorted(str(path.relative_to(ROOT)) for path in (ROOT / "drivers/reflex").glob("*.py"))
    planted = [mutant for file in files for mutant in mutants(file, (ROOT / file).read_text("utf-8"))]
    if options.sample:
        planted = random.Random(1).sample(planted, min(options.sample, len(planted)))
    import pytest  # before the children are made, which then need not

    assert pytest
    score = play(planted, lambda line: print(line, flush=True))
    print(f"{len(planted)} planted faults, {score:.1f} % found")
    return int(score < options.at_least)


if __name__ == "__main__":
    sys.exit(main())
