"""`rfid read` of the bench: the next card at any reader of the board file, as read and as sent."""

from __future__ import annotations

from typing import Any, Final

from drivers.bench.findings import Bench, Finding, problem
from drivers.board_file.model import Part
from drivers.devices import DeviceFailure
from drivers.ports.polling_thread import PollingThread
from drivers.readers.card_mailbox import Card

LOOKS_EVERY_S: Final = 0.02
LOST_AFTER_S: Final = 3.0
"""A reader may need a second to be set up."""


def read(bench: Bench, timeout_s: float) -> Finding:
    """One card, or why there was none."""
    parts = [(0, bench.board.station["reader"])] if "reader" in bench.board.station else []
    parts += [(number, part) for number, part in bench.parts("reader", None) if part is not None]
    if not parts:
        return {"problem": "there is no reader in the board file", "advice": "write a section [reader]"}
    assembly = bench.assembly()
    readers = [(number, part, assembly.device(part)) for number, part in parts]
    threads = [
        PollingThread(name, [device for device in devices if hasattr(device, "take")], lambda text: None)
        for name, devices in assembly.shared.threads.items()
    ]
    for thread in threads:
        thread.start()
    try:
        return _wait(bench, readers, timeout_s)
    finally:
        for thread in threads:
            thread.stop()


def _wait(bench: Bench, readers: list[tuple[int, Part, Any]], timeout_s: float) -> Finding:
    began = bench.monotonic()
    failing_since: float | None = None
    while True:
        now = bench.monotonic()
        failures = []
        for number, part, reader in readers:
            card = reader.take(now) if hasattr(reader, "take") else reader.read(now)
            if isinstance(card, DeviceFailure):
                failures.append((part, card))
            elif card is not None:
                return _finding(number, part, card if isinstance(card, Card) else Card(card, card))
        over = now - began >= timeout_s
        if len(failures) < len(readers):
            failing_since = None
        else:
            failing_since = now if failing_since is None else failing_since
            if over or now - failing_since >= LOST_AFTER_S:
                part, failure = failures[0]
                return problem(failure, driver=part.driver)
        if over:
            return _no_card(readers, timeout_s)
        bench.sleep(LOOKS_EVERY_S)


def _finding(number: int, part: Part, card: Card) -> Finding:
    where: Finding = {"connector": number} if number else {}
    if not card.id_tag:
        return {
            **where,
            "raw": card.raw,
            "driver": part.driver,
            "problem": "no idTag of 1 to 20 letters can be made of it",
            "advice": f"shorten prefix, or set strip, in [{part.where}]",
        }
    return {**where, "id_tag": card.id_tag, "raw": card.raw, "driver": part.driver}


def _no_card(readers: list[tuple[int, Part, Any]], timeout_s: float) -> Finding:
    names = ", ".join(part.driver for _, part, _ in readers)
    return {
        "problem": f"no card within {timeout_s:g} s",
        "advice": f"{names}: hold the card flat to it; is it of the reader's kind (13.56 MHz or 125 kHz)?",
    }
