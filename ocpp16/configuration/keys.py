"""Every OCPP configuration key of Core in ONE table (§9.1): type, range, access, effect; and how a text is judged.

The reference page, GetConfiguration, ChangeConfiguration and the first values of `evsed.toml` all read this table.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

from ocpp16.product import Product

MAX_VALUE = 500
"""§5.3: characters of a value."""

KeyKind = Literal["bool", "int", "csl", "phases", "text"]


class KeyRow(NamedTuple):
    """One row of the table."""

    name: str
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


def _bool(name: str, default: bool, what: str, read_only: bool = False) -> KeyRow:
    return KeyRow(name, "bool", "true" if default else "false", "", 0, 1, read_only, what)


def _int(name: str, default: int, unit: str, lowest: int, highest: int, what: str, read_only: bool = False) -> KeyRow:
    return KeyRow(name, "int", str(default), unit, lowest, highest, read_only, what)


def _measurands(name: str, default: str, product: Product, longest: int, what: str) -> KeyRow:
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
        _bool("AuthorizeRemoteTxRequests", True, "A remote start is authorized like a card first."),
        _int("ConnectionTimeOut", 60, "s", 0, DAY, "How long an accepted card waits for the plug."),
        KeyRow("ConnectorPhaseRotation", "phases", rotation, "", 0, n + 1, False, "Phase rotation per connector."),
        _int("ConnectorPhaseRotationMaxLength", n + 1, "items", n + 1, n + 1, "Items in ConnectorPhaseRotation.", True),
        _bool("LocalAuthorizeOffline", alone, "Offline, a card known here may start.", not alone),
        _bool("LocalPreAuthorize", False, "Online, a card known here starts without asking."),
        _int("NumberOfConnectors", n, "", n, n, "Connectors, 0 not counted.", True),
        _int("ResetRetries", 1, "times", 0, 10, "How often a failed reset is tried again."),
        _bool("StopTransactionOnInvalidId", True, "A card refused after the start ends the transaction."),
        _bool("UnlockConnectorOnEVSideDisconnect", not fixed, "The lock opens with the car.", fixed),
    ]


def _metering_keys(product: Product) -> list[KeyRow]:
    """What is measured, and when."""
    aligned, sampled = product.aligned_data_max_length, product.sampled_data_max_length
    stop_aligned, stop_sampled = product.stop_aligned_max_length, product.stop_sampled_max_length
    most, least, longest = product.stop_max_meter_values, product.sample_interval_min_s, product.sample_interval_max_s
    return [
        _int("ClockAlignedDataInterval", 0, "s", 0, DAY, "Meter values at multiples of it since midnight UTC; 0: off."),
        _measurands("MeterValuesAlignedData", REGISTER, product, aligned, "What clock-aligned values hold."),
        _int(
            "MeterValuesAlignedDataMaxLength",
            aligned,
            "items",
            aligned,
            aligned,
            "Items in MeterValuesAlignedData.",
            True,
        ),
        _measurands("MeterValuesSampledData", REGISTER, product, sampled, "What sampled values hold; empty: register."),
        _int(
            "MeterValuesSampledDataMaxLength",
            sampled,
            "items",
            sampled,
            sampled,
            "Items in MeterValuesSampledData.",
            True,
        ),
        _int("MeterValueSampleInterval", product.sample_interval_s, "s", least, longest, "In a transaction; 0: off."),
        _int("StopTransactionMaxMeterValues", most, "items", 2, 1000, "In one stop.", True),
        _measurands("StopTxnAlignedData", "", product, stop_aligned, "Clock-aligned values in StopTransaction."),
        _int(
            "StopTxnAlignedDataMaxLength",
            stop_aligned,
            "items",
            stop_aligned,
            stop_aligned,
            "Items in StopTxnAlignedData.",
            True,
        ),
        _measurands("StopTxnSampledData", "", product, stop_sampled, "Sampled values in StopTransaction."),
        _int(
            "StopTxnSampledDataMaxLength",
            stop_sampled,
            "items",
            stop_sampled,
            stop_sampled,
            "Items in StopTxnSampledData.",
            True,
        ),
    ]


def _talking_keys(product: Product) -> list[KeyRow]:
    """How we talk to the Central System."""
    most, names = product.get_configuration_max_keys, product.profiles
    least, beat, ping = product.heartbeat_interval_min_s, product.heartbeat_interval_max_s, product.ping_interval_s
    return [
        _int("GetConfigurationMaxKeys", most, "keys", 1, 1000, "Declared limit.", True),
        _int("HeartbeatInterval", beat, "s", least, beat, "Set by each accepted boot; 0: daily."),
        _int("MessageTimeout", 30, "s", 1, 600, "How long an answer is awaited."),
        KeyRow("SupportedFeatureProfiles", "csl", ",".join(names), "", 0, 20, True, "What is built.", names),
        _int("TransactionMessageAttempts", 3, "times", 0, 1000, "Sendings before a message is parked; 0 acts as 1."),
        _int("TransactionMessageRetryInterval", 60, "s", 0, DAY, "Wait before the next one, times sendings so far."),
        _int("WebSocketPingInterval", ping, "s", 0, DAY, "Pings of ours; 0: none."),
    ]


def _optional_keys(product: Product) -> list[KeyRow]:
    """Present only where the function is built (§9)."""
    may, must = product.keep_on_ev_disconnect, product.stop_on_ev_disconnect
    keys: list[KeyRow] = []
    if may or must:  # E 3.80: read-write only where both ways are built
        keys.append(
            _bool("StopTransactionOnEVSideDisconnect", must, "Pulling the plug at the car ends it.", not (may and must))
        )
    if product.offline_unknown_ids:
        keys.append(_bool("AllowOfflineTxForUnknownId", False, "Offline, a card unknown here may start."))
    if product.authorization_cache:
        keys.append(_bool("AuthorizationCacheEnabled", True, "Answers about cards are remembered and used."))
    if product.max_energy_on_invalid_id:
        keys.append(_int("MaxEnergyOnInvalidId", 0, "Wh", 0, 1_000_000, "Still given after a card was refused."))
    if product.minimum_status_duration:
        keys.append(_int("MinimumStatusDuration", 0, "s", 0, DAY, "A status shorter than this is not reported."))
    return keys


def _list_keys(product: Product) -> list[KeyRow]:
    if not product.has("LocalAuthListManagement"):
        return []
    total, once = product.local_list_max_length, product.send_local_list_max_length
    return [
        _bool("LocalAuthListEnabled", True, "The local list is used; false: SendLocalList is not supported."),
        _int("LocalAuthListMaxLength", total, "cards", total, total, "Cards in the local list.", True),
        _int("SendLocalListMaxLength", once, "cards", once, once, "Cards in one SendLocalList.", True),
    ]


def _reservation_keys(product: Product) -> list[KeyRow]:
    if not product.has("Reservation"):
        return []
    zero = product.reserve_connector_zero
    return [_bool("ReserveConnectorZeroSupported", zero, "The whole station can be reserved.", True)]


def _smart_keys(product: Product) -> list[KeyRow]:
    if not product.has("SmartCharging"):
        return []
    level, periods, most = product.max_stack_level, product.schedule_max_periods, product.max_profiles
    units = ",".join(product.rate_units)
    unit_key = "ChargingScheduleAllowedChargingRateUnit"
    return [
        _int("ChargeProfileMaxStackLevel", level, "", level, level, "Highest stackLevel.", True),
        KeyRow(unit_key, "csl", units, "", 0, 2, True, "Units of limits: Current A, Power W.", product.rate_units),
        _int("ChargingScheduleMaxPeriods", periods, "items", periods, periods, "Periods in a schedule.", True),
        _int("MaxChargingProfilesInstalled", most, "items", most, most, "Profiles kept, of all purposes.", True),
    ]


def _firmware_keys(product: Product) -> list[KeyRow]:
    if not product.has("FirmwareManagement"):
        return []
    names = product.transfer_protocols
    return [KeyRow("SupportedFileTransferProtocols", "csl", ",".join(names), "", 0, 8, True, "For files.", names)]


INERT = "Inert so far:"
"""Begins the effect of a key of the security extension, which is not built yet: nothing follows from its value."""


def _security_keys(product: Product) -> list[KeyRow]:
    """W §9: there, and honest about it."""
    if not product.security_profiles:
        return []
    chain, store = product.certificate_chain_max, product.certificate_store_max
    none = f"{INERT} profiles 1 to 3 are not built, a change is refused."
    return [
        _bool("AdditionalRootCertificateCheck", False, f"{INERT} no root certificate is installed.", True),
        KeyRow("AuthorizationKey", "text", "", "", 0, 0, False, none, write_only=True),
        _int("CertificateSignedMaxChainSize", chain, "chars", chain, chain, f"{INERT} a chain of certificates.", True),
        _int("CertificateStoreMaxLength", store, "items", store, store, f"{INERT} root certificates.", True),
        KeyRow("CpoName", "text", "", "chars", 0, 64, False, f"{INERT} the organisation in a certificate request."),
        _int("SecurityProfile", 0, "", 0, 0, none),
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
