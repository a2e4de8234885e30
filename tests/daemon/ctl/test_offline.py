"""Answers from store and flight recorder, with the daemon down."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config.loader import load
from daemon.config.model import Config
from daemon.ctl.client import State, Unreachable
from daemon.ctl.offline import LIVE_CONNECTOR, LIVE_STATION, NOT_RUNNING, answer, reference, stored_point
from daemon.recorder.flight_recorder import FILES, FlightRecorder
from daemon.store.store import Store
from ocpp16.events import Now, Tick
from ocpp16.records import Stamp, Transaction, Unit
from ocpp16.step import Note, Save
from tests.daemon.understood import received, sent

STAMP = Stamp(mono=1.0, boot="b", utc=1.7e9)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    file = tmp_path / "evsed.toml"
    file.write_text(
        f'[station]\nid = "CP1"\n[csms]\nurl = "ws://h"\nsecurity_profile = 0\nallow_insecure = true\n'
        f'[store]\ndir = "{tmp_path}/store"\n'
    )
    return load([file], {})


@pytest.fixture
def kept(config: Config) -> Config:
    """A store with one closed transaction whose stop waits, and a flight record."""
    store = Store.open(config.store_dir)
    row = Transaction(
        number=1,
        connector=1,
        id_tag="CARD-1",
        began=STAMP,
        meter_start_wh=5,
        start_seq=1,
        last_wh=9,
        last=STAMP,
        ended=STAMP,
        meter_stop_wh=9,
        reason="Local",
        stop_seq=2,
        start="confirmed",
        transaction_id=7,
        stop="waiting",
    )
    store.commit([Save(row)])
    store.close()
    recorder = FlightRecorder(config.store_dir, b"k" * 32)
    recorder.event(Now(1.0, None), Tick())
    recorder.received(Now(1.0, None), received("[3]"))
    recorder.sent(1.1, sent("[2]"))
    recorder.note(Now(1.2, 9.0), Note("boot-accepted", {"interval": 3}))
    recorder.flush()
    return config


def test_queries_from_the_store(kept: Config) -> None:
    """Each query works without the daemon, with an answer of the same form."""
    status = answer("status", kept)["status"]
    assert (status["station_id"], status["link"], status["pid"], status["linked"]) == ("CP1", None, None, False)
    assert answer("why", kept)["why"][0]["connector"] == 1
    (transaction,) = answer("transactions", kept)["transactions"]
    assert (transaction["id_tag"], transaction["energy_wh"]) == ("CARD-1", 4)
    assert len(answer("queue", kept)["queue"]) == 1
    assert len(answer("configuration", kept)["configuration"]) > 20
    assert answer("configuration", kept, key="heartbeatinterval")["configuration"][0]["key"] == "HeartbeatInterval"


def test_the_state_of_the_car_is_unknown(kept: Config) -> None:
    """Fields that only the daemon knows are null, the others come from the store."""
    point = stored_point(kept, NOT_RUNNING).status(Now(1.0, None))
    status = answer("status", kept)["status"]
    (connector,) = status["connectors"]
    assert set(point) <= set(status) and set(connector) == set(point["connectors"][0])
    assert {connector[name] for name in LIVE_CONNECTOR} == {None} and connector["faults"] == []
    assert {status[name] for name in LIVE_STATION} == {None} and status["queue"] == 1
    (reason,) = answer("why", kept)["why"]
    assert (reason["code"], reason["amps"], reason["chain"]) == ("daemon-down", None, [])
    assert "evsed is not running" in reason["text"] and "no open transaction" in reason["text"]
    assert "systemctl status evsed" in reason["remedy"] and "journalctl -u evsed" in reason["remedy"]


def test_an_open_transaction(config: Config) -> None:
    """After a kill during a charge: the energy as last recorded, and nothing about the plug."""
    store = Store.open(config.store_dir)
    row = Transaction(
        number=3, connector=1, id_tag="CARD-1", began=STAMP, meter_start_wh=5, start_seq=1, last_wh=9, last=STAMP
    )
    store.commit([Save(row)])
    store.close()
    (reason,) = answer("why", config)["why"]
    assert (
        "the store holds the open transaction 3 (card CARD-1, 4 Wh when last recorded, started 2023-" in reason["text"]
    )
    assert "plug" not in reason["text"] + reason["remedy"]
    (connector,) = answer("status", config)["status"]["connectors"]
    assert connector["transaction"]["number"] == 3 and connector["pilot"] is None and connector["status"] is None


@pytest.mark.parametrize(("state", "code"), [("hangs", "daemon-hangs"), ("closed", "daemon-unseen")])
def test_a_daemon_that_may_be_running_is_not_called_down(kept: Config, state: State, code: str) -> None:
    """The state of the link is then unknown, and `why` has a code of its own."""
    gone = Unreachable("no answer", state)
    assert answer("why", kept, gone)["why"][0]["code"] == code
    assert answer("status", kept, gone)["status"]["linked"] is None


def test_a_missing_item_is_a_usage_error(kept: Config) -> None:
    """A connector or a key that does not exist."""
    assert answer("why", kept, connector=9)["usage"] and answer("configuration", kept, key="x")["usage"]


def test_the_flight_recorder_is_read(kept: Config) -> None:
    """Log messages for `log`, frames and messages for `trace`, or the last few of them."""
    (note,) = answer("log", kept, last=50)["log"]
    assert note["utc"] == 9.0 and "interval 3" in note["text"]
    assert [line.get("from", "note") for line in answer("trace", kept)["trace"]] == [
        "central system",
        "station",
        "note",
    ]
    assert answer("log", kept, last=0)["log"] == []


def test_utc_that_became_known_later(config: Config) -> None:
    """The offset in the store, known from the Central System, dates lines of the same boot before it was known."""
    store = Store.open(config.store_dir)
    store.commit([Save(Unit(boot_id="b", utc_offset=1.7e9))])
    store.close()
    recorder = FlightRecorder(config.store_dir, b"k" * 32)
    recorder.snapshot([], 1, "b", 0.0, config.product, config.identity, {})
    recorder.note(Now(4702.5, None), Note("boot-accepted", {"interval": 3}))
    recorder.sent(4703.0, sent("[2]"))
    recorder.flush()
    assert answer("log", config)["log"][0]["utc"] == 1.7e9 + 4702.5
    assert answer("trace", config)["trace"][1]["utc"] == 1.7e9 + 4703.0


@pytest.mark.parametrize("do", ["status", "log", "trace"])
def test_without_a_store(config: Config, do: str) -> None:
    """No daemon and no store: Unreachable, with the folder and a remedy, for every query."""
    with pytest.raises(Unreachable, match=f"no store in {config.store_dir} yet.*first start.*start evsed"):
        answer(do, config)


def test_a_store_that_cannot_be_read(kept: Config) -> None:
    """The reason is reported; the flight record is still read if there is one."""
    (kept.store_dir / "evsed.db").write_bytes(b"no database")
    with pytest.raises(Unreachable, match="no luck; its store cannot be read"):
        answer("status", kept, Unreachable("no luck"))
    assert len(answer("log", kept)["log"]) == 1
    for name in FILES:
        (kept.store_dir / name).unlink(missing_ok=True)
    with pytest.raises(Unreachable, match="cannot be read"):
        answer("log", kept)


def test_a_flight_record_that_cannot_be_read(kept: Config) -> None:
    """A link in place of the file is not followed, and that is reported on one line."""
    (kept.store_dir / FILES[1]).symlink_to("/proc/self/mem")
    with pytest.raises(Unreachable, match=r"flight record cannot be read: .*Too many levels of symbolic links"):
        answer("log", kept)


def test_the_reference_needs_neither(config: Config) -> None:
    """The key table follows from the product alone."""
    assert {"HeartbeatInterval", "NumberOfConnectors"} <= {row["key"] for row in reference(config)}
