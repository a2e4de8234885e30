"""The key table: type, range, access of every key (§9.1 to §9.4)."""

from __future__ import annotations

import pytest

from ocpp16.configuration.keys import NOT_IMPLEMENTED, core_keys
from ocpp16.configuration.values import check_value
from ocpp16.product import Product

SEED = Product()
FOUR = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage"

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
    ("MeterValuesAlignedData", FOUR, False),
    ("MeterValuesAlignedDataMaxLength", "20", True),
    ("MeterValuesSampledData", FOUR, False),
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
    ("AdditionalRootCertificateCheck", "true", True),
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
        assert check_value(key, key.default) == (key.default, "")


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
        ("CpoName", " Strom AG ", "Strom AG"),
        ("CpoName", "x" * 65, None),
        ("CpoName", "a\nb", None),
    ],
)
def test_keys_of_what_is_not_built(name: str, value: str, kept: str | None) -> None:
    """W §9: a security key is there and says that it does nothing yet; nothing is promised by an Accepted."""
    key = core_keys(SEED)[name.casefold()]
    assert key.what.startswith(NOT_IMPLEMENTED) == (name == "AuthorizationKey")
    assert check_value(key, value)[0] == kept


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
