"""GetConfiguration and ChangeConfiguration (§5.3, §5.8), and that each key changes what the station does."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.configuration.keys import core_keys
from ocpp16.product import Product
from ocpp16.records import Setting
from ocpp16.step import Restart
from tests.ocpp16.rig import CallError, Station, noted


def change(station: Station, key: str, value: str) -> Any:
    answer = station.request("ChangeConfiguration", key=key, value=value)
    return answer["status"] if isinstance(answer, dict) else answer


def value_of(station: Station, key: str) -> Any:
    answer = station.request("GetConfiguration", key=[key])
    assert isinstance(answer, dict)
    return answer["configurationKey"][0]["value"]


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [{}, {"key": []}])
def test_every_key(asked: dict[str, Any]) -> None:
    """§5.8: without keys, or with an empty list, every key in one answer, whatever GetConfigurationMaxKeys is."""
    answer = Station().online().request("GetConfiguration", **asked)
    assert isinstance(answer, dict)
    told = [key.name for key in core_keys(Product()).values() if key.name != "AuthorizationKey"]
    assert [entry["key"] for entry in answer["configurationKey"]] == told
    assert "unknownKey" not in answer


def test_write_only_key() -> None:
    """J 6.2.2: AuthorizationKey is named to who asks for it, without a value; while it does nothing it is refused."""
    station = Station().online()
    assert station.request("GetConfiguration", key=["AuthorizationKey"]) == {
        "configurationKey": [{"key": "AuthorizationKey", "readonly": False}]
    }
    asked = {"key": "AuthorizationKey", "value": "0011223344556677"}
    assert station.request("ChangeConfiguration", **asked) == {"status": "Rejected"}


def test_known_and_unknown() -> None:
    """§5.8: known keys with their values, unknown ones in a list of their own; an empty list is left out."""
    station = Station().online()
    assert station.request("GetConfiguration", key=["heartbeatINTERVAL", "NoSuchKey", "NumberOfConnectors"]) == {
        "configurationKey": [
            {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
            {"key": "NumberOfConnectors", "readonly": True, "value": "1"},
        ],
        "unknownKey": ["NoSuchKey"],
    }
    assert station.request("GetConfiguration", key=["NoSuchKey"]) == {"unknownKey": ["NoSuchKey"]}


def test_asked_twice() -> None:
    """§5.8: a key that is asked for twice is told once."""
    answer = Station().online().request("GetConfiguration", key=["MessageTimeout", "messagetimeout", "X", "x"])
    assert isinstance(answer, dict)
    assert (len(answer["configurationKey"]), answer["unknownKey"]) == (1, ["X"])


def test_too_many_keys() -> None:
    """§5.8: a Central System that asks for more than the declared limit is served, up to a hundred keys."""
    station = Station().online()
    assert isinstance(station.request("GetConfiguration", key=[f"K{n}" for n in range(100)]), dict)
    answer = station.request("GetConfiguration", key=[f"K{n}" for n in range(101)])
    assert isinstance(answer, CallError)
    assert answer.code == "OccurenceConstraintViolation"


# --- changing -------------------------------------------------------------------------------------------------------


def test_change() -> None:
    """§5.3: Accepted: kept and in force; it is on disk before the answer leaves."""
    station = Station().online()
    answer, step = station.ask("ChangeConfiguration", key="connectiontimeout", value="20")
    assert answer == {"status": "Accepted"}
    assert Setting(name="ConnectionTimeOut", value="20") in [write.record for write in step.records]  # type: ignore[union-attr]
    assert value_of(station, "ConnectionTimeOut") == "20"


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("NoSuchKey", "1", "NotSupported"),
        ("NumberOfConnectors", "2", "Rejected"),
        ("HeartbeatInterval", "-1", "Rejected"),
        ("HeartbeatInterval", "soon", "Rejected"),
        ("MeterValuesSampledData", "Frequency", "Rejected"),
        ("UnlockConnectorOnEVSideDisconnect", "true", "Rejected"),
    ],
)
def test_refused(key: str, value: str, status: str) -> None:
    """§5.3: unknown: NotSupported; read-only, out of range or wrong: Rejected; the old value stays (§3.16.4)."""
    station = Station().online()
    before = list(station.rows(Setting))
    assert change(station, key, value) == status
    assert station.rows(Setting) == before


def test_same_value_again() -> None:
    """A value that is in force already is Accepted, and wears no card out."""
    station = Station().online()
    change(station, "ConnectionTimeOut", "20")
    _, step = station.ask("ChangeConfiguration", key="ConnectionTimeOut", value="20")
    assert step.records == ()


@pytest.mark.parametrize("dark", [True, False])
def test_survives(dark: bool) -> None:
    """§5.3: what was accepted survives every restart, and wins over the station's own file."""
    station = Station(ConnectionTimeOut=7).online()
    assert value_of(station, "ConnectionTimeOut") == "7"
    change(station, "ConnectionTimeOut", "20")
    station.restart(dark=dark).started()
    station.connect()
    assert value_of(station, "ConnectionTimeOut") == "20"


