"""The table of all configuration keys (§9, W §9): type, default, range, unit, access and effect of each.

GetConfiguration, ChangeConfiguration, the check of `[ocpp]` in `evsed.toml` and the reference page read this table.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

from ocpp16.configuration.key_names import Key
from ocpp16.product import Product

KeyKind = Literal["bool", "int", "csl", "phases", "text"]


class KeyRow(NamedTuple):
    """One key of a product."""

    name: Key
    kind: KeyKind
    default: str
    """The value in force unless `evsed.toml` or the Central System sets another."""
    unit: str
    """Of an integer: `s`, `Wh`, `items` …; empty: none."""
    lowest: int
    """Of an integer: the least value."""
    highest: int
    """The greatest integer, the most items of a list, the most characters of a text."""
    read_only: bool
    what: str
    """What the key does: one sentence, for the reference page and `evsectl config get`."""
    allowed: tuple[str, ...] = ()
    """The items that a list may hold."""
    reboot: bool = False
    """A change takes effect after a reboot (RebootRequired)."""
    phases: int = 0
    """Of a list of measurands: an item may name one of this number of phases (§3.16.4)."""
    write_only: bool = False
    """J 6.2.2: the value is never sent, and the key is listed only where it was asked for by name."""


def _bool(name: Key, default: bool, what: str, read_only: bool = False) -> KeyRow:
    return KeyRow(name, "bool", "true" if default else "false", "", 0, 1, read_only, what)


def _int(name: Key, default: int, unit: str, lowest: int, highest: int, what: str, read_only: bool = False) -> KeyRow:
    return KeyRow(name, "int", str(default), unit, lowest, highest, read_only, what)


def _fixed(name: Key, value: int, unit: str, what: str) -> KeyRow:
    """A limit that is built in, and can only be read."""
    return _int(name, value, unit, value, value, what, read_only=True)


def _measurands(name: Key, default: str, product: Product, longest: int, what: str) -> KeyRow:
    return KeyRow(name, "csl", default, "", 0, longest, False, what, product.measurands, phases=product.phases)


REGISTER = "Energy.Active.Import.Register"
FIRST_MEASURANDS = (REGISTER, "Power.Active.Import", "Current.Import", "Voltage")
"""What a back-office shows, told without being asked for, as far as the product has it."""
DERIVED = frozenset({"Current.Offered", "Power.Offered"})
"""Measurands that the station computes itself, whatever the board measures."""
DAY = 86400
"""Seconds."""


@cache
def core_keys(product: Product) -> dict[str, KeyRow]:
    """The keys that this product has, by case-folded name, in alphabetical order."""
    keys = _charging_keys(product) + _metering_keys(product) + _connection_keys(product) + _optional_keys(product)
    keys += _list_keys(product) + _reservation_keys(product) + _smart_keys(product) + _firmware_keys(product)
    keys += _security_keys(product)
    return {key.name.casefold(): key for key in sorted(keys, key=lambda key: key.name.casefold())}


def _charging_keys(product: Product) -> list[KeyRow]:
    """Authorization, and the end of a charge."""
    n, fixed, alone = product.connectors, product.fixed_cable, product.offline_authorization
    rotation = ",".join(f"{connector}.NotApplicable" for connector in range(n + 1))
    return [
        _bool(Key.AuthorizeRemoteTxRequests, True, "A remote start is authorized like a card first."),
        _int(Key.ConnectionTimeOut, 60, "s", 0, DAY, "How long an accepted card waits for the plug."),
        KeyRow(Key.ConnectorPhaseRotation, "phases", rotation, "", 0, n + 1, False, "Phase rotation per connector."),
        _fixed(Key.ConnectorPhaseRotationMaxLength, n + 1, "items", "Items in ConnectorPhaseRotation."),
        _bool(Key.LocalAuthorizeOffline, alone, "Offline, a card known here may start.", not alone),
        _bool(Key.LocalPreAuthorize, False, "Online, a card known here starts without asking."),
        _fixed(Key.NumberOfConnectors, n, "", "Connectors, 0 not counted."),
        _int(Key.ResetRetries, 1, "times", 0, 10, "How often a failed reset is tried again."),
        _bool(Key.StopTransactionOnInvalidId, True, "A card refused after the start ends the transaction."),
        _bool(Key.UnlockConnectorOnEVSideDisconnect, not fixed, "The lock opens with the car.", fixed),
    ]


def _metering_keys(product: Product) -> list[KeyRow]:
    """What MeterValues and StopTransaction hold, and when they are sampled."""
    aligned, sampled = product.aligned_data_max_length, product.sampled_data_max_length
    stop_aligned, stop_sampled = product.stop_aligned_max_length, product.stop_sampled_max_length

    def told(longest: int) -> str:
        return ",".join([name for name in FIRST_MEASURANDS if name in product.measurands][:longest])

    most, least, longest = product.stop_max_meter_values, product.sample_interval_min_s, product.sample_interval_max_s
    return [
        _int(
            Key.ClockAlignedDataInterval,
            0,
            "s",
            0,
            DAY,
            "Meter values at multiples of it since midnight UTC; 0: off.",
        ),
        _measurands(Key.MeterValuesAlignedData, told(aligned), product, aligned, "What clock-aligned values hold."),
        _fixed(Key.MeterValuesAlignedDataMaxLength, aligned, "items", "Items in MeterValuesAlignedData."),
        _measurands(
            Key.MeterValuesSampledData, told(sampled), product, sampled, "What sampled values hold; empty: register."
        ),
        _fixed(Key.MeterValuesSampledDataMaxLength, sampled, "items", "Items in MeterValuesSampledData."),
        _int(
            Key.MeterValueSampleInterval,
            product.sample_interval_s,
            "s",
            least,
            longest,
            "Interval of sampled values in a transaction; 0: off.",
        ),
        _int(Key.StopTransactionMaxMeterValues, most, "items", 2, 1000, "Meter values in one StopTransaction.", True),
        _measurands(Key.StopTxnAlignedData, "", product, stop_aligned, "Clock-aligned values in StopTransaction."),
        _fixed(Key.StopTxnAlignedDataMaxLength, stop_aligned, "items", "Items in StopTxnAlignedData."),
        _measurands(Key.StopTxnSampledData, "", product, stop_sampled, "Sampled values in StopTransaction."),
        _fixed(Key.StopTxnSampledDataMaxLength, stop_sampled, "items", "Items in StopTxnSampledData."),
    ]


def _connection_keys(product: Product) -> list[KeyRow]:
    """Messages to the Central System: intervals, time-outs, retries."""
    most, names = product.get_configuration_max_keys, product.profiles
    least, beat, ping = product.heartbeat_interval_min_s, product.heartbeat_interval_max_s, product.ping_interval_s
    return [
        _int(
            Key.GetConfigurationMaxKeys,
            most,
            "keys",
            1,
            1000,
            "Keys in one GetConfiguration.",
            True,
        ),
        _int(Key.HeartbeatInterval, beat, "s", least, beat, "Set by each accepted BootNotification; 0: daily."),
        _int(Key.MessageTimeout, 30, "s", 1, 600, "How long a CALL waits for its answer."),
        KeyRow(
            Key.SupportedFeatureProfiles,
            "csl",
            ",".join(names),
            "",
            0,
            20,
            True,
            "Feature profiles.",
            names,
        ),
        _int(Key.TransactionMessageAttempts, 3, "times", 0, 1000, "Sendings before a message is parked; 0 acts as 1."),
        _int(Key.TransactionMessageRetryInterval, 60, "s", 0, DAY, "Wait before the next one, times sendings so far."),
        _int(Key.WebSocketPingInterval, ping, "s", 0, DAY, "Interval of WebSocket pings; 0: none."),
    ]


def _optional_keys(product: Product) -> list[KeyRow]:
    """Optional keys: present only where the product has the function (§9)."""
    may, must = product.keep_on_ev_disconnect, product.stop_on_ev_disconnect
    keys: list[KeyRow] = []
    if may or must:  # E 3.80: read-write only where the product has both behaviours
        keys.append(
            _bool(
                Key.StopTransactionOnEVSideDisconnect,
                must,
                "Pulling the plug at the car ends it.",
                not (may and must),
            )
        )
    if product.offline_unknown_ids:
        keys.append(_bool(Key.AllowOfflineTxForUnknownId, False, "Offline, a card unknown here may start."))
    if product.authorization_cache:
        keys.append(_bool(Key.AuthorizationCacheEnabled, True, "Each IdTagInfo received is cached and used."))
    if product.max_energy_on_invalid_id:
        keys.append(_int(Key.MaxEnergyOnInvalidId, 0, "Wh", 0, 1_000_000, "Energy delivered after a refusal."))
    if product.minimum_status_duration:
        keys.append(_int(Key.MinimumStatusDuration, 0, "s", 0, DAY, "A status shorter than this is not reported."))
    return keys


def _list_keys(product: Product) -> list[KeyRow]:
    if not product.has("LocalAuthListManagement"):
        return []
    total, once = product.local_list_max_length, product.send_local_list_max_length
    return [
        _bool(Key.LocalAuthListEnabled, True, "The local list is used; false: SendLocalList is not supported."),
        _fixed(Key.LocalAuthListMaxLength, total, "cards", "Cards in the local list."),
        _fixed(Key.SendLocalListMaxLength, once, "cards", "Cards in one SendLocalList."),
    ]


def _reservation_keys(product: Product) -> list[KeyRow]:
    if not product.has("Reservation"):
        return []
    zero = product.reserve_connector_zero
    return [_bool(Key.ReserveConnectorZeroSupported, zero, "The whole station can be reserved.", True)]


def _smart_keys(product: Product) -> list[KeyRow]:
    if not product.has("SmartCharging"):
        return []
    level, periods, most = product.max_stack_level, product.schedule_max_periods, product.max_profiles
    units = ",".join(product.rate_units)
    unit_key = Key.ChargingScheduleAllowedChargingRateUnit
    return [
        _fixed(Key.ChargeProfileMaxStackLevel, level, "", "Highest stackLevel."),
        KeyRow(unit_key, "csl", units, "", 0, 2, True, "Units of limits: Current A, Power W.", product.rate_units),
        _fixed(Key.ChargingScheduleMaxPeriods, periods, "items", "Periods in a schedule."),
        _fixed(Key.MaxChargingProfilesInstalled, most, "items", "Profiles kept, of all purposes."),
    ]


def _firmware_keys(product: Product) -> list[KeyRow]:
    if not product.has("FirmwareManagement"):
        return []
    names = product.transfer_protocols
    return [
        KeyRow(
            Key.SupportedFileTransferProtocols,
            "csl",
            ",".join(names),
            "",
            0,
            8,
            True,
            "File transfers.",
            names,
        )
    ]


NOT_IMPLEMENTED = "Not implemented:"
"""Starts the effect of a key of the security whitepaper that is present but has no effect in this version."""


def _security_keys(product: Product) -> list[KeyRow]:
    """W §9: the keys of the security extension."""
    if not product.security_extension:
        return []
    chain, store = product.certificate_chain_max, product.certificate_store_max
    return [
        _bool(
            Key.AdditionalRootCertificateCheck,
            True,
            "A new root of the Central System must be signed by the one in force, and takes its place.",
            True,
        ),
        KeyRow(
            Key.AuthorizationKey,
            "text",
            "",
            "chars",
            16,
            40,
            False,
            "Key of HTTP Basic: 32 to 40 hexadecimal digits, or 16 to 20 characters. Tried, and kept once it works.",
            write_only=True,
        ),
        _fixed(Key.CertificateSignedMaxChainSize, chain, "chars", "Longest chain in CertificateSigned."),
        _fixed(Key.CertificateStoreMaxLength, store, "items", "Roots of each type; one in a hand-over is not counted."),
        KeyRow(
            Key.CpoName,
            "text",
            "",
            "chars",
            0,
            64,
            False,
            "Organisation in the request for the station's certificate; empty: none is made.",
        ),
        KeyRow(
            Key.SecurityProfile,
            "int",
            "0",
            "",
            0,
            3,
            False,
            "The security profile in force. Over OCPP it can only be raised, is tried, and kept once it works.",
        ),
    ]
