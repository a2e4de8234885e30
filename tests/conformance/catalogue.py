"""The 107 cases by id: title, feature profile, and to which products each applies.  They are played in `cases_*`."""

from __future__ import annotations

import fnmatch
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from daemon.config.product_profile import FOLDERS, read_product
from ocpp16.product import Product
from tests.conformance.judge import Lab

HERE = Path(__file__).resolve().parent
Play = Callable[[Lab], Awaitable[None]]


class Applies(NamedTuple):
    """When a case applies: conditions, each with what is so where it does not hold."""

    conditions: tuple[tuple[Callable[[Product], bool], str], ...]

    def __call__(self, product: Product) -> bool:
        return not self.why_not(product)

    def why_not(self, product: Product) -> str:
        """Why it does not apply; "": it does."""
        return "; ".join(otherwise for holds, otherwise in self.conditions if not holds(product))


PRODUCTS = ("chq-s-07sr", "socket-3p", "dual", "backup-power")
"""Those that are shipped, the reference product first."""
OWN_PRODUCTS = tuple(sorted(path.stem for path in (HERE / "products").glob("*.toml")))


class Case(NamedTuple):
    """One id."""

    id: str
    title: str
    profile: str
    applies: Applies
    remark: str
    play: Play
    security_profiles: tuple[int, ...] = ()
    """It is played once in each of these that the product has; (): with the connection that there is."""


def product_named(name: str) -> tuple[Product, str]:
    """(its answers, what stands for it in a configuration); LookupError where there is none, or it is refused."""
    path = HERE / "products" / f"{name}.toml"
    where = str(path) if path.exists() else name
    product, troubles = read_product(where, Path.cwd())
    if troubles:
        raise LookupError("; ".join(f"{trouble.key} {trouble.what}".strip() for trouble in troubles))
    return product, where


def known_products() -> list[str]:
    assert FOLDERS
    return [*PRODUCTS, *OWN_PRODUCTS]


# --- which answer switches which case ---------------------------------------------------------------------------------


def only(holds: Callable[[Product], bool], otherwise: str) -> Applies:
    """A condition, and what is so where it does not hold."""
    return Applies(((holds, otherwise),))


def both(*more: Applies) -> Applies:
    return Applies(tuple(one for condition in more for one in condition.conditions))


def has(profile: str, *more: Applies) -> Applies:
    return both(only(lambda product: product.has(profile), f"the product has no {profile}"), *more)


def has_not(profile: str) -> Applies:
    return only(lambda product: not product.has(profile), f"the product has {profile}")


def room_for(profiles: int, periods: int, levels: int = 1) -> Applies:
    """What the case installs is no more than the product declares."""
    return has(
        SMART,
        only(lambda product: product.max_profiles >= profiles, f"fewer than {profiles} profiles (ORS-19)"),
        only(lambda product: product.schedule_max_periods >= periods, f"fewer than {periods} periods (ORS-15)"),
        only(lambda product: product.max_stack_level >= levels - 1, f"fewer than {levels} stack levels (ORS-14)"),
    )


def security(*profiles: int) -> Applies:
    return only(
        lambda product: any(number in product.security_profiles for number in profiles),
        f"no security profile {' or '.join(map(str, profiles))} (SEC)",
    )