def test_value_of_an_older_version() -> None:
    """A stored value that no longer fits gives way to the first value, and that is noted."""
    stored = [Setting(name="ConnectionTimeOut", value="soon"), Setting(name="Gone", value="1")]
    station = Station(records=stored, ConnectionTimeOut=9)
    step = station.step(ev.Started())
    assert noted(step).count("setting-dropped") == 2
    assert station.cp.parts.configuration.text("ConnectionTimeOut") == "9"


def test_what_the_board_can_measure() -> None:
    """§9.1.17: what a station offers to measure is what product and board can give."""
    station = Station(Product(measurands=(*Product().measurands, "Current.Offered"))).started(attached=False)
    shape = ev.ConnectorShape(1, measurands=("Energy.Active.Import.Register", "Voltage"))
    station.attach(shapes=(shape,))
    station.connect()
    assert change(station, "MeterValuesSampledData", "Voltage.L1,Current.Offered") == "Accepted"
    assert change(station, "MeterValuesSampledData", "SoC") == "Rejected"
    assert change(station, "MeterValuesSampledData", "SoC.L1") == "Rejected"
    assert change(station, "MeterValuesSampledData", "") == "Accepted"


def test_board_that_does_not_say() -> None:
    """A board that does not tell what it measures rules nothing out."""
    station = Station().started(attached=False)
    station.attach(shapes=(ev.ConnectorShape(1),))
    station.connect()
    assert change(station, "MeterValuesSampledData", "SoC") == "Accepted"


def test_nothing_can_be_written() -> None:
    """§5.3: what could not be kept is not Accepted."""
    station = Station().online()
    station.happens(ev.StoreChanged("unwritable"))
    assert change(station, "ConnectionTimeOut", "20") == "Rejected"
    assert value_of(station, "ConnectionTimeOut") == "60"


def test_desk_and_rows() -> None:
    """`evsectl config set` and `config get` read the same table."""
    station = Station().online()
    (reply,) = station.happens(ev.SettingAsked(4, "ConnectionTimeOut", "33")).replies
    assert (reply.ref, reply.ok, reply.text) == (4, True, "Accepted")
    (reply,) = station.happens(ev.SettingAsked(5, "ConnectionTimeOut", "soon")).replies
    assert (reply.ok, "0 to 86400 s" in reply.text) == (False, True)
    (row,) = (row for row in station.cp.configuration_rows() if row["key"] == "ConnectionTimeOut")
    assert (row["value"], row["unit"], row["min"], row["max"], row["type"]) == ("33", "s", 0, 86400, "int")


def test_wrong_first_value() -> None:
    """The station's file was checked before: a wrong value here is an internal error."""
    with pytest.raises(AssertionError, match="ConnectionTimeOut"):
        Station(ConnectionTimeOut="soon")


# --- keys that only tell what the product has -----------------------------------------------------------------------

