"""The key table: type, range, access of every key (§9.1 to §9.4), and what a value may look like (§5.3, §3.16.4)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ocpp16.configuration.keys import DAY, INERT, check_first_value, checked, core_keys
from ocpp16.product import Product

SEED = Product()

# §9: key, default, read-only; the figures are those of the product
TABLE = [
    ("AllowOfflineTxForUnknownId", "false", False),
    ("AuthorizationCacheEnabled", "true", False),
    ("AuthorizeRemoteTxRequests", "true", False),
    ("ClockAlignedDataInterval", "0", False),
    ("ConnectionTimeOut", "60", False),
    ("ConnectorPhaseRotation", "0.NotApplicable,1.NotApplicable", False),
    ("ConnectorPhaseRotationMaxLength", "2", True),
    ("GetConfigurationMaxKeys", "1", True),
    ("HeartbeatInterval", "86400", False),
    ("LocalAuthorizeOffline", "true", False),
    ("LocalPreAuthorize", "false", False),
    ("MaxEnergyOnInvalidId", "0", False),
    ("MessageTimeout", "30", False),
    ("MeterValuesAlignedData", "Energy.Active.Import.Register", False),
    ("MeterValuesAlignedDataMaxLength", "20", True),
    ("MeterValuesSampledData", "Energy.Active.Import.Register", False),
    ("MeterValuesSampledDataMaxLength", "10", True),
    ("MeterValueSampleInterval", "60", False),
    ("MinimumStatusDuration", "0", False),
    ("NumberOfConnectors", "1", True),
    ("ResetRetries", "1", False),
    ("StopTransactionMaxMeterValues", "10", True),
    ("StopTransactionOnEVSideDisconnect", "true", False),
    ("StopTransactionOnInvalidId", "true", False),
    ("StopTxnAlignedData", "", False),
    ("StopTxnAlignedDataMaxLength", "10", True),
    ("StopTxnSampledData", "", False),
    ("StopTxnSampledDataMaxLength", "10", True),
    (
        "SupportedFeatureProfiles",
        "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger",
        True,
    ),
    ("TransactionMessageAttempts", "3", False),
    ("TransactionMessageRetryInterval", "60", False),
    ("UnlockConnectorOnEVSideDisconnect", "false", True),
    ("WebSocketPingInterval", "10", False),
    ("LocalAuthListEnabled", "true", False),
    ("LocalAuthListMaxLength", "100", True),
    ("SendLocalListMaxLength", "100", True),
    ("ReserveConnectorZeroSupported", "true", True),
    ("ChargeProfileMaxStackLevel", "10", True),
    ("ChargingScheduleAllowedChargingRateUnit", "Current", True),
    ("ChargingScheduleMaxPeriods", "100", True),
    ("MaxChargingProfilesInstalled", "10", True),
    ("SupportedFileTransferProtocols", "HTTP,HTTPS,FTP,FTPS", True),
    ("AdditionalRootCertificateCheck", "false", True),
    ("AuthorizationKey", "", False),
    ("CertificateSignedMaxChainSize", "10000", True),
    ("CertificateStoreMaxLength", "1", True),
    ("CpoName", "", False),
    ("SecurityProfile", "0", False),
]


@pytest.mark.parametrize(("name", "default", "read_only"), TABLE)
def test_key(name: str, default: str, read_only: bool) -> None:
    """§9: each key has its default and its access."""
    key = core_keys(SEED)[name.casefold()]
    assert (key.name, key.default, key.read_only) == (name, default, read_only)
    assert key.what.endswith(".")
    assert not key.reboot


def test_no_other_keys() -> None:
    """§9: an optional key that is present means that its function exists: nothing else is present."""
    assert {key.name for key in core_keys(SEED).values()} == {name for name, _, _ in TABLE}


@pytest.mark.parametrize("product", [SEED, Product(connectors=3, fixed_cable=False)])
def test_defaults_are_right(product: Product) -> None:
    """Each default passes its own check."""
    for key in core_keys(product).values():
        assert checked(key, key.default) == (key.default, "")


@pytest.mark.parametrize(
    ("product", "absent"),
    [
        (Product(offline_unknown_ids=False), "AllowOfflineTxForUnknownId"),
        (Product(authorization_cache=False), "AuthorizationCacheEnabled"),
        (Product(max_energy_on_invalid_id=False), "MaxEnergyOnInvalidId"),
        (Product(minimum_status_duration=False), "MinimumStatusDuration"),
        (Product(keep_on_ev_disconnect=False, stop_on_ev_disconnect=False), "StopTransactionOnEVSideDisconnect"),
        (Product(profiles=("Core",)), "LocalAuthListEnabled"),
        (Product(profiles=("Core",)), "LocalAuthListMaxLength"),
        (Product(profiles=("Core",)), "SendLocalListMaxLength"),
        (Product(profiles=("Core",)), "ReserveConnectorZeroSupported"),
        (Product(profiles=("Core",)), "ChargeProfileMaxStackLevel"),
        (Product(profiles=("Core",)), "ChargingScheduleAllowedChargingRateUnit"),
        (Product(profiles=("Core",)), "ChargingScheduleMaxPeriods"),
        (Product(profiles=("Core",)), "MaxChargingProfilesInstalled"),
        (Product(profiles=("Core",)), "SupportedFileTransferProtocols"),
        (Product(security_profiles=()), "SecurityProfile"),
        (Product(), "ConnectorSwitch3to1PhaseSupported"),
    ],
)
def test_absent_function_absent_key(product: Product, absent: str) -> None:
    """§9: an optional key whose function is missing is absent."""
    assert absent.casefold() not in core_keys(product)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("SecurityProfile", "1", None),
        ("SecurityProfile", "0", "0"),
        ("AuthorizationKey", "00112233445566778899", None),
        ("CpoName", " Strom AG ", "Strom AG"),
        ("CpoName", "x" * 65, None),
        ("CpoName", "a\nb", None),
    ],
)
def test_keys_of_what_is_not_built(name: str, value: str, kept: str | None) -> None:
    """W §9: a security key is there and says that it does nothing yet; nothing is promised by an Accepted."""
    key = core_keys(SEED)[name.casefold()]
    assert key.what.startswith(INERT)
    assert checked(key, value)[0] == kept


def test_several_connectors() -> None:
    """§9.1: keys that speak of connectors know how many there are."""
    keys = core_keys(Product(connectors=3))
    assert keys["numberofconnectors"].default == "3"
    assert keys["connectorphaserotation"].default == "0.NotApplicable,1.NotApplicable,2.NotApplicable,3.NotApplicable"
    assert keys["connectorphaserotationmaxlength"].default == "4"


def test_socket_outlet() -> None:
    """E 3.85: only with a detachable cable UnlockConnectorOnEVSideDisconnect can be chosen."""
    key = core_keys(Product(fixed_cable=False))["unlockconnectoronevsidedisconnect"]
    assert (key.default, key.read_only) == ("true", False)


SIX = "Energy.Active.Import.Register,Voltage,Current.Import,Power.Active.Import,SoC,Temperature"
TEN = SIX + ",Voltage.L1,Voltage.L1-N,Current.Import.L1,Power.Active.Import.L1"
ROOMY = replace(SEED, sampled_data_max_length=30, phases=3)

# §5.3: key, what comes, what is kept (None: refused)
VALUES = [
    ("LocalPreAuthorize", "true", "true"),
    ("LocalPreAuthorize", "TRUE", "true"),
    ("LocalPreAuthorize", " False ", "false"),
    ("LocalPreAuthorize", "yes", None),
    ("LocalPreAuthorize", "1", None),
    ("LocalPreAuthorize", "", None),
    ("HeartbeatInterval", "0", "0"),
    ("HeartbeatInterval", "86400", "86400"),
    ("HeartbeatInterval", "86401", None),
    ("HeartbeatInterval", "007", "7"),
    ("HeartbeatInterval", " 5 ", "5"),
    ("HeartbeatInterval", "-1", None),
    ("HeartbeatInterval", "+1", None),
    ("HeartbeatInterval", "1.0", None),
    ("HeartbeatInterval", "1e3", None),
    ("HeartbeatInterval", "", None),
    ("HeartbeatInterval", "٣", None),
    ("HeartbeatInterval", "99999999999999999999", None),
    ("MeterValueSampleInterval", "86401", None),
    ("MessageTimeout", "0", None),
    ("MessageTimeout", "600", "600"),
    ("MessageTimeout", "601", None),
    ("WebSocketPingInterval", "-1", None),
    ("TransactionMessageAttempts", "0", "0"),
    ("MinimumStatusDuration", "-1", None),
    ("MeterValuesSampledData", "", ""),
    ("MeterValuesSampledData", "SoC", "SoC"),
    ("MeterValuesSampledData", " SoC , Voltage ", "SoC,Voltage"),
    ("MeterValuesSampledData", "Voltage.L1,Voltage", "Voltage.L1,Voltage"),
    ("MeterValuesSampledData", "Voltage.L1-N", "Voltage.L1-N"),
    ("MeterValuesSampledData", "Voltage.L4", None),
    ("MeterValuesSampledData", "SoC,SoC", None),
    ("MeterValuesSampledData", "soc", None),
    ("MeterValuesSampledData", "SoC,Frequency", None),
    ("MeterValuesSampledData", "SoC,", None),
    ("MeterValuesSampledData", "Voltage.L2", None),
    ("MeterValuesSampledData", "Voltage.L1-L2", None),
    ("MeterValuesSampledData", "SoC.L1", None),
    ("MeterValuesSampledData", "Energy.Active.Import.Register.L1", None),
    ("MeterValuesSampledData", TEN, TEN),
    ("StopTxnSampledData", TEN + ",Voltage.L2", None),
    ("ConnectorPhaseRotation", "0.RST,1.RTS", "0.RST,1.RTS"),
    ("ConnectorPhaseRotation", "1.Unknown", "1.Unknown"),
    ("ConnectorPhaseRotation", "2.RST", None),
    ("ConnectorPhaseRotation", "1.RST,².RST", None),
    ("ConnectorPhaseRotation", "١.RST", None),
    ("ConnectorPhaseRotation", "01.RST", None),
    ("ConnectorPhaseRotation", "0.RST,0.RTS", None),
    ("ConnectorPhaseRotation", "1.XYZ", None),
    ("ConnectorPhaseRotation", "RST", None),
    ("ConnectorPhaseRotation", "0.RST,1.RST,1.RTS", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "kept"), VALUES)
def test_value(name: str, text: str, kept: str | None) -> None:
    """§5.3: a value that does not fit type, range, list or length is refused, with the reason."""
    value, why = checked(core_keys(SEED)[name.casefold()], text)
    assert value == kept
    assert bool(why) == (kept is None)


@pytest.mark.parametrize(
    ("item", "fine"),
    [("Voltage.L3-N", True), ("Current.Import.L2", True), ("Current.Import.L2-N", False), ("Voltage.N", False)],
)
def test_phases_that_there_are(item: str, fine: bool) -> None:
    """§3.16.4: an item may name a phase that the station has and measures; anything else refuses the whole list."""
    assert (checked(core_keys(ROOMY)["metervaluessampleddata"], item)[0] is not None) is fine


def test_value_too_long() -> None:
    """§7.19: at most 500 characters."""
    assert checked(core_keys(SEED)["metervaluessampleddata"], "x" * 501) == (None, "longer than 500 characters")


@pytest.mark.parametrize(
    ("name", "text", "fine"),
    [
        ("HeartbeatInterval", "300", True),
        ("heartbeatinterval", "300", True),
        ("StopTransactionMaxMeterValues", "20", True),
        ("NumberOfConnectors", "7", False),
        ("SupportedFeatureProfiles", "Core", False),
        ("ReserveConnectorZeroSupported", "false", False),
        ("ReserveConnectorZeroSupported", "true", True),
        ("UnlockConnectorOnEVSideDisconnect", "true", False),
        ("MeterValuesSampledDataMaxLength", "1", False),
        ("HeartbeatInterval", str(DAY + 1), False),
        ("Heartbeat", "300", False),
    ],
)
def test_first_value(name: str, text: str, fine: bool) -> None:
    """The station's own file may set every key within its limits; what is built, the product alone says."""
    assert (check_first_value(name, text, SEED) is None) == fine
