"""Without an answer of the daemon: what store and flight recorder hold, in the same form as the daemon would answer.

Of board and car neither knows anything: what only the daemon sees is null here, never a first value.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from daemon.config.model import Config
from daemon.ctl.client import State, Unreachable
from ocpp16.records import Record, Unit

ControlAnswer = dict[str, Any]

SEEN_STATION = ("status", "error", "board")
"""What only a living daemon knows of the station …"""
SEEN_CONNECTOR = (
    *("status", "error", "info", "pilot", "plugged", "cable_present", "cable_amps", "locked", "contactor_closed"),
    *("offered_amps", "signalled_amps", "signalled_why", "waiting_card", "register_wh", "soc", "temperature"),
)
"""… and of a connector."""
BLIND: dict[State, tuple[str, str, str]] = {
    "down": (
        "daemon-down",
        "evsed is not running, so nobody can see the car from here",
        "Ask `systemctl status evsed` and `journalctl -u evsed` why; `systemctl start evsed` starts it.",
    ),
    "hangs": (
        "daemon-hangs",
        "evsed is alive but gives no answer, so nobody can see the car from here",
        "Ask `systemctl status evsed` and `journalctl -u evsed` why; `systemctl restart evsed` starts it anew.",
    ),
    "closed": (
        "daemon-unseen",
        "You may not ask evsed, so nobody can see the car from here",
        "Ask again as root or as a member of the group evsed.",
    ),
}
"""Why nobody sees the car: code, sentence, what to do."""


NOT_RUNNING = Unreachable("evsed is not running")


def answer(do: str, config: Config, gone: Unreachable = NOT_RUNNING, **fields: Any) -> ControlAnswer:
    """A look from the store, after the daemon gave no answer (`gone`).  Raises Unreachable where there is no store."""
    if do in ("log", "trace"):
        return {"ok": True, do: _recorded(config, do, gone, fields.get("last"))}
    return _LOOKS[do](config, gone, fields)


def _records(config: Config, gone: Unreachable) -> list[Record]:
    """Raises Unreachable with the reason: nothing there yet, or not to be read."""
    from daemon.store.store import Store, StoreFailed

    try:
        return Store.read_only(config.store_dir).load()
    except StoreFailed as error:
        is_absent = isinstance(error.__cause__, FileNotFoundError)
        why = nothing_at(config) if is_absent else f"its store cannot be read: {error}"
        raise Unreachable(f"{gone}; {why}", gone.state) from None


def nothing_at(config: Config) -> str:
    """Which store was looked for, and what may help."""
    what = f"there is no store in {os.path.abspath(config.store_dir)} yet: evsed makes it at its first start; "
    if not config.store_dir.is_absolute():
        return what + f"[store] dir {config.store_dir} counts from the current folder: call evsectl where evsed starts"
    return what + "start evsed (`systemctl start evsed`), or name the file of its configuration with --config"


def _charge_point(config: Config, gone: Unreachable) -> Any:
    """The contract machine over the records, attached to nothing."""
    from daemon import host_clock
    from ocpp16.charge_point import ChargePoint

    records = _records(config, gone)
    return ChargePoint(
        config.product, config.identity, config.ocpp, records, 0, host_clock.boot_id(), host_clock.BUILD_UTC
    )


def _status(config: Config, gone: Unreachable, fields: ControlAnswer) -> ControlAnswer:
    from daemon import __version__, host_clock

    known = _charge_point(config, gone).status(host_clock.now())
    connectors = [{**row, **dict.fromkeys(SEEN_CONNECTOR)} for row in known["connectors"]]
    link: ControlAnswer = {} if gone.state == "down" else {"linked": None, "in_flight": None}
    hall = {"version": __version__, "station_id": config.station.id, "pid": None, "uptime_s": None, "link": None}
    store = {"state": None, "dir": str(config.store_dir)}
    unseen = dict.fromkeys(SEEN_STATION)
    return {"ok": True, "status": {**known, **unseen, "connectors": connectors, **link, **hall, "store": store}}


def _why(config: Config, gone: Unreachable, fields: ControlAnswer) -> ControlAnswer:
    point, wanted = _charge_point(config, gone), fields.get("connector")
    code, blind, remedy = BLIND[gone.state]
    running = [row for row in point.transaction_rows() if row["state"] != "ended"]
    reasons = [
        {
            "connector": number,
            "code": code,
            "text": f"{blind}; {_kept([row for row in running if row['connector'] == number])}.",
            "remedy": remedy,
            "amps": None,
            "chain": [],
        }
        for number in point.parts.connectors
        if wanted in (None, number)
    ]
    if not reasons:
        return {"ok": False, "usage": True, "error": f"there is no connector {wanted}"}
    return {"ok": True, "why": reasons}


def _kept(running: list[ControlAnswer]) -> str:
    """What the store knows of a connector."""
    if not running:
        return "the store holds no open transaction of this connector"
    row = running[-1]
    began = f", begun {row['began']}" if row["began"] else ""
    bill = f"card {row['id_tag']}, {row['energy_wh']} Wh when last written down{began}"
    return f"in the store transaction {row['number']} is open ({bill})"


def _queue(config: Config, gone: Unreachable, fields: ControlAnswer) -> ControlAnswer:
    return {"ok": True, "queue": _charge_point(config, gone).queue()}


def _transactions(config: Config, gone: Unreachable, fields: ControlAnswer) -> ControlAnswer:
    return {"ok": True, "transactions": _charge_point(config, gone).transaction_rows()}


def _configuration(config: Config, gone: Unreachable, fields: ControlAnswer) -> ControlAnswer:
    rows = _charge_point(config, gone).configuration_rows()
    key = fields.get("key")
    if key is not None:
        rows = [row for row in rows if row["key"].casefold() == key.casefold()]
        if not rows:
            return {"ok": False, "usage": True, "error": f"there is no key {key[:50]!r}"}
    return {"ok": True, "configuration": rows}


_LOOKS: dict[str, Callable[[Config, Unreachable, ControlAnswer], ControlAnswer]] = {
    "status": _status,
    "why": _why,
    "queue": _queue,
    "transactions": _transactions,
    "configuration": _configuration,
}


def reference(config: Config) -> list[ControlAnswer]:
    """The key table of this product with first values: needs neither daemon nor store."""
    from ocpp16.charge_point import ChargePoint

    point = ChargePoint(config.product, config.identity, {}, (), 0, "reference", 0.0)
    return [dict(row) for row in point.configuration_rows()]


def _recorded(config: Config, do: str, gone: Unreachable, last: int | None) -> list[ControlAnswer]:
    """Notes, or frames and notes, of the flight recorder; card numbers in it are pseudonyms.

    Raises Unreachable where neither store nor record can be read.
    """
    from daemon.recorder.flight_recorder import FILES, read_lines, timed

    files = [config.store_dir / name for name in reversed(FILES) if (config.store_dir / name).is_file()]
    try:
        records = _records(config, gone)
    except Unreachable:
        if not files:
            raise
        records = []  # a record without its store: UTC is shown as far as the record knows it
    unit = next((row for row in records if isinstance(row, Unit)), Unit())
    try:
        read = [line for file in files for line in read_lines(file)]
    except OSError as error:
        where = error.filename or config.store_dir
        raise Unreachable(f"{gone}; the flight record cannot be read: {where}: {error.strerror}", gone.state) from None
    lines = [shown for line, utc in timed(read, unit) if (shown := _line(do, line, utc)) is not None]
    return lines if last is None else lines[-last:] if last else []


def _line(do: str, line: list[Any], utc: float | None) -> ControlAnswer | None:
    """A recorded line as the daemon would have told it, or None where it would not have."""
    from daemon.journal.journal import line_of
    from ocpp16.step import Note

    if line[0] == "note":
        _, mono, _, code, fields = line
        priority, text, _ = line_of(Note(code, fields))
        note = {"mono": mono, "utc": utc, "code": code, "priority": priority, "text": text}
        return note if do == "log" else {"note": note}
    if do == "trace" and line[0] == "sent":
        return {"frame": line[2], "from": "station", "mono": line[1], "utc": utc}
    if do == "trace" and line[0] == "event" and line[3].get("type") == "FrameReceived":
        return {"frame": line[3]["text"], "from": "central system", "mono": line[1], "utc": utc}
    return None