can_be_raised = only(
    lambda product: {1, 2} <= set(product.security_profiles) or {2, 3} <= set(product.security_profiles),
    "no security profile that can be raised by one (SEC)",
)
anyone = Applies(())
plugs_first = only(lambda product: not product.lock_before_authorization, "no plug before authorization (AQ-2)")
detachable = only(lambda product: not product.fixed_cable, "the cable is fixed (HFS-2)")
fixed = only(lambda product: product.fixed_cable, "the cable is detachable (HFS-1)")
local_start = only(lambda product: product.local_start, "no local start (C-07)")
local_stop = only(lambda product: product.local_stop, "no local stop (C-08)")
cache = only(lambda product: product.authorization_cache, "no authorization cache (C-04)")
offline = both(only(lambda product: product.offline_authorization, "no offline authorization (C-01)"), local_start)
knows_cards = only(
    lambda product: (
        product.authorization_cache or product.has("LocalAuthListManagement") or product.offline_unknown_ids
    ),
    "offline no card is valid: no cache, no list, no unknown ids",
)
"""Offline a card is valid if it is listed, cached, or anyone's."""
unknown_offline = only(lambda product: product.offline_unknown_ids, "no offline authorization of unknown ids (C-02)")
may_stop_on_disconnect = only(
    lambda product: product.stop_on_ev_disconnect, "no stop at an EV side disconnect (C-06.2)"
)
may_keep_on_disconnect = both(
    only(lambda product: product.keep_on_ev_disconnect, "nothing is kept at an EV side disconnect (C-06.1)"),
    may_stop_on_disconnect,
)
zero = only(lambda product: product.reserve_connector_zero, "the whole station cannot be reserved (R-1)")
plain_firmware = only(lambda product: not product.secure_firmware, "only signed firmware is taken (F-1)")
signed = both(
    only(lambda product: product.secure_firmware, "no secure firmware update (F-1)"),
    only(lambda product: bool(product.security_profiles), "no security profile (SEC)"),
)
stops_before = only(lambda product: product.stops_before_power_loss, "no stop before going down (AQ-7.1)")
stops_after = only(lambda product: product.stops_after_power_loss, "no stop after being back (AQ-7.2)")
no_zero = only(
    lambda product: not (product.has("Reservation") and product.reserve_connector_zero),
    "the whole station can be reserved (R-1)",
)

