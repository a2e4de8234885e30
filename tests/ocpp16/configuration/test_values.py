"""What the value of a key may be (§5.3, §3.16.4), and which first values the station's own file may set."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ocpp16.configuration.keys import DAY, core_keys
from ocpp16.configuration.values import check_first_value, check_value, items_of
from ocpp16.product import Product

SEED = Product()
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
def test_a_value_that_does_not_fit_is_refused(name: str, text: str, kept: str | None) -> None:
    """§5.3: a value that does not fit type, range, list or length is refused, with the reason."""
    value, why = check_value(core_keys(SEED)[name.casefold()], text)
    assert value == kept
    assert bool(why) == (kept is None)


@pytest.mark.parametrize(
    ("item", "fine"),
    [("Voltage.L3-N", True), ("Current.Import.L2", True), ("Current.Import.L2-N", False), ("Voltage.N", False)],
)
def test_phases_that_there_are(item: str, fine: bool) -> None:
    """§3.16.4: an item may name a phase that the station has and measures; anything else refuses the whole list."""
    assert (check_value(core_keys(ROOMY)["metervaluessampleddata"], item)[0] is not None) is fine


def test_value_too_long() -> None:
    """§7.19: at most 500 characters."""
    assert check_value(core_keys(SEED)["metervaluessampleddata"], "x" * 501) == (None, "longer than 500 characters")


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


def test_items() -> None:
    """§9: a stored list comes apart into its items; an empty text is an empty list."""
    assert items_of("SoC,Voltage.L1") == ("SoC", "Voltage.L1")
    assert items_of("") == ()
