"""The commands of `do sim`: parses and checks them.  Carries out nothing."""

from __future__ import annotations

from typing import Final, NamedTuple

from drivers.simulated.connector import CAUSES

STATION_CAUSES: Final = ("overtemperature", "undervoltage")
EV_LEVELS: Final = ("rude-draw", "ignore-stop", "flap")
FORMS: Final = (
    *("plug", "unplug", "tap IDTAG", "ev pause|charge", "ev rude-draw|ignore-stop|flap on|off", "fault NAME on|off"),
    *("soc PERCENT", "temperature CELSIUS", "power-cut", "backup-power", "hard-reset"),
)
_ALONE: Final = ("plug", "unplug", "power-cut", "backup-power", "hard-reset")


class SimCommand(NamedTuple):
    """`what` is the first word of one of `FORMS`; the others are filled in as it needs them."""

    what: str
    name: str = ""
    on: bool = False
    number: float = 0.0


class CommandRefused(ValueError):
    """The command is unknown, or a value is not allowed; the text says what is."""


def parse(words: list[str]) -> SimCommand:
    """`["fault", "rcd", "on"]` as SimCommand("fault", "rcd", True); CommandRefused names what is allowed."""
    match words:
        case [what] if what in _ALONE:
            return SimCommand(what)
        case ["tap", id_tag]:
            if not 1 <= len(id_tag) <= 20:
                raise CommandRefused("an IDTAG has 1 to 20 characters")
            return SimCommand("tap", id_tag)
        case ["soc", text]:
            return SimCommand("soc", number=_number("PERCENT", text, 0.0, 100.0))
        case ["temperature", text]:
            return SimCommand("temperature", number=_number("CELSIUS", text, -40.0, 125.0))
        case ["ev", "pause" | "charge" as name]:
            return SimCommand("ev", name)
        case ["ev", name, on] if name in EV_LEVELS:
            return SimCommand("ev", name, _on(on))
        case ["fault", name, on]:
            if name not in CAUSES and name not in STATION_CAUSES:
                raise CommandRefused(f"unknown fault {name!r}; there are {' '.join((*CAUSES, *STATION_CAUSES))}")
            return SimCommand("fault", name, _on(on))
        case _:
            raise CommandRefused(f"unknown command {' '.join(words)!r}; there are: {', '.join(FORMS)}")


def _on(text: str) -> bool:
    if text not in ("on", "off"):
        raise CommandRefused(f"{text!r} must be on or off")
    return text == "on"


def _number(name: str, text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise CommandRefused(f"{name} must be a number from {low:g} to {high:g}, not {text!r}")
    return value
