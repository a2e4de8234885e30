"""With the daemon down: what the store and the flight recorder hold, in the same form as the daemon would answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from daemon.config_types import Config
from daemon.ctl.wire import Unreachable

Answer = dict[str, Any]


def answer(do: str, config: Config, **fields: Any) -> Answer:
    """A look from the store.  Raises Unreachable where there is no store either."""
    if do in ("log", "trace"):
        return {"ok": True, **_recorded(config, do, fields.get("last"))}
    return _LOOKS[do](config, fields)


def _charge_point(config: Config) -> Any:
    """The contract machine over the records, attached to nothing."""
    from daemon import clock
    from daemon.store import Store, StoreFailed
    from ocpp16.charge_point import ChargePoint

    try:
        store = Store.read_only(config.store_dir)
    except StoreFailed as error:
        raise Unreachable(f"evsed is not running, and its store cannot be read: {error}") from None
    records = store.load()
    return ChargePoint(config.product, config.identity, config.ocpp, records, 0, clock.boot_id(), clock.BUILD_UTC)


def _status(config: Config, fields: Answer) -> Answer:
    from daemon import __version__, clock

    hall = {"version": __version__, "station_id": config.station.id, "pid": None, "uptime_s": None, "link": None}
    store = {"state": None, "dir": str(config.store_dir)}
    status = {**_charge_point(config).status(clock.now()), **hall, "store": store}
    return {"ok": True, "status": status}


def _why(config: Config, fields: Answer) -> Answer:
    from daemon import clock

    reasons = _charge_point(config).why(clock.now(), fields.get("connector"))
    if not reasons:
        return {"ok": False, "usage": True, "error": f"there is no connector {fields.get('connector')}"}
    return {"ok": True, "why": reasons}


def _queue(config: Config, fields: Answer) -> Answer:
    return {"ok": True, "queue": _charge_point(config).queue()}


def _transactions(config: Config, fields: Answer) -> Answer:
    return {"ok": True, "transactions": _charge_point(config).transaction_rows()}


def _configuration(config: Config, fields: Answer) -> Answer:
    rows = _charge_point(config).configuration_rows()
    key = fields.get("key")
    if key is not None:
        rows = [row for row in rows if row["key"].casefold() == key.casefold()]
        if not rows:
            return {"ok": False, "usage": True, "error": f"there is no key {key[:50]!r}"}
    return {"ok": True, "configuration": rows}


_LOOKS: dict[str, Callable[[Config, Answer], Answer]] = {
    "status": _status,
    "why": _why,
    "queue": _queue,
    "transactions": _transactions,
    "configuration": _configuration,
}


def reference(config: Config) -> list[Answer]:
    """The key table of this product with first values: needs neither daemon nor store."""
    from ocpp16.charge_point import ChargePoint

    point = ChargePoint(config.product, config.identity, {}, (), 0, "reference", 0.0)
    return [dict(row) for row in point.configuration_rows()]


def _recorded(config: Config, do: str, last: int | None) -> Answer:
    """Notes, or frames and notes, of the flight recorder; card numbers in it are pseudonyms."""
    from daemon.flight_recorder import FILES, read_lines
    from daemon.journal import line_of
    from ocpp16.step import Note

    lines: list[Answer] = []
    for name in reversed(FILES):
        if not (config.store_dir / name).is_file():
            continue
        for line in read_lines(config.store_dir / name):
            if line[0] == "note":
                _, mono, utc, code, fields = line
                priority, text, _ = line_of(Note(code, fields))
                note = {"mono": mono, "utc": utc, "code": code, "priority": priority, "text": text}
                lines.append(note if do == "log" else {"note": note})
            elif do == "trace" and line[0] == "sent":
                lines.append({"frame": line[2], "from": "station", "mono": line[1]})
            elif do == "trace" and line[0] == "event" and line[3].get("type") == "FrameReceived":
                lines.append({"frame": line[3]["text"], "from": "central system", "mono": line[1]})
    return {do: lines if last is None else lines[-last:] if last else []}