TWIN = "remote twin of a local case"
FAULT = "a fault can be provoked with the simulated board"
LIST, FIRMWARE, RESERVATION, TRIGGER, SMART = (
    "LocalAuthListManagement", "FirmwareManagement", "Reservation", "RemoteTrigger", "SmartCharging",
)  # fmt: skip
SECURITY = "Security"
EV = "EV Side Disconnected - StopTransactionOnEVSideDisconnect"
OFF = "Offline Start Transaction"
ROWS: tuple[tuple[str, str, str, Applies, str], ...] = (
    ("TC_001_CS", "Cold Boot Charge Point", "Core", anyone, ""),
    ("TC_002_CS", "Cold Boot Charge Point - Pending", "Core", anyone, ""),
    ("TC_003_CS", "Regular Charging Session - Plugin First", "Core", both(local_start, plugs_first), ""),
    ("TC_004_1_CS", "Regular Charging Session - Identification First", "Core", local_start, ""),
    ("TC_004_2_CS", "Regular Charging Session - Identification First - ConnectionTimeOut", "Core", local_start, ""),
    ("TC_068_CS", "Stop transaction - IdTag in StopTransaction matches IdTag in StartTransaction",
     "Core", local_stop, ""),
    ("TC_069_CS", "Stop transaction - ParentIdTag in StopTransaction matches ParentIdTag in StartTransaction", "Core",
     local_stop, ""),
    ("TC_005_1_CS", f"{EV}=true - UnlockConnectorOnEVSideDisconnect=true", "Core",
     both(detachable, may_stop_on_disconnect), ""),
    ("TC_005_2_CS", f"{EV}=true - UnlockConnectorOnEVSideDisconnect=false", "Core", may_stop_on_disconnect, ""),
    ("TC_005_3_CS", f"{EV}=false - UnlockConnectorOnEVSideDisconnect=false", "Core", may_keep_on_disconnect, ""),
    ("TC_007_1_CS", "Regular Start Charging Session - Cached Id", "Core", both(cache, local_start), ""),
    ("TC_007_2_CS", "Remote Start Charging Session - Cached Id", "Core", both(cache, plugs_first), TWIN),
    ("TC_061_1_CS", "Clear Authorization Data in Authorization Cache - Local", "Core", both(cache, local_start), ""),
    ("TC_061_2_CS", "Clear Authorization Data in Authorization Cache - Remote", "Core", cache, TWIN),
    ("TC_010_CS", "Remote Start Charging Session - Cable Plugged in First", "Core", plugs_first, ""),
    ("TC_011_1_CS", "Remote Start Charging Session - Remote Start First", "Core", anyone, ""),
    ("TC_011_2_CS", "Remote Start Charging Session - Time Out", "Core", anyone, ""),
    ("TC_012_CS", "Remote Stop Charging Session", "Core", anyone, ""),
    ("TC_013_CS", "Hard Reset Without transaction", "Core", anyone, ""),
    ("TC_014_CS", "Soft Reset Without Transaction", "Core", anyone, ""),
    ("TC_015_CS", "Hard Reset With Transaction", "Core", anyone, ""),
    ("TC_016_CS", "Soft Reset With Transaction", "Core", anyone, ""),
    ("TC_017_1_CS", "Unlock connector - no charging session running (Not fixed cable)", "Core", detachable, ""),
    ("TC_017_2_CS", "Unlock connector - no charging session running (Fixed cable)", "Core", fixed, ""),
    ("TC_018_1_CS", "Unlock Connector - With Charging Session (Not fixed cable)", "Core", detachable, ""),
    ("TC_018_2_CS", "Unlock Connector - With Charging Session (Fixed cable)", "Core", fixed, ""),
    ("TC_019_CS", "Retrieve configuration", "Core", anyone, ""),
    ("TC_021_CS", "Change/set Configuration", "Core", anyone, ""),
    ("TC_070_CS", "Sampled Meter Values", "Core", anyone, ""),
    ("TC_071_CS", "Clock-aligned Meter Values", "Core", anyone, ""),
    ("TC_023_4_CS", "Start local Charging Session - Authorize invalid", "Core", both(local_start, plugs_first), ""),
    ("TC_023_5_CS", "Start remote Charging Session - Authorize invalid", "Core", plugs_first, TWIN),
    ("TC_024_CS", "Start Charging Session - Lock Failure", "Core", detachable, ""),
    ("TC_026_CS", "Remote Start Charging Session - Rejected", "Core", anyone, ""),
    ("TC_027_CS", "Remote start transaction - connector id shall not be 0", "Core", anyone, ""),
    ("TC_028_CS", "Remote Stop Transaction - Rejected", "Core", anyone, ""),
    ("TC_030_CS", "Unlock Connector - Unlock Failure", "Core", detachable, ""),
    ("TC_031_CS", "Unlock Connector - Unknown Connector", "Core", anyone, ""),
    ("TC_032_1_CS", "Power failure boot charging point - configured to stop transaction(s) before going down", "Core",
     stops_before, ""),
    ("TC_032_2_CS", "Power failure boot charging point - configured to stop transaction(s)", "Core",
     stops_after, ""),
    ("TC_034_CS", "Power Failure with Unavailable Status", "Core", anyone, ""),
    ("TC_036_CS", "Connection Loss During Transaction", "Core", anyone, ""),
    ("TC_037_1_CS", f"{OFF} - Valid IdTag", "Core", both(offline, knows_cards), ""),
    ("TC_037_2_CS", f"{OFF} - Invalid IdTag - StopTransactionOnInvalidId=false", "Core",
     both(offline, unknown_offline), ""),
    ("TC_037_3_CS", f"{OFF} - Invalid IdTag - StopTransactionOnInvalidId=true", "Core",
     both(offline, unknown_offline), ""),
    ("TC_038_CS", "Offline Stop Transaction", "Core", local_stop, ""),
    ("TC_039_CS", "Offline Transaction", "Core", both(offline, local_stop, knows_cards), ""),
    ("TC_040_1_CS", "Configuration key - NotSupported", "Core", anyone, ""),
    ("TC_040_2_CS", "Configuration key - Invalid value", "Core", anyone, ""),
    ("TC_041_CS", "Fault Behavior", "Core", anyone, FAULT),
    ("TC_042_1_CS", "Get Local List Version (not supported)", LIST, anyone, "where LocalAuthListEnabled can be false"),
    ("TC_042_2_CS", "Get Local List Version (empty)", LIST, has(LIST), ""),
    ("TC_043_CS", "Send Local Authorization List", LIST, has(LIST), ""),
    ("TC_043_1_CS", "Send Local Authorization List - NotSupported", LIST, has_not(LIST), ""),
    ("TC_043_2_CS", "Send Local Authorization List - VersionMismatch", LIST, has(LIST), ""),
    ("TC_043_3_CS", "Send Local Authorization List - Failed", LIST, has(LIST), "provoked by a store that is full"),
    ("TC_008_1_CS", "Regular Start Charging Session - Id in Local Authorization List",
     LIST, has(LIST, local_start), ""),
    ("TC_008_2_CS", "Remote Start Charging Session - Id in Local Authorization List",
     LIST, has(LIST, plugs_first), TWIN),
    ("TC_044_1_CS", "Firmware Update - Download and Install", FIRMWARE, has(FIRMWARE, plain_firmware), ""),
    ("TC_044_2_CS", "Firmware Update - Download Failed", FIRMWARE, has(FIRMWARE, plain_firmware), ""),
    ("TC_044_3_CS", "Firmware Update - Installation Failed", FIRMWARE, has(FIRMWARE, plain_firmware), ""),
    ("TC_045_1_CS", "Get Diagnostics", FIRMWARE, has(FIRMWARE), ""),
    ("TC_045_2_CS", "Get Diagnostics - Upload Failed", FIRMWARE, has(FIRMWARE), ""),
    ("TC_046_1_CS", "Reservation of a Connector - Local start transaction",
     RESERVATION, has(RESERVATION, local_start), ""),
    ("TC_046_2_CS", "Reservation of a Connector - Remote start transaction", RESERVATION, has(RESERVATION), ""),
    ("TC_047_CS", "Reservation of a Connector - Expire", RESERVATION, has(RESERVATION), ""),
    ("TC_048_1_CS", "Reservation of a Connector - Faulted", RESERVATION, has(RESERVATION), FAULT),
    ("TC_048_2_CS", "Reservation of a Connector - Occupied", RESERVATION, has(RESERVATION), ""),
    ("TC_048_3_CS", "Reservation of a Connector - Unavailable", RESERVATION, has(RESERVATION), ""),
    ("TC_048_4_CS", "Reservation of a Connector - Rejected", RESERVATION, has_not(RESERVATION), ""),
    ("TC_049_CS", "Reservation of a Charge Point - Transaction", RESERVATION, has(RESERVATION, zero), ""),
    ("TC_050_1_CS", "Reservation of a Charge Point - Faulted", RESERVATION, has(RESERVATION, zero), FAULT),
    ("TC_050_2_CS", "Reservation of a Charge Point - Occupied", RESERVATION, has(RESERVATION, zero), ""),
    ("TC_050_3_CS", "Reservation of a Charge Point - Unavailable", RESERVATION, has(RESERVATION, zero), ""),
    ("TC_050_4_CS", "Reservation of a Charge Point - Rejected", RESERVATION,
     no_zero, ""),
    ("TC_051_CS", "Cancel Reservation", RESERVATION, has(RESERVATION), ""),
    ("TC_052_CS", "Cancel Reservation - Rejected", RESERVATION, has(RESERVATION), ""),
    ("TC_053_1_CS", "Use a reserved Connector with parentIdTag - Local",
     RESERVATION, has(RESERVATION, local_start), ""),
    ("TC_053_2_CS", "Use a reserved Connector with parentIdTag - Remote", RESERVATION, has(RESERVATION), TWIN),
    ("TC_054_CS", "Trigger Message", TRIGGER, has(TRIGGER), ""),
    ("TC_055_CS", "Trigger Message - Rejected", TRIGGER, has(TRIGGER), ""),
    ("TC_056_CS", "Central Smart Charging - TxDefaultProfile", SMART, has(SMART), ""),
    ("TC_057_CS", "Central Smart Charging - TxProfile", SMART, has(SMART), ""),
    ("TC_058_1_CS", "Central Smart Charging - No ongoing transaction", SMART, has(SMART), ""),
    ("TC_058_2_CS", "Central Smart Charging - Wrong transactionId", SMART, has(SMART), ""),
    ("TC_082_CS", "Central Smart Charging - TxDefaultProfile - with ongoing transaction", SMART, has(SMART), ""),
    ("TC_066_CS", "Get Composite Schedule", SMART, room_for(3, 6), ""),
    ("TC_067_CS", "Clear Charging Profile", SMART, room_for(3, 3, 2), ""),
    ("TC_072_CS", "Stacking Charging Profiles", SMART, room_for(2, 4, 2), ""),
    ("TC_059_CS", "Remote Start Transaction with Charging Profile", SMART, has(SMART), ""),
    ("TC_060_CS", "Remote Start Transaction with Charging Profile - Rejected", SMART, has(SMART), ""),
    ("TC_062_CS", "Data Transfer to a Charge Point", "Core", anyone, ""),
    ("TC_073_CS", "Update Charge Point Password for HTTP Basic Authentication", SECURITY, security(1, 2), ""),
    ("TC_074_CS", "Update Charge Point Certificate by request of Central System", SECURITY, security(3), ""),
    ("TC_075_1_CS", "Install a certificate on the Charge Point - ManufacturerRootCertificate",
     SECURITY, security(2, 3), ""),
    ("TC_075_2_CS", "Install a certificate on the Charge Point - CentralSystemRootCertificate",
     SECURITY, security(2, 3), ""),
    ("TC_076_CS", "Delete a specific certificate from the Charge Point", SECURITY, security(2, 3), ""),
    ("TC_077_CS", "Invalid ChargePointCertificate Security Event", SECURITY, security(3), ""),
    ("TC_078_CS", "Invalid CentralSystemCertificate Security Event", SECURITY, security(2, 3), ""),
    ("TC_079_CS", "Get Security Log", SECURITY, security(1, 2, 3), ""),
    ("TC_080_CS", "Secure Firmware Update", SECURITY, signed, ""),
    ("TC_081_CS", "Secure Firmware Update - Invalid Signature", SECURITY, signed, ""),
    ("TC_083_CS", "Upgrade security profile", SECURITY, can_be_raised, ""),
    ("TC_084_CS", "Downgrade security profile - Rejected", SECURITY, security(2, 3), ""),
    ("TC_085_CS", "Basic Authentication - Valid username/password combination", SECURITY, security(1, 2), ""),
    ("TC_086_CS", "TLS - server-side certificate - Valid certificate", SECURITY, security(2, 3), ""),
    ("TC_087_CS", "TLS - Client-side certificate - valid certificate", SECURITY, security(3), ""),
)  # fmt: skip


