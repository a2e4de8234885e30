"""The product profile: the answers of its PICS and its limits, read from `etc/products/NAME.toml`.

Configuration keys, SupportedFeatureProfiles and limits follow from it alone.
"""

from __future__ import annotations

from typing import Literal

import msgspec

ENTRY_BYTES = 200
"""Bytes of one card in a SendLocalList, with all its fields and some blanks."""
MOST_IN_A_LIST = 1290
"""Cards that fit into the longest message, 256 KiB."""


class Product(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The product profile.  Ids in brackets are those of the certificate's test report."""

    name: str = "chq-s-07sr"
    fixed_cable: bool = True  # HFS-1 / HFS-2
    ac: bool = True  # HFS-3
    dc: bool = False  # HFS-4
    phases: int = 1  # HFS-5..7
    connectors: int = 1  # HFS-8
    connector_type: str = "cType1"  # HFS-8
    links: tuple[str, ...] = ("Ethernet", "mobile network")  # HFS-9
    readers: Literal["single", "one per connector", "none"] = "single"  # HFS-10
    max_amps: float = 32.0
    volts: float = 230.0
    offline_authorization: bool = True  # C-01
    offline_unknown_ids: bool = True  # C-02
    max_energy_on_invalid_id: bool = True  # C-03
    authorization_cache: bool = True  # C-04
    minimum_status_duration: bool = True  # C-05
    keep_on_ev_disconnect: bool = True  # C-06.1
    stop_on_ev_disconnect: bool = True  # C-06.2
    local_start: bool = True  # C-07
    local_stop: bool = True  # C-08
    measurands: tuple[str, ...] = (  # C-09
        "Energy.Active.Import.Register",
        "Voltage",
        "Current.Import",
        "Power.Active.Import",
        "SoC",
        "Temperature",
    )
    security_profiles: tuple[int, ...] = (1, 2, 3)  # SEC-1, SEC-2, SEC-3
    last_root_removable: bool = False  # AQ-1
    lock_before_authorization: bool = False  # AQ-2: the outlet is locked until a card is authorized
    station_certificate_removable: bool = False  # AQ-3
    download_while_charging: bool = False  # AQ-4
    selection_before_authorization: bool = False  # AQ-5: a card counts only for a connector that was chosen
    iec61851: bool = True  # AQ-6
    stops_before_power_loss: bool = False  # AQ-7.1
    stops_after_power_loss: bool = True  # AQ-7.2
    get_configuration_max_keys: int = 1  # ORS-1
    aligned_data_max_length: int = 20  # ORS-2
    sampled_data_max_length: int = 10  # ORS-3
    sample_interval_min_s: int = 0  # ORS-4
    sample_interval_max_s: int = 86400  # ORS-5
    heartbeat_interval_min_s: int = 0  # ORS-6
    heartbeat_interval_max_s: int = 86400  # ORS-7
    stop_max_meter_values: int = 10  # ORS-8
    stop_aligned_max_length: int = 10  # ORS-9
    stop_sampled_max_length: int = 10  # ORS-10
    ping_interval_s: int = 10  # ORS-11
    profiles: tuple[str, ...] = (
        "Core",
        "FirmwareManagement",
        "LocalAuthListManagement",
        "Reservation",
        "SmartCharging",
        "RemoteTrigger",
    )
    rate_units: tuple[str, ...] = ("Current",)  # SC-1.1, SC-1.2
    reserve_connector_zero: bool = True
    secure_firmware: bool = True  # F-1: only signed firmware
    local_list_max_length: int = 100  # ORS-12
    send_local_list_max_length: int = 100  # ORS-13
    max_stack_level: int = 10  # ORS-14
    schedule_max_periods: int = 100  # ORS-15
    max_profiles: int = 10  # ORS-19
    transfer_protocols: tuple[str, ...] = ("HTTP", "HTTPS", "FTP", "FTPS")  # ORS-16
    triggered_boot: Literal["rejected", "accepted"] = "rejected"  # E 3.35: once the station is registered
    certificate_chain_max: int = 10000  # ORS-17: bytes of one CertificateSigned
    certificate_store_max: int = 1  # ORS-18

    @property
    def sample_interval_s(self) -> int:
        """The default of MeterValueSampleInterval: a minute, or the nearest value in range."""
        return min(max(60, self.sample_interval_min_s), self.sample_interval_max_s)

    @property
    def frame_bytes(self) -> int:
        """The longest message that is accepted: 64 KiB, more where a whole SendLocalList needs it."""
        return max(65_536, 4096 + self.send_local_list_max_length * ENTRY_BYTES)

    @property
    def security_extension(self) -> bool:
        """Whether the product has the security extension (W): its keys, messages and events."""
        return bool(self.security_profiles)

    def has(self, profile: str) -> bool:
        """Whether the product has a feature profile, by its exact identifier."""
        return profile in self.profiles


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What BootNotification.req says about this unit (§6.3)."""

    vendor: str = "evsed"
    model: str = "evsed"
    serial: str | None = None
    box_serial: str | None = None
    firmware_version: str | None = None
    iccid: str | None = None
    imsi: str | None = None
    meter_type: str | None = None
    meter_serial: str | None = None
