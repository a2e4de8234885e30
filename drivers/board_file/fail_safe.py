"""The layers A to G that open a contactor when software is dead: which a board has, and what the others leave open.

Energising needs a layer that opens the contactor without the board process: A, B, or D, E.  Where the kernel keeps a
line's level after the death of its owner, D is not there whatever the file says, and only A or B count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple


class Layer(NamedTuple):
    """One layer."""

    letter: str
    covers: str
    opens_in: str
    """How soon it opens the contactor."""
    remedy: str
    """What to do to have it."""


LAYERS: Final = {
    "pump": Layer(
        "A",
        "death and hang of evsed-board, of the kernel, a line stuck at high, brown-out",
        "50 to 150 ms",
        'put a charge pump or a retriggerable monostable before the coil and take the driver "gpio-pump"',
    ),
    "mcu": Layer(
        "B",
        "the same, and a Pi that is taken away",
        "2 s or less, by its own watchdog",
        "let a microcontroller hold the contactor, which needs to be told again and again",
    ),
    "lease": Layer(
        "C", "death and hang of evsed", "the lease (lease_s)", "it is part of evsed-board: nothing has to be done"
    ),
    "strict-gpiod": Layer(
        "D",
        "death of evsed-board",
        "at once",
        "write dtparam=strict_gpiod into /boot/firmware/config.txt, put a pull-down at the contactor's line, restart",
    ),
    "safe-service": Layer(
        "E",
        "death of evsed-board where the kernel keeps the level of lines",
        "8 to 50 ms",
        "let evsed-safe.service run after each death of evsed-board (ExecStopPost=, OnFailure=)",
    ),
    "watchdog": Layer(
        "F", "hang of evsed-board", "0.7 to 1.3 s, then D or E", "set WatchdogSec=1s in evsed-board.service"
    ),
    "hardware-watchdog": Layer(
        "G", "hang of the kernel", "10 to 15 s", "set RuntimeWatchdogSec=10s in /etc/systemd/system.conf"
    ),
}
"""By the name that `fail_safe` of board.toml gives it, best first."""

BY_ITSELF: Final = ("pump", "mcu")
"""They open whatever the Pi does."""
AFTER_DEATH: Final = (*BY_ITSELF, "strict-gpiod", "safe-service")
"""One of these opens the contactor when evsed-board has died."""
ALWAYS: Final = ("lease",)
"""What every evsed-board has, declared or not."""


def has(declared: Iterable[str]) -> tuple[str, ...]:
    """All layers of a board, best first."""
    there = {*declared, *ALWAYS}
    return tuple(name for name in LAYERS if name in there)


def refusal(declared: Sequence[str], lines_persist: bool | None) -> str:
    """Why nothing may be energised; empty: it may.

    lines_persist  what the kernel says of its lines: True: they keep their level when their owner dies; None: nothing
    """
    if not any(layer in AFTER_DEATH for layer in declared):
        layers = ", ".join(AFTER_DEATH)
        return f"fail_safe declares no layer that opens the contactor after the death of evsed-board: {layers}"
    if lines_persist and not any(layer in BY_ITSELF for layer in declared):
        return (
            "persist_gpio_outputs is Y: a line keeps its level when evsed-board dies; "
            "write dtparam=strict_gpiod into /boot/firmware/config.txt and restart, or declare a pump or an mcu"
        )
    return ""


def warnings(declared: Sequence[str]) -> list[str]:
    """What each layer that is missing leaves open, and the remedy."""
    there = has(declared)
    lines = [
        f"fail-safe layer {layer.letter} ({name}) is missing: {layer.covers}; "
        f"it opens the contactor: {layer.opens_in}; to have it, {layer.remedy}"
        for name, layer in LAYERS.items()
        if name not in there
    ]
    if not any(layer in BY_ITSELF for layer in there):
        lines.append("without layer A or B a hang of the kernel opens nothing within 10 s")
    return lines
