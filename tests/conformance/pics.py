"""The PICS of a product: every answer of the test report's questionnaire, printed from the product profile alone."""

from __future__ import annotations

from typing import NamedTuple

from ocpp16.product import Product

PROFILES = (
    ("Core", "Core"), ("FirmwareManagement", "Firmware Management"),
    ("LocalAuthListManagement", "Local Authorization List Management"), ("SmartCharging", "Smart Charging"),
    ("RemoteTrigger", "Remote Trigger"), ("Reservation", "Reservation"), ("Security", "Security extension"),
)  # fmt: skip
"""Identifier and name of each line of the result summary."""


class Answer(NamedTuple):
    """One row of the questionnaire."""

    id: str
    question: str
    answer: str


def yes(true: bool) -> str:
    return "yes" if true else "no"


def hardware(product: Product) -> list[Answer]:
    phases, current = product.phases, "AC" if product.ac else "DC"
    cable = "fixed cable" if product.fixed_cable else "socket outlet"
    what = (
        f"{product.connectors}: {current}, {phases} phase{'s' if phases > 1 else ''}, {product.connector_type}, {cable}"
    )
    return [
        Answer("HFS-1", "detachable cable", yes(not product.fixed_cable)),
        Answer("HFS-2", "fixed cable", yes(product.fixed_cable)),
        Answer("HFS-3", "AC", yes(product.ac)),
        Answer("HFS-4", "DC", yes(product.dc)),
        *(Answer(f"HFS-{4 + n}", f"{n} phase{'s' if n > 1 else ''}", yes(phases == n)) for n in (1, 2, 3)),
        Answer("HFS-8", "connectors", what),
        Answer("HFS-9", "link", ", ".join(product.links)),
        Answer("HFS-10", "RFID readers", product.readers),
    ]


def optional(product: Product) -> list[Answer]:
    measurands = ", ".join(product.measurands)
    return [
        Answer("C-01", "offline authorization of transactions", yes(product.offline_authorization)),
        Answer("C-02", "offline authorization of unknown ids", yes(product.offline_unknown_ids)),
        Answer("C-03", "maximum energy for invalid ids", yes(product.max_energy_on_invalid_id)),
        Answer("C-04", "authorization cache", yes(product.authorization_cache)),
        Answer("C-05", "limiting StatusNotifications", yes(product.minimum_status_duration)),
        Answer("C-06.1", "keep the authorization after an EV side disconnect", yes(product.keep_on_ev_disconnect)),
        Answer("C-06.2", "drop the authorization after an EV side disconnect", yes(product.stop_on_ev_disconnect)),
        Answer("C-07", "local start", yes(product.local_start)),
        Answer("C-08", "local stop", yes(product.local_stop)),
        Answer("C-09.1", "measurands, sampled", measurands),
        Answer("C-09.2", "measurands, clock-aligned", measurands),
        *_of_profiles(product),
    ]


def _of_profiles(product: Product) -> list[Answer]:
    smart = product.has("SmartCharging")
    return [
        Answer("SC-1.1", "charging rate unit A", yes(smart and "Current" in product.rate_units)),
        Answer("SC-1.2", "charging rate unit W", yes(smart and "Power" in product.rate_units)),
        Answer("R-1", "reservation of the whole station (connector 0)", yes(product.reserve_connector_zero)),
        Answer("F-1", "secure firmware update", yes(product.secure_firmware)),
        *(Answer(f"SEC-{n}", f"security profile {n}", yes(n in product.security_profiles)) for n in (1, 2, 3)),
    ]


def additional(product: Product) -> list[Answer]:
    return [
        Answer("AQ-1", "the last CentralSystemRootCertificate may be removed", yes(product.last_root_removable)),
        Answer("AQ-2", "a lock prevents plugging in before authorization", yes(product.lock_before_authorization)),
        Answer("AQ-3", "the last ChargePointCertificate may be removed", yes(product.station_certificate_removable)),
        Answer("AQ-4", "firmware download during a transaction", yes(product.download_while_charging)),
        Answer("AQ-5", "an EVSE must be chosen before authorization", yes(product.selection_before_authorization)),
        Answer("AQ-6", "charging by IEC 61851-1", yes(product.iec61851)),
        Answer("AQ-7.1", "StopTransaction for a power loss before going down", yes(product.stops_before_power_loss)),
        Answer("AQ-7.2", "StopTransaction for a power loss after being back", yes(product.stops_after_power_loss)),
    ]


class Limit(NamedTuple):
    """A limit that is declared, and the configuration key that tells it on the running station (empty: none)."""

    id: str
    setting: str
    declared: str
    key: str


def limits(product: Product) -> list[Limit]:
    """ORS-1 to ORS-19; those of profiles that the product has not are left out."""
    protocols = ",".join(product.transfer_protocols)
    rows = [
        ("ORS-1", "GetConfigurationMaxKeys", product.get_configuration_max_keys, "Core"),
        ("ORS-2", "MeterValuesAlignedDataMaxLength", product.aligned_data_max_length, "Core"),
        ("ORS-3", "MeterValuesSampledDataMaxLength", product.sampled_data_max_length, "Core"),
        ("ORS-4", "MeterValueSampleInterval, minimum", product.sample_interval_min_s, "Core"),
        ("ORS-5", "MeterValueSampleInterval, maximum", product.sample_interval_max_s, "Core"),
        ("ORS-6", "HeartbeatInterval, minimum", product.heartbeat_interval_min_s, "Core"),
        ("ORS-7", "HeartbeatInterval, maximum", product.heartbeat_interval_max_s, "Core"),
        ("ORS-8", "StopTransactionMaxMeterValues", product.stop_max_meter_values, "Core"),
        ("ORS-9", "StopTxnAlignedDataMaxLength", product.stop_aligned_max_length, "Core"),
        ("ORS-10", "StopTxnSampledDataMaxLength", product.stop_sampled_max_length, "Core"),
        ("ORS-11", "WebSocketPingInterval", product.ping_interval_s, "Core"),
        ("ORS-12", "LocalAuthListMaxLength", product.local_list_max_length, "LocalAuthListManagement"),
        ("ORS-13", "SendLocalListMaxLength", product.send_local_list_max_length, "LocalAuthListManagement"),
        ("ORS-14", "ChargeProfileMaxStackLevel", product.max_stack_level, "SmartCharging"),
        ("ORS-15", "ChargingScheduleMaxPeriods", product.schedule_max_periods, "SmartCharging"),
        ("ORS-16", "SupportedFileTransferProtocols", protocols, "FirmwareManagement"),
        ("ORS-17", "CertificateSignedMaxChainSize", product.certificate_chain_max, "Core"),
        ("ORS-18", "CertificateStoreMaxLength", product.certificate_store_max, "Core"),
        ("ORS-19", "MaxChargingProfilesInstalled", product.max_profiles, "SmartCharging"),
    ]  # fmt: skip
    return [Limit(i, s, str(v), s.split(",")[0]) for i, s, v, profile in rows if product.has(profile)]
