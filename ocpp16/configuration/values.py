"""What the value of a configuration key may be: one check per kind of key (§5.3, §9; lists of measurands §3.16.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ocpp16.configuration.keys import KeyKind, KeyRow, core_keys
from ocpp16.product import Product

MAX_VALUE = 500
"""§5.3: characters of a value."""
MAX_DIGITS = 10
"""Of an integer."""
PHASE_ROTATIONS = ("NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR")
"""§9.1 ConnectorPhaseRotation."""
PHASE_SUFFIXES = {"Voltage": ("", "-N"), "Current.Import": ("",), "Power.Active.Import": ("",)}
"""Measurands that are known per phase, and what may follow `L1`, `L2`, `L3` in an item."""


class CheckedValue(NamedTuple):
    """The value as it is stored, or None and why it is refused."""

    value: str | None
    refusal: str = ""


def _refused(why: str) -> CheckedValue:
    return CheckedValue(None, why)


def check_value(key: KeyRow, text: str) -> CheckedValue:
    """Whether `text` is a value of the key; spaces at its ends and around the items of a list are dropped."""
    text = text.strip()
    if len(text) > MAX_VALUE:
        return _refused(f"longer than {MAX_VALUE} characters")
    return CHECKS[key.kind](key, text)


def items_of(text: str) -> tuple[str, ...]:
    """The items of a stored list."""
    return tuple(text.split(",")) if text else ()


# --- one check per kind ---------------------------------------------------------------------------------------------


def _check_bool(key: KeyRow, text: str) -> CheckedValue:
    low = text.lower()
    return CheckedValue(low) if low in ("true", "false") else _refused("true or false is allowed")


def _check_int(key: KeyRow, text: str) -> CheckedValue:
    is_number = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    if is_number and key.lowest <= int(text) <= key.highest:
        return CheckedValue(str(int(text)))
    unit = f" {key.unit}" if key.unit else ""
    return _refused(f"a whole number from {key.lowest} to {key.highest}{unit} is allowed")


def _check_text(key: KeyRow, text: str) -> CheckedValue:
    if len(text) <= key.highest and text.isprintable():
        return CheckedValue(text)
    return _refused(f"at most {key.highest} characters are allowed: {key.what}")


def _check_list(key: KeyRow, text: str) -> CheckedValue:
    """Items out of `key.allowed`; a measurand may be followed by a phase."""
    items = _split(text)
    return _check_items(key, items, items, _is_listed, ", ".join(key.allowed))


def _check_rotations(key: KeyRow, text: str) -> CheckedValue:
    """Items like `1.RST`, each connector at most once."""
    items = _split(text)
    connectors = [item.partition(".")[0] for item in items]
    return _check_items(key, items, connectors, _is_rotation, "CONNECTOR.ROTATION")


def _split(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")] if text else []


def _check_items(
    key: KeyRow, items: list[str], unique: list[str], is_allowed: Callable[[KeyRow, str], bool], allowed: str
) -> CheckedValue:
    if len(items) > key.highest:
        return _refused(f"{len(items)} items, at most {key.highest} are allowed")
    if len(set(unique)) != len(unique):
        return _refused("an item stands twice")
    for item in items:
        if not is_allowed(key, item):
            return _refused(f"'{item[:60]}' is not one of {allowed}")
    return CheckedValue(",".join(items))


def _is_rotation(key: KeyRow, item: str) -> bool:
    connector, _, rotation = item.partition(".")
    return connector in map(str, range(key.highest)) and rotation in PHASE_ROTATIONS


def _is_listed(key: KeyRow, item: str) -> bool:
    if item in key.allowed:
        return True
    measurand, _, phase = item.rpartition(".")  # §3.16.4: an item may carry a phase
    suffixes = PHASE_SUFFIXES.get(measurand, ()) if measurand in key.allowed else ()
    return phase in {f"L{number}{suffix}" for number in range(1, key.phases + 1) for suffix in suffixes}


CHECKS: dict[KeyKind, Callable[[KeyRow, str], CheckedValue]] = {
    "bool": _check_bool,
    "int": _check_int,
    "text": _check_text,
    "csl": _check_list,
    "phases": _check_rotations,
}


# --- first values ---------------------------------------------------------------------------------------------------


def check_first_value(name: str, text: str, product: Product) -> str | None:
    """Why `name = text` under `[ocpp]` in `evsed.toml` is refused, None where it is right.

    Read-only keys may be set there too, but not to other functions than the product has.
    """
    key = core_keys(product).get(name.casefold())
    if key is None:
        return "unknown key"
    value, refusal = check_value(key, text)
    if value is None:
        return refusal
    is_built_in = key.read_only and key.kind in ("bool", "csl")
    if is_built_in and set(value.split(",")) != set(key.default.split(",")):
        return f"the product profile says what is built: {key.default}"
    return None
