"""Every OCPP configuration key of Core in ONE table (§9.1): type, range, access, effect; and how a text is judged.

The reference page, GetConfiguration, ChangeConfiguration and the first values of `evsed.toml` all read this table.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

from ocpp16.configuration.key_names import Key
from ocpp16.product import Product

MAX_VALUE = 500
"""§5.3: characters of a value."""

KeyKind = Literal["bool", "int", "csl", "phases", "text"]


class KeyRow(NamedTuple):
    """One row of the table."""

    name: Key
    kind: KeyKind
    default: str
    unit: str
    lowest: int
    highest: int
    read_only: bool
    what: str
    allowed: tuple[str, ...] = ()
    reboot: bool = False
    phases: int = 0
    """Of a list of measurands: how many there are to name."""
    write_only: bool = False
    """J 6.2.2: never told, and named only to who asks for it by name."""


def _bool(name: Key, default: bool, what: str, read_only: bool = False) -> KeyRow:
    return KeyRow(name, "bool", "true" if default else "false", "", 0, 1, read_only, what)


def _int(name: Key, default: int, unit: str, lowest: int, highest: int, what: str, read_only: bool = False) -> KeyRow:
    return KeyRow(name, "int", str(default), unit, lowest, highest, read_only, what)


def _fixed(name: Key, value: int, unit: str, what: str) -> KeyRow:
    """A limit that is built in and only told."""
    return _int(name, value, unit, value, value, what, read_only=True)


def _measurands(name: Key, default: str, product: Product, longest: int, what: str) -> KeyRow:
    return KeyRow(name, "csl", default, "", 0, longest, False, what, product.measurands, phases=product.phases)


REGISTER = "Energy.Active.Import.Register"
DERIVED = frozenset({"Current.Offered", "Power.Offered"})
"""Measurands that the station knows by itself."""
DAY = 86400


@cache
def core_keys(product: Product) -> dict[str, KeyRow]:
    """The keys of Core that this product has, by folded name, in the order of their spelling."""
    keys = _charging_keys(product) + _metering_keys(product) + _talking_keys(product) + _optional_keys(product)
    keys += _list_keys(product) + _reservation_keys(product) + _smart_keys(product) + _firmware_keys(product)
    keys += _security_keys(product)
    return {key.name.casefold(): key for key in sorted(keys, key=lambda key: key.name.casefold())}


def _charging_keys(product: Product) -> list[KeyRow]:
    """Who may charge, and how it ends."""
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
    """What is measured, and when."""
    aligned, sampled = product.aligned_data_max_length, product.sampled_data_max_length
    stop_aligned, stop_sampled = product.stop_aligned_max_length, product.stop_sampled_max_length
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
        _measurands(Key.MeterValuesAlignedData, REGISTER, product, aligned, "What clock-aligned values hold."),
        _fixed(Key.MeterValuesAlignedDataMaxLength, aligned, "items", "Items in MeterValuesAlignedData."),
        _measurands(
            Key.MeterValuesSampledData, REGISTER, product, sampled, "What sampled values hold; empty: register."
        ),
        _fixed(Key.MeterValuesSampledDataMaxLength, sampled, "items", "Items in MeterValuesSampledData."),
        _int(
            Key.MeterValueSampleInterval,
            product.sample_interval_s,
            "s",
            least,
            longest,
            "In a transaction; 0: off.",
        ),
        _int(Key.StopTransactionMaxMeterValues, most, "items", 2, 1000, "In one stop.", True),
        _measurands(Key.StopTxnAlignedData, "", product, stop_aligned, "Clock-aligned values in StopTransaction."),
        _fixed(Key.StopTxnAlignedDataMaxLength, stop_aligned, "items", "Items in StopTxnAlignedData."),
        _measurands(Key.StopTxnSampledData, "", product, stop_sampled, "Sampled values in StopTransaction."),
        _fixed(Key.StopTxnSampledDataMaxLength, stop_sampled, "items", "Items in StopTxnSampledData."),
    ]


def _talking_keys(product: Product) -> list[KeyRow]:
    """How we talk to the Central System."""
    most, names = product.get_configuration_max_keys, product.profiles
    least, beat, ping = product.heartbeat_interval_min_s, product.heartbeat_interval_max_s, product.ping_interval_s
    return [
        _int(Key.GetConfigurationMaxKeys, most, "keys", 1, 1000, "Declared limit.", True),
        _int(Key.HeartbeatInterval, beat, "s", least, beat, "Set by each accepted boot; 0: daily."),
        _int(Key.MessageTimeout, 30, "s", 1, 600, "How long an answer is awaited."),
        KeyRow(Key.SupportedFeatureProfiles, "csl", ",".join(names), "", 0, 20, True, "What is built.", names),
        _int(Key.TransactionMessageAttempts, 3, "times", 0, 1000, "Sendings before a message is parked; 0 acts as 1."),
        _int(Key.TransactionMessageRetryInterval, 60, "s", 0, DAY, "Wait before the next one, times sendings so far."),
        _int(Key.WebSocketPingInterval, ping, "s", 0, DAY, "Pings of ours; 0: none."),
    ]


def _optional_keys(product: Product) -> list[KeyRow]:
    """Present only where the function is built (§9)."""
    may, must = product.keep_on_ev_disconnect, product.stop_on_ev_disconnect
    keys: list[KeyRow] = []
    if may or must:  # E 3.80: read-write only where both ways are built
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
        keys.append(_bool(Key.AuthorizationCacheEnabled, True, "Answers about cards are remembered and used."))
    if product.max_energy_on_invalid_id:
        keys.append(_int(Key.MaxEnergyOnInvalidId, 0, "Wh", 0, 1_000_000, "Still given after a card was refused."))
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
    return [KeyRow(Key.SupportedFileTransferProtocols, "csl", ",".join(names), "", 0, 8, True, "For files.", names)]


INERT = "Inert so far:"
"""Begins the effect of a key of the security extension, which is not built yet: nothing follows from its value."""


def _security_keys(product: Product) -> list[KeyRow]:
    """W §9: there, and honest about it."""
    if not product.security_profiles:
        return []
    chain, store = product.certificate_chain_max, product.certificate_store_max
    none = f"{INERT} profiles 1 to 3 are not built, a change is refused."
    return [
        _bool(Key.AdditionalRootCertificateCheck, False, f"{INERT} no root certificate is installed.", True),
        KeyRow(Key.AuthorizationKey, "text", "", "", 0, 0, False, none, write_only=True),
        _fixed(Key.CertificateSignedMaxChainSize, chain, "chars", f"{INERT} a chain of certificates."),
        _fixed(Key.CertificateStoreMaxLength, store, "items", f"{INERT} root certificates."),
        KeyRow(Key.CpoName, "text", "", "chars", 0, 64, False, f"{INERT} the organisation in a certificate request."),
        _int(Key.SecurityProfile, 0, "", 0, 0, none),
    ]


PHASE_WORDS = ("NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR")
PHASED = {"Voltage": ("", "-N"), "Current.Import": ("",), "Power.Active.Import": ("",)}
"""Measurands that are known for each phase, and how a phase is named."""


def checked(key: KeyRow, text: str) -> tuple[str | None, str]:
    """(value as it is kept, "") or (None, why it is refused)."""
    text = text.strip()
    if len(text) > MAX_VALUE:
        return None, f"longer than {MAX_VALUE} characters"
    if key.kind == "bool":
        low = text.lower()
        return (low, "") if low in ("true", "false") else (None, "true or false is allowed")
    if key.kind == "int":
        if not (text.isascii() and text.isdigit() and len(text) <= 10 and key.lowest <= int(text) <= key.highest):
            return (
                None,
                f"a whole number from {key.lowest} to {key.highest}{' ' + key.unit if key.unit else ''} is allowed",
            )
        return str(int(text)), ""
    if key.kind == "text":
        fits = len(text) <= key.highest and text.isprintable()
        return (text, "") if fits else (None, f"at most {key.highest} characters are allowed: {key.what}")
    items = [item.strip() for item in text.split(",")] if text else []
    if len(items) > key.highest:
        return None, f"{len(items)} items, at most {key.highest} are allowed"
    named = [item.partition(".")[0] for item in items] if key.kind == "phases" else items
    if len(set(named)) != len(named):
        return None, "an item stands twice"
    bad = next((item for item in items if not _item_allowed(key, item)), None)
    if bad is not None:
        return None, f"'{bad[:60]}' is not one of {', '.join(key.allowed) or 'CONNECTOR.ROTATION'}"
    return ",".join(items), ""


def _item_allowed(key: KeyRow, item: str) -> bool:
    if key.kind == "phases":
        number, _, rotation = item.partition(".")
        return number in map(str, range(key.highest)) and rotation in PHASE_WORDS
    if item in key.allowed:
        return True
    measurand, _, phase = item.rpartition(".")  # §3.16.4: an item may carry a phase
    named = {f"L{n}{suffix}" for n in range(1, key.phases + 1) for suffix in PHASED.get(measurand, ())}
    return measurand in key.allowed and phase in named


def items_of(text: str) -> tuple[str, ...]:
    """The items of a list as it is kept."""
    return tuple(text.split(",")) if text else ()


def check_first_value(name: str, text: str, product: Product) -> str | None:
    """Why `[ocpp] name = text` of the station's file is refused, None where it is right.  Read-only keys may be set."""
    key = core_keys(product).get(name.casefold())
    if key is None:
        return "unknown key"
    value, why = checked(key, text)
    built = key.read_only and key.kind in ("bool", "csl")
    if built and value is not None and set(value.split(",")) != set(key.default.split(",")):
        return f"the product profile says what is built: {key.default}"
    return None if value is not None else why
