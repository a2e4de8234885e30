"""Product profiles: finds the file by name or path, reads it, and refuses answers that contradict each other."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from daemon.config.model import Problem
from daemon.config.spelling import nearest
from daemon.config.toml_reader import load
from ocpp16.configuration.keys import REGISTER
from ocpp16.product import MOST_IN_A_LIST, Product
from ocpp16.profiles.core.measurands import MEASURES

FOLDERS = (
    Path("/etc/evsed/products"),
    Path("/usr/share/evsed/products"),
    Path(sys.prefix) / "share/evsed/products",
    Path(__file__).resolve().parents[2] / "etc/products",
)
"""Where a product profile is looked up by name, the first wins."""

CONNECTOR_TYPES = (
    "cType1", "cType2", "sType2", "sType3", "sCEE-7-7", "sBS1361",
    "s309-1P-16A", "s309-1P-32A", "s309-3P-16A", "s309-3P-32A",
)  # fmt: skip
"""HFS-8: c… is a cable with its plug, s… a socket."""
BUILT_PROFILES = Product().profiles
"""OCPP feature profiles that a product can have so far."""


def find_product(name: str, folder: Path) -> Path | None:
    """The profile's file: a path (from `folder`), or a name in FOLDERS."""
    if "/" in name or name.endswith(".toml"):
        return folder / name if _is_file(folder / name) else None
    return next((path for parent in FOLDERS if _is_file(path := parent / f"{name}.toml")), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long for any file
        return False


def read_product(name: str, folder: Path) -> tuple[Product, list[Problem]]:
    """The profile `name` (a name, or a path relative to `folder`); with any problem the reference product in its place.

    A problem without a file concerns the name itself.
    """
    file = find_product(name, folder)
    if file is None and name == Product().name:
        return Product(), []  # the reference product needs no file
    if file is None:
        return Product(), [_unknown_name(name)]
    loaded = load(file)
    if loaded is None:
        return Product(), [_unknown_name(name)]
    if isinstance(loaded, Problem):
        return Product(), [loaded]
    product, wrong = _checked(loaded.content)
    if not wrong:
        return product, []
    from daemon.config.line_numbers import line_numbers  # imported late: a valid file needs no line numbers

    lines = line_numbers(loaded.text)
    return Product(), [Problem(str(file), lines.get((key, ""), 0), key, *rest) for key, *rest in wrong]


def _unknown_name(name: str) -> Problem:
    known = sorted({path.stem for folder in FOLDERS for path in folder.glob("*.toml")} | {Product().name})
    allowed = f"a path, or one of {', '.join(known)}"
    return Problem("", 0, "", f"there is no product profile {name!r}", allowed, nearest(name, known))


def _checked(content: dict[str, Any]) -> tuple[Product, list[tuple[str, ...]]]:
    """The product, and for each mistake the key, the reason and, where known, what is allowed and the nearest name."""
    fields = list(Product.__struct_fields__)
    wrong = [_unknown(name, fields) for name in content if name not in fields]
    try:
        product = msgspec.convert({name: value for name, value in content.items() if name in fields}, Product)
    except msgspec.ValidationError as error:
        found = re.search(r"`\$\.([a-z_0-9]+)", str(error))
        name = found[1] if found else ""
        what = re.sub(r" - at `.*`", "", str(error)).replace("`", "")
        return Product(), [*wrong, (name, what)]
    if "name" not in content:
        wrong.append(("name", "missing: report, log and PICS name the product by it"))
    elif product.name == Product().name and product != Product():
        wrong.append(
            ("name", f"{product.name} is the certified product, and these answers differ from it: choose another name")
        )
    return product, [*wrong, *contradictions(product)]


def _unknown(name: str, fields: list[str]) -> tuple[str, ...]:
    return name, "unknown key", ", ".join(fields), nearest(name, fields)


def contradictions(product: Product) -> Iterator[tuple[str, str]]:
    """Answers that no station can have, alone or together: the key and the reason, a sentence for the integrator."""
    if not 1 <= len(product.name) <= 50:
        yield "name", "must have 1 to 50 characters"
    if product.phases not in (1, 2, 3):
        yield "phases", f"{product.phases} phases; an AC outlet has 1, 2 or 3"
    if not 1 <= product.connectors <= 16:
        yield "connectors", f"{product.connectors} connectors; 1 to 16 are supported"
    if not 6 <= product.max_amps <= 80:
        yield "max_amps", f"{product.max_amps:g} A; the Control Pilot signals 6 to 80 A"
    if not 100 <= product.volts <= 300:
        yield "volts", f"{product.volts:g} V between a phase and neutral; allowed are 100 to 300 V"
    yield from _hardware(product)
    yield from _profiles(product)
    if not product.keep_on_ev_disconnect and not product.stop_on_ev_disconnect:
        yield (
            "stop_on_ev_disconnect",
            "C-06.1 and C-06.2 cannot both be no: something must happen when the EV disconnects",
        )
    if product.offline_unknown_ids and not product.offline_authorization:
        yield (
            "offline_unknown_ids",
            "C-02 yes needs C-01 yes: it is part of offline authorization",
        )
    strange = list(_only("measurands", product.measurands, tuple(MEASURES)))
    yield from strange
    if REGISTER not in product.measurands and not strange:
        yield "measurands", f"C-09 needs {REGISTER}: it is billed, and the default of both lists"
    for name, most in _COUNTS.items():
        least = 2 if name == "stop_max_meter_values" else 1  # the first value and the last
        if not least <= getattr(product, name) <= most:
            yield name, f"{least} to {most} are supported"
    for name in ("sample_interval", "heartbeat_interval"):
        lowest, highest = getattr(product, f"{name}_min_s"), getattr(product, f"{name}_max_s")
        if not 1 <= highest <= 604800:
            yield f"{name}_max_s", "allowed are 1 to 604800 seconds (a week)"
        elif not 0 <= lowest <= highest:
            yield f"{name}_min_s", f"allowed are 0 to {highest} seconds (the maximum)"
    if not 0 <= product.ping_interval_s <= 86400:
        yield "ping_interval_s", "allowed are 0 (never) to 86400 seconds"


def _hardware(product: Product) -> Iterator[tuple[str, str]]:
    """The answers about the outlet (HFS, AQ)."""
    if product.dc or not product.ac:
        yield "dc" if product.dc else "ac", "HFS-3 must be yes and HFS-4 no: the board is an IEC 61851 AC outlet"
    yield from _only("connector_type", [product.connector_type], CONNECTOR_TYPES)
    if product.connector_type.startswith("s") and product.fixed_cable:
        yield "connector_type", f"{product.connector_type} is a socket, but HFS-2 is fixed cable"
    if product.connector_type.startswith("c") and not product.fixed_cable:
        yield "connector_type", f"{product.connector_type} is a cable's plug, but HFS-1 is socket; choose an s… type"
    if product.connector_type == "cType1" and product.phases in (2, 3):
        yield "connector_type", f"a Type 1 plug has one phase, but HFS gives {product.phases}; cType2 has three"
    if not product.iec61851:
        yield "iec61851", "AQ-6 must be yes: the board is IEC 61851"
    if product.lock_before_authorization and product.fixed_cable:
        yield "lock_before_authorization", "AQ-2 yes needs a detachable cable: a fixed one has no lock"
    if product.selection_before_authorization and product.connectors == 1:
        yield "selection_before_authorization", "AQ-5 yes needs several connectors: with one there is no choice"
    if product.readers == "none" and (product.local_start or product.local_stop):
        yield "readers", "C-07 and C-08 need a reader; without one both must be no"
    if product.readers == "single" and product.selection_before_authorization and not product.local_start:
        yield "selection_before_authorization", "AQ-5 yes needs C-07 yes: it concerns cards"
    if not product.links:
        yield "links", "HFS-9 needs at least one link"
    if not product.stops_before_power_loss and not product.stops_after_power_loss:
        yield "stops_after_power_loss", "AQ-7.1 and AQ-7.2 cannot both be no: the transaction must end somehow"


def _profiles(product: Product) -> Iterator[tuple[str, str]]:
    """Feature profiles, and the answers that need them."""
    strange = [name for name in product.profiles if name not in BUILT_PROFILES]
    if strange:
        yield "profiles", f"{strange[0]} is not built yet; available are {', '.join(BUILT_PROFILES)}"
    elif "Core" not in product.profiles:
        yield "profiles", "Core is mandatory"
    elif len(set(product.profiles)) != len(product.profiles):
        yield "profiles", "an entry occurs twice"
    if product.reserve_connector_zero and not product.has("Reservation"):
        yield "reserve_connector_zero", "R-1 yes needs Reservation among the profiles"
    if product.secure_firmware and not (product.has("FirmwareManagement") and product.security_profiles):
        yield "secure_firmware", "F-1 yes needs FirmwareManagement and a security profile"
    if product.download_while_charging and not product.has("FirmwareManagement"):
        yield "download_while_charging", "AQ-4 yes needs FirmwareManagement among the profiles"
    if product.has("SmartCharging") and not product.rate_units:
        yield "rate_units", "SC-1.1 and SC-1.2 cannot both be no with SmartCharging"
    yield from _only("rate_units", product.rate_units, ("Current", "Power"))
    yield from _only("transfer_protocols", product.transfer_protocols, ("HTTP", "HTTPS", "FTP", "FTPS"))
    yield from _only("security_profiles", product.security_profiles, (1, 2, 3))
    if product.has("FirmwareManagement") and not product.transfer_protocols:
        yield "transfer_protocols", "FirmwareManagement needs at least one"
    if product.send_local_list_max_length > product.local_list_max_length:
        yield "send_local_list_max_length", "more entries in one message than the list can hold"
    if product.max_stack_level < 0:
        yield "max_stack_level", "must be at least 0"


def _only(name: str, given: Sequence[object], known: Sequence[object]) -> Iterator[tuple[str, str]]:
    strange = [entry for entry in given if entry not in known]
    if strange or len(set(given)) != len(given):
        yield name, f"{strange[0]!r} is unknown" if strange else "an entry occurs twice"


_COUNTS = {
    "local_list_max_length": 100_000,
    "send_local_list_max_length": MOST_IN_A_LIST,
    "schedule_max_periods": 1000,
    "max_profiles": 1000,
    "certificate_chain_max": 10_000,  # W 9: the longest chain in a CertificateSigned
    "certificate_store_max": 100,
    "get_configuration_max_keys": 1000,
    "aligned_data_max_length": 100,
    "sampled_data_max_length": 100,
    "stop_max_meter_values": 1000,
    "stop_aligned_max_length": 100,
    "stop_sampled_max_length": 100,
}
"""Limits that are counts, and the highest value that the daemon supports."""
