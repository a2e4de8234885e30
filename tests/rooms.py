"""The order of rooms, written down once: a room is a folder of a package, or a file at its top; imports run downward.

`python -m tests.rooms` prints the diagram of `docs/design.md`; `counted` gives rooms, floors, arrows and circles.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ORDER: dict[str, tuple[str, ...]] = {
    "ocpp16": (
        "messages",
        "product",
        "events",
        "records",
        "security_record_checks",
        "record_checks",
        "step",
        "state",
        "status",
        "rpc",
        "configuration",
        "profiles/core",
        "profiles/local_auth_list",
        "profiles/reservation",
        "profiles/remote_trigger",
        "profiles/smart_charging",
        "profiles/firmware_management",
        "profiles/security",
        "connector",
        "station",
        "security_parts",
        "parts",
        "why",
        "views",
        "call_routing",
        "charge_point",
    ),
    "drivers": (
        "board_protocol",
        "devices",
        "reflex",
        "driver_table",
        "ports",
        "relays",
        "locks",
        "lamps",
        "meters",
        "readers",
        "thermometers",
        "inputs",
        "pilots",
        "host",
        "simulated",
        "board_file",
        "assembly",
        "bench",
        "kit",
        "process",
        "safe",
    ),
    "daemon": (
        "threads",
        "host_clock",
        "token_bucket",
        "filesystem",
        "supervisor",
        "config",
        "command_line",
        "journal",
        "store",
        "inbox",
        "runner",
        "security",
        "csms",
        "board",
        "transfers",
        "recorder",
        "step_executor",
        "jobs",
        "control",
        "ctl",
        "station",
        "startup",
        "__main__",
    ),
}
"""Lowest first, each package by itself: a room may import those before it."""


class Import(NamedTuple):
    """One import between two files of a package, wherever it stands (late and type-checking ones included)."""

    line: int
    file: str
    target: str


def room_of(file: str) -> str:
    """`ocpp16/profiles/core/heartbeat.py` -> `profiles/core`; `daemon/store/rows.py` -> `store`."""
    _, *parts = file.removesuffix(".py").split("/")
    return "/".join(parts[:2]) if parts[0] == "profiles" and len(parts) > 1 else parts[0]


def imports_within(root: Path, package: str) -> Iterator[Import]:
    """Every import of a file of `package` by another one."""
    paths = {path.relative_to(root).as_posix(): path for path in sorted((root / package).rglob("*.py"))}
    for file, path in paths.items():
        folder = file.rsplit("/", 1)[0].split("/")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for module in _named(node, folder):
                target = module.replace(".", "/") + ".py"
                if target in paths and target != file:
                    yield Import(getattr(node, "lineno", 0), file, target)


def _named(node: ast.AST, folder: list[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = folder[: len(folder) - node.level + 1] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        yield module
        yield from (f"{module}.{alias.name}" for alias in node.names)


def arrows(root: Path, package: str) -> dict[str, set[str]]:
    """Which rooms each room imports from."""
    found: dict[str, set[str]] = {}
    for path in sorted((root / package).rglob("*.py")):
        if path.name != "__init__.py":
            found.setdefault(room_of(path.relative_to(root).as_posix()), set())
    for _, file, target in imports_within(root, package):
        if not file.endswith("__init__.py") and room_of(file) != room_of(target):
            found[room_of(file)].add(room_of(target))
    return found


def upward(root: Path, package: str) -> Iterator[str]:
    """Imports that run upward, rooms that the order does not know, and rooms of the order that are not there."""
    order = {room: place for place, room in enumerate(ORDER[package])}
    seen = set(arrows(root, package))
    yield from (f"{package}/{room}: has no place in the order of rooms" for room in sorted(seen - set(order)))
    for line, file, target in imports_within(root, package):
        ours, theirs = room_of(file), room_of(target)
        if order.get(ours, 0) < order.get(theirs, 0):
            yield f"{file}:{line}: imports upward, {target}: {ours} stands below {theirs}"


def circles(root: Path, package: str) -> Iterator[list[str]]:
    """Files that import each other round about."""
    graph: dict[str, set[str]] = {}
    for _, file, target in imports_within(root, package):
        graph.setdefault(file, set()).add(target)
    return rounds(graph)


def rounds(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    """The circles of a graph, each as the path that closes it."""
    done: set[str] = set()

    def visit(node: str, path: list[str]) -> Iterator[list[str]]:
        if node in path:
            yield [*path[path.index(node) :], node]
            return
        if node in done:
            return
        for target in sorted(graph.get(node, ())):
            yield from visit(target, [*path, node])
        done.add(node)

    for start in sorted(graph):
        yield from visit(start, [])


def floors(graph: dict[str, set[str]]) -> dict[str, int]:
    """How high each room stands: 1 for one that imports no other, else one above the highest that it imports."""
    heights: dict[str, int] = {}

    def height(room: str) -> int:
        if room not in heights:
            heights[room] = 0  # a circle ends here; `circles` names it
            heights[room] = 1 + max((height(below) for below in sorted(graph[room])), default=0)
        return heights[room]

    for room in graph:
        height(room)
    return heights


class Counted(NamedTuple):
    """A package in figures."""

    rooms: int
    floors: int
    arrows: int
    circles: int
    upward: int


def counted(root: Path, package: str) -> Counted:
    """Rooms, floors, arrows between rooms, circles of files, arrows that run upward."""
    graph = arrows(root, package)
    return Counted(
        len(graph),
        max(floors(graph).values()),
        sum(map(len, graph.values())),
        len(list(circles(root, package))),
        len([line for line in upward(root, package) if "upward" in line]),
    )


def reduced(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """The same graph without the arrows that others imply: what a room stands on directly."""
    below: dict[str, set[str]] = {}

    def all_below(room: str) -> set[str]:
        if room not in below:
            below[room] = set()
            below[room] = graph[room].union(*(all_below(other) for other in sorted(graph[room])))
        return below[room]

    return {
        room: {one for one in sorted(ones) if not any(one in all_below(other) for other in sorted(ones - {one}))}
        for room, ones in graph.items()
    }


def diagram(root: Path) -> str:
    """One page: for each package its floors from the top down, each room with those that it stands on directly."""
    lines = []
    for package in ORDER:
        graph = arrows(root, package)
        heights, direct = floors(graph), reduced(graph)
        figures = counted(root, package)
        lines.append(f"{package}/   {figures.rooms} rooms, {figures.floors} floors, {figures.arrows} arrows")
        width = max(map(len, graph))
        for floor in range(figures.floors, 0, -1):
            for at, room in enumerate(sorted(room for room in graph if heights[room] == floor)):
                on = ", ".join(sorted(direct[room], key=lambda other: (-heights[other], other)))
                lines.append(f"  {floor if at == 0 else '':>2}  {room:<{width}}{'  -> ' + on if on else ''}")
        lines.append("")
    return "\n".join(lines)


BEGIN, END = "<!-- rooms: written by `make docs` -->\n```\n", "```\n<!-- end of rooms -->"


def into(page: str, root: Path) -> str:
    """The page with its diagram written anew between the two marks."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    assert tail, "the page has no place for the diagram"
    return f"{head}{BEGIN}{diagram(root)}{END}{tail}"


if __name__ == "__main__":
    print(diagram(Path(__file__).resolve().parent.parent))