SMALL = Product(
    connectors=2, max_stack_level=3, rate_units=("Current", "Power"), transfer_protocols=("FTP",),
    send_local_list_max_length=7, certificate_chain_max=5000, certificate_store_max=4,
)  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("AdditionalRootCertificateCheck", "true"),
        ("CertificateSignedMaxChainSize", "5000"),
        ("CertificateStoreMaxLength", "4"),
        ("ChargeProfileMaxStackLevel", "3"),
        ("ChargingScheduleAllowedChargingRateUnit", "Current,Power"),
        ("ConnectorPhaseRotationMaxLength", "3"),
        ("SendLocalListMaxLength", "7"),
        ("SupportedFileTransferProtocols", "FTP"),
    ],
)
def test_keys_that_tell_what_the_product_has(key: str, value: str) -> None:
    """§9, W §9: such a key tells the figure of the product, and cannot be changed."""
    station = Station(SMALL).online()
    assert station.request("GetConfiguration", key=[key]) == {
        "configurationKey": [{"key": key, "readonly": True, "value": value}]
    }
    assert change(station, key, value) == "Rejected"


SHORT = Product(
    aligned_data_max_length=2, sampled_data_max_length=2, stop_aligned_max_length=2, stop_sampled_max_length=2
)


@pytest.mark.parametrize(
    ("longest", "key"),
    [
        ("MeterValuesAlignedDataMaxLength", "MeterValuesAlignedData"),
        ("MeterValuesSampledDataMaxLength", "MeterValuesSampledData"),
        ("StopTxnAlignedDataMaxLength", "StopTxnAlignedData"),
        ("StopTxnSampledDataMaxLength", "StopTxnSampledData"),
    ],
)
def test_longest_lists(longest: str, key: str) -> None:
    """§9.1: a list of measurands takes as many items as its MaxLength key tells, and not one more."""
    station = Station(SHORT).online()
    assert value_of(station, longest) == "2"
    assert change(station, key, "Voltage,SoC") == "Accepted"
    assert change(station, key, "Voltage,SoC,Temperature") == "Rejected"


def test_security_keys_without_security() -> None:
    """W §9: SecurityProfile stays 0 and CpoName is only kept, while the security profiles are not implemented."""
    station = Station().online()
    assert change(station, "SecurityProfile", "1") == "Rejected"
    assert value_of(station, "SecurityProfile") == "0"
    assert change(station, "CpoName", "Example Energy") == "Accepted"
    assert value_of(station, "CpoName") == "Example Energy"


# --- every key changes what the station does ------------------------------------------------------------------------
# Proved beside what they change: test_authorization (AllowOfflineTxForUnknownId, AuthorizationCacheEnabled,
# LocalAuthorizeOffline, LocalPreAuthorize), test_remote_control (AuthorizeRemoteTxRequests), test_connector
# (ConnectionTimeOut, MaxEnergyOnInvalidId, StopTransactionOnInvalidId, UnlockConnectorOnEVSideDisconnect), test_ending
# (StopTransactionOnEVSideDisconnect), test_sampled_values, test_clock_aligned_values, test_stop_transaction_data (the
# intervals and lists), test_status_notification (MinimumStatusDuration), test_registration and test_heartbeat
# (HeartbeatInterval), test_transaction_queue (TransactionMessage…), test_session (MessageTimeout).


def test_ping_interval() -> None:
    """J 7: WebSocketPingInterval is the level that the link follows, at once."""
    station = Station().online()
    assert station.last.link.ping_interval_s == 10
    station.request("ChangeConfiguration", key="WebSocketPingInterval", value="0")
    assert station.link is not None
    assert station.link.ping_interval_s == 0


def test_reset_retries() -> None:
    """§9.1.23: a failed reset is tried again ResetRetries times; then the next life tells it, once, for connector 0."""
    station = Station(ResetRetries=2)
    station.online()
    station.request("Reset", type="Hard")
    assert [job.retries for job in station.last.jobs if isinstance(job, Restart)] == [2]
    station = Station()
    station.happens(ev.Started(reset_failed=True))
    station.attach()
    station.connect()
    assert station.heard("StatusNotification")[-1]["errorCode"] == "ResetFailure"
