"""With the daemon down: what store and flight recorder hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config import load
from daemon.config_types import Config
from daemon.ctl.offline import answer, reference
from daemon.ctl.wire import Unreachable
from daemon.flight_recorder import FILES, FlightRecorder
from daemon.store import Store
from ocpp16.events import FrameReceived, Now, Tick
from ocpp16.records import Stamp, Transaction
from ocpp16.step import Note, Save

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
    recorder.event(Now(1.0, None), FrameReceived("[3]"))
    recorder.sent(1.1, "[2]")
    recorder.note(Now(1.2, 9.0), Note("boot-accepted", {"interval": 3}))
    recorder.flush()
    return config


def test_looks_from_the_store(kept: Config) -> None:
    """Each look of the page works without the daemon, in the same form."""
    status = answer("status", kept)["status"]
    assert (status["station_id"], status["link"], status["pid"]) == ("CP1", None, None)
    assert answer("why", kept)["why"][0]["connector"] == 1
    (transaction,) = answer("transactions", kept)["transactions"]
    assert (transaction["id_tag"], transaction["energy_wh"]) == ("CARD-1", 4)
    assert len(answer("queue", kept)["queue"]) == 1
    assert len(answer("configuration", kept)["configuration"]) > 20
    assert answer("configuration", kept, key="heartbeatinterval")["configuration"][0]["key"] == "HeartbeatInterval"


def test_what_is_not_there_is_usage(kept: Config) -> None:
    """A connector or a key that does not exist is the asker's mistake."""
    assert answer("why", kept, connector=9)["usage"] and answer("configuration", kept, key="x")["usage"]


def test_the_flight_recorder_is_read(kept: Config) -> None:
    """Notes for `log`, frames and notes for `trace`, the last few where that was asked."""
    (note,) = answer("log", kept, last=50)["log"]
    assert note["utc"] == 9.0 and "interval 3" in note["text"]
    assert [line.get("from", "note") for line in answer("trace", kept)["trace"]] == [
        "central system",
        "station",
        "note",
    ]
    assert answer("log", kept, last=0)["log"] == []


def test_without_a_store_there_is_nothing(config: Config) -> None:
    """No daemon and no store: not reachable."""
    with pytest.raises(Unreachable, match="store"):
        answer("status", config)
    assert answer("log", config)["log"] == [] and not (config.store_dir / FILES[0]).exists()


def test_the_reference_needs_neither(config: Config) -> None:
    """The key table is the product's."""
    assert {"HeartbeatInterval", "NumberOfConnectors"} <= {row["key"] for row in reference(config)}
