"""The packets of the board socket, each as a table and an example, from the tables that both sides check with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from drivers.board_protocol import FROM_BOARD, SINCE_2, SINCE_3, TO_BOARD, Direction, Field

BEGIN, END = "<!-- packets: written by `make docs` -->", "<!-- end of packets -->"
TABLES: tuple[tuple[str, Direction, Mapping[str, Mapping[str, Field]]], ...] = (
    ("board →", "from_board", FROM_BOARD),
    ("→ board", "to_board", TO_BOARD),
)
METER = {"wh": 1234567.25, "volts": [230.1], "amps": [15.9], "watts": [3658.6], "soc": 41.5, "temperature": 31.0}
EXAMPLES: Mapping[Direction, Mapping[str, dict[str, Any]]] = {
    "from_board": {
        "hello": {
            "version": 3,
            "boot_id": "0f0c4d1e-5b6a-4c7e-9a55-2f1f4b1f7c11",
            "session_id": "812.1",
            "board": "acme-7k",
            "connectors": 1,
            "layers": ["pump", "watchdog"],
            "lease_s": 20,
        },
        "connector": {
            "connector": 1,
            "min_amps": 6,
            "max_amps": 32,
            "phases": 1,
            "outlet": "cable",
            "lock": False,
            "meter": True,
            "measurands": ["Energy.Active.Import.Register", "Voltage", "Current.Import"],
            "offer": "kept",
            "offer_at": 5210.5,
        },
        "ack": {"seq": 17, "connector": 1, "amps": 10, "why": "derated: 71 degrees"},
        "pilot": {"connector": 1, "state": "C", "at": 5211.25},
        "cable": {"connector": 1, "present": True, "max_amps": 32, "locked": True, "at": 5209.0},
        "contactor": {"connector": 1, "closed": True, "confirmed": True, "at": 5211.5},
        "meter": {"connector": 1, "at": 5212.0, **METER},
        "meter-identity": {"connector": 1, "serial": "17042371", "model": "Eastron SDM120"},
        "switchings": {"connector": 1, "loaded": 3, "unloaded": 412},
        "card": {"connector": None, "id_tag": "04A2B9C1", "at": 5208.75},
        "fault": {
            "connector": 1,
            "code": "rcd",
            "on": True,
            "latched": False,
            "detail": "31 mA",
            "at": 5214.0,
        },
        "done": {"seq": 3, "ok": True, "detail": "unlocked"},
        "refused": {"reason": "another client controls this board"},
    },
    "to_board": {
        "hello": {"version": 3},
        "latched": {"connector": 1, "code": "weld"},
        "offer": {
            "connector": 1,
            "amps": 16,
            "locked": True,
            "in_service": True,
            "lamp": "charging",
            "lease_s": 20,
            "transaction": True,
            "seq": 17,
        },
        "do": {"what": "unlock", "words": [], "connector": 1, "seq": 3},
        "refused": {"reason": "ack.amps of 16 A is above the 10 A of offer 17"},
    },
}


def section() -> str:
    """All packets, in the order of the tables."""
    return "\n".join([BEGIN, *(line for arrow, way, table in TABLES for line in _packets(arrow, way, table)), END])


def _packets(arrow: str, way: Direction, table: Mapping[str, Mapping[str, Field]]) -> Iterator[str]:
    for kind, fields in table.items():
        since = " (since version 3)" if kind in SINCE_3 else ""
        yield from ("", f"### {arrow} `{kind}`{since}", "", "```json")
        yield json.dumps({"type": kind, **EXAMPLES[way][kind]})
        yield from ("```", "", "| field | what it may be | |", "| --- | --- | --- |")
        for name, field in fields.items():
            yield f"| `{name}` | {allowed(field)} | {_presence(kind, name, field)} |"
    yield ""


def _presence(kind: str, name: str, field: Field) -> str:
    since = "; since version 2" if name in SINCE_2.get(kind, ()) else ""
    if field.required:
        return f"needed{since}"
    first = "" if field.default in (None, "", []) else f", else {json.dumps(field.default)}"
    return f"may be absent or null{first}{since}"


def allowed(field: Field) -> str:
    """What the check of a field says that it takes."""
    text = _refusal(field, object())
    return f"{text}, each {_refusal(field, [object()])}" if text.startswith("a list") else text


def _refusal(field: Field, value: object) -> str:
    try:
        field.check(value)
    except ValueError as refused:
        return re.sub(r"(?<=one of ).*", lambda words: ", ".join(f"`{w}`" for w in words[0].split(", ")), str(refused))
    raise AssertionError("a field that takes anything")


def into(page: str) -> str:
    """The page with its packets as they are now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{section()}{after}"