SECURITY_PROFILES: dict[str, tuple[int, ...]] = {
    "TC_073_CS": (1, 2), "TC_074_CS": (3,), "TC_075_1_CS": (2, 3), "TC_075_2_CS": (2, 3), "TC_076_CS": (2, 3),
    "TC_077_CS": (3,), "TC_078_CS": (2, 3), "TC_083_CS": (1, 2), "TC_084_CS": (2, 3), "TC_085_CS": (1, 2),
    "TC_086_CS": (2, 3), "TC_087_CS": (3,),
}  # fmt: skip
"""Those that a case is about."""


def catalogue() -> dict[str, Case]:
    """Every case by id, with its play."""
    from tests.conformance import (
        cases_certificates,
        cases_core,
        cases_firmware,
        cases_list,
        cases_offline,
        cases_profiles,
        cases_reservation,
        cases_security,
        cases_signed,
        cases_smart,
    )

    plays: dict[str, Play] = {}
    for module in (
        cases_core,
        cases_offline,
        cases_list,
        cases_reservation,
        cases_smart,
        cases_firmware,
        cases_security,
        cases_signed,
        cases_profiles,
        cases_certificates,
    ):
        for name, play in vars(module).items():
            if name.startswith("tc_"):
                plays["TC_" + name[3:] + "_CS"] = play
    return {row[0]: Case(*row, plays[row[0]], SECURITY_PROFILES.get(row[0], ())) for row in ROWS}


def chosen(cases: dict[str, Case], only: str) -> Iterator[Case]:
    """Those whose id matches one of the patterns (with commas or spaces between; empty: all)."""
    patterns = only.replace(",", " ").split() or ["*"]
    for case in cases.values():
        if any(fnmatch.fnmatch(case.id, p) or fnmatch.fnmatch(case.id.removesuffix("_CS"), p) for p in patterns):
            yield case


def first_product(case: Case) -> str | None:
    """The product that a case is shown on: the first of the known ones to which it applies."""
    return next((name for name in known_products() if case.applies(product_named(name)[0])), None)
