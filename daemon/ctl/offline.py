"""Answers queries from the store and the flight recorder, in the form of the daemon's answers, when it gives none.

Neither knows the present state of board and car: what only the daemon knows is null here, never a default.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from daemon.config.model import Config
from daemon.ctl.client import State, Unreachable
from ocpp16.records import Record, Unit

ControlAnswer = dict[str, Any]

LIVE_STATION = ("headline", "status", "error", "board")
"""Fields of the station that only a running daemon knows …"""
LIVE_CONNECTOR = (
    *("status", "error", "info", "pilot", "plugged", "cable_present", "cable_amps", "locked", "contactor_closed"),
    *("offered_amps", "signalled_amps", "signalled_why", "waiting_card", "register_wh", "soc", "temperature"),
)
"""… and of a connector."""
NO_ANSWER: dict[State, tuple[str, str, str]] = {
    "down": (
        "daemon-down",
        "evsed is not running, so the state of the car is unknown",
        "See `systemctl status evsed` and `journalctl -u evsed` for the reason; try `systemctl start evsed`.",
    ),
    "hangs": (
        "daemon-hangs",
        "evsed is running but gives no answer, so the state of the car is unknown",
        "See `systemctl status evsed` and `journalctl -u evsed` for the reason; try `systemctl restart evsed`.",
    ),
    "closed": (
        "daemon-unseen",
        "You may not open the socket of evsed, so the state of the car is unknown",
        "Repeat this with sudo, or as a member of the group evsed (to look) or evsed-admin (to act).",
    ),
}
"""Code, sentence and remedy of `why`, by the state of the daemon."""


NOT_RUNNING = Unreachable("evsed is not running")


def answer(do: str, config: Config, failure: Unreachable = NOT_RUNNING, **fields: Any) -> ControlAnswer:
    """The answer to a query, after the daemon gave none (`failure`).  Raises Unreachable where there is no store."""
    if do in ("log", "trace"):
        return {"ok": True, do: _recorded(config, do, failure, fields.get("last"))}
    if do == "security_log":
        from daemon.security.shown_log import shown

        return {"ok": True, **shown(config.store_dir, fields.get("last"))}
    return _QUERIES[do](config, failure, fields)


def _records(config: Config, failure: Unreachable) -> list[Record]:
    """The records of the store.  Raises Unreachable: there is no store yet, or it cannot be read."""
    from daemon.store.store import Store, StoreFailed

    try:
        return Store.read_only(config.store_dir).load()
    except StoreFailed as error:
        is_absent = isinstance(error.__cause__, FileNotFoundError)
        why = no_store_text(config) if is_absent else f"its store cannot be read: {error}"
        raise Unreachable(f"{failure}; {why}", failure.state) from None


def no_store_text(config: Config) -> str:
    """Where the store was looked for, and what may help."""
    what = f"there is no store in {config.store_dir} yet: evsed creates it at its first start; "
    return what + "start evsed (`systemctl start evsed`), or name the file of its configuration with --config"


def stored_point(config: Config, failure: Unreachable) -> Any:
    """The contract machine with the records of the store, without link and board."""
    from daemon import host_clock
    from ocpp16.charge_point import ChargePoint

    records = _records(config, failure)
    return ChargePoint(
        config.product,
        config.identity,
        config.ocpp,
        records,
        0,
        host_clock.boot_id(),
        host_clock.BUILD_UTC,
        config.station.free_vend,
    )


def _status(config: Config, failure: Unreachable, fields: ControlAnswer) -> ControlAnswer:
    from daemon import __version__, host_clock

    known = stored_point(config, failure).status(host_clock.now())
    connectors = [{**row, **dict.fromkeys(LIVE_CONNECTOR)} for row in known["connectors"]]
    link: ControlAnswer = {} if failure.state == "down" else {"linked": None, "in_flight": None}
    process = {"version": __version__, "station_id": config.station.id, "pid": None, "uptime_s": None, "link": None}
    store = {"state": None, "dir": str(config.store_dir)}
    unknown = dict.fromkeys(LIVE_STATION)
    return {"ok": True, "status": {**known, **unknown, "connectors": connectors, **link, **process, "store": store}}


def _why(config: Config, failure: Unreachable, fields: ControlAnswer) -> ControlAnswer:
    charge_point, wanted = stored_point(config, failure), fields.get("connector")
    code, text, remedy = NO_ANSWER[failure.state]
    running = [row for row in charge_point.transaction_rows() if row["state"] != "ended"]
    reasons = [
        {
            "connector": number,
            "code": code,
            "text": f"{text}; {stored_text([row for row in running if row['connector'] == number])}.",
            "remedy": remedy,
            "amps": None,
            "chain": [],
            "cards": [{"id_tag": row["id_tag"]} for row in running if row["connector"] == number],
        }
        for number in charge_point.parts.connectors
        if wanted in (None, number)
    ]
    if not reasons:
        return {"ok": False, "usage": True, "error": f"there is no connector {wanted}"}
    return {"ok": True, "why": reasons}


def stored_text(running: list[ControlAnswer]) -> str:
    """What the store holds of a connector, in words."""
    if not running:
        return "the store holds no open transaction of this connector"
    row = running[-1]
    started = f", started {row['began']}" if row["began"] else ""
    bill = f"card {row['id_tag']}, {row['energy_wh']} Wh when last recorded{started}"
    return f"the store holds the open transaction {row['number']} ({bill})"


def _queue(config: Config, failure: Unreachable, fields: ControlAnswer) -> ControlAnswer:
    return {"ok": True, "queue": stored_point(config, failure).queue()}


def _transactions(config: Config, failure: Unreachable, fields: ControlAnswer) -> ControlAnswer:
    return {"ok": True, "transactions": stored_point(config, failure).transaction_rows()}


def _configuration(config: Config, failure: Unreachable, fields: ControlAnswer) -> ControlAnswer:
    rows = stored_point(config, failure).configuration_rows()
    key = fields.get("key")
    if key is not None:
        rows = [row for row in rows if row["key"].casefold() == key.casefold()]
        if not rows:
            return {"ok": False, "usage": True, "error": f"there is no key {key[:50]!r}"}
    return {"ok": True, "configuration": rows}


def _certificates(config: Config, failure: Unreachable, fields: ControlAnswer) -> ControlAnswer:
    from daemon import host_clock

    rows = stored_point(config, failure).certificate_rows(host_clock.now().utc)
    return {"ok": True, "certificates": rows}


_QUERIES: dict[str, Callable[[Config, Unreachable, ControlAnswer], ControlAnswer]] = {
    "status": _status,
    "why": _why,
    "queue": _queue,
    "transactions": _transactions,
    "configuration": _configuration,
    "certificates": _certificates,
}


def reference(config: Config) -> list[ControlAnswer]:
    """The key table of this product with its defaults; needs neither daemon nor store."""
    from ocpp16.charge_point import ChargePoint

    point = ChargePoint(config.product, config.identity, {}, (), 0, "reference", 0.0)
    return [dict(row) for row in point.configuration_rows()]


def _recorded(config: Config, do: str, failure: Unreachable, last: int | None) -> list[ControlAnswer]:
    """Log messages, for `trace` also frames, of the flight recorder; card numbers are pseudonyms.

    Raises Unreachable where neither store nor flight record can be read.
    """
    from daemon.recorder.flight_recorder import FILES, RARE_FILES
    from daemon.recorder.recorded_times import earlier_notes, timed
    from daemon.recorder.ring import read_lines

    files = [config.store_dir / name for name in reversed(FILES) if (config.store_dir / name).is_file()]
    try:
        records = _records(config, failure)
    except Unreachable:
        if not files:
            raise
        records = []  # without its store: UTC as far as the flight record knows it
    unit = next((row for row in records if isinstance(row, Unit)), Unit())
    try:
        read = [line for file in files for line in read_lines(file)]
        kept = [config.store_dir / name for name in reversed(RARE_FILES) if (config.store_dir / name).is_file()]
        rare = earlier_notes([line for file in kept for line in read_lines(file)], read)
    except OSError as error:
        where = error.filename or config.store_dir
        raise Unreachable(
            f"{failure}; the flight record cannot be read: {where}: {error.strerror}", failure.state
        ) from None
    lines = [shown for line, utc in (*rare, *timed(read, unit)) if (shown := _line(do, line, utc)) is not None]
    return lines if last is None else lines[-last:] if last else []


def _line(do: str, line: list[Any], utc: float | None) -> ControlAnswer | None:
    """A recorded line as the daemon would have sent it; None: it would not have sent it."""
    from daemon.journal.journal import line_of
    from daemon.journal.redaction import in_full
    from ocpp16.step import Note

    if line[0] == "note":
        _, mono, _, code, fields = line
        priority, text, _ = line_of(Note(code, fields), in_full)
        note = {"mono": mono, "utc": utc, "code": code, "priority": priority, "text": text}
        return note if do == "log" else {"note": note}
    if do == "trace" and line[0] == "sent":
        return {"frame": line[2], "from": "station", "mono": line[1], "utc": utc}
    if do == "trace" and line[0] == "event" and line[3].get("type") == "FrameReceived":
        return {"frame": line[3]["text"], "from": "central system", "mono": line[1], "utc": utc}
    return None
