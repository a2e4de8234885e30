"""`make run`: one charging session, from plugging in to the bill, at a pace that a person can follow.

A Central System on the package `ocpp`, the real daemon with its simulated board, and `evsectl` in place of the driver.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from typing import Any

from tests.csms.central_system import CentralSystem, Heard
from tests.csms.station import BIN, Station

CARD = "04A2B9C1"
COLOURS = {"driver": "33", "station": "36", "central": "32", "bill": "1", "note": "2"}


class Transcript:
    """Prints what happens, one line each: coloured in a terminal, plain in a pipe."""

    def __init__(self) -> None:
        self.coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.began = time.monotonic()

    def event(self, source: str, text: str, colour: str = "") -> None:
        line = f"{time.monotonic() - self.began:5.1f} s  {source:<15} {text}"
        print(self.paint(line, colour or source.split()[0]), flush=True)

    def paint(self, text: str, colour: str) -> str:
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if self.coloured and colour in COLOURS else text

    def text(self, text: str, colour: str = "") -> None:
        print(self.paint(text, colour), flush=True)

    def frame(self, frame: Heard) -> None:
        """One frame at the Central System, as a sentence."""
        if frame.is_call and not frame.to_station:
            self.event("station", f"-> {frame.action}: {request_text(frame.action, frame.payload)}")
        elif frame.to_station and not frame.is_call and (text := answer_text(frame)):
            self.event("central system", f"<- {text}", "central")


def request_text(action: str, payload: dict[str, Any]) -> str:
    """A request of the station as a sentence; "": none worth one."""
    match action:
        case "BootNotification":
            return f"{payload['chargePointVendor']} {payload['chargePointModel']} has started"
        case "StatusNotification":
            where = f"connector {payload['connectorId']}" if payload["connectorId"] else "the station"
            error = "" if payload["errorCode"] == "NoError" else f" ({payload['errorCode']})"
            return f"{where} is {payload['status']}{error}"
        case "Authorize":
            return f"may card {payload['idTag']} charge?"
        case "StartTransaction":
            return f"card {payload['idTag']} begins at {payload['meterStart']} Wh"
        case "MeterValues":
            return ", ".join(values_text(payload))
        case "StopTransaction":
            reason = payload.get("reason", "Local")
            return f"transaction {payload['transactionId']} ends at {payload['meterStop']} Wh: {reason}"
    return ""


SHORT = {
    "Energy.Active.Import.Register": "meter",
    "Power.Active.Import": "power",
    "Current.Import": "current",
    "Voltage": "voltage",
    "SoC": "battery",
}


UNITS = {"Celsius": "°C", "Celcius": "°C", "Percent": "%"}


def values_text(payload: dict[str, Any]) -> list[str]:
    """`meter 1234 Wh`, `current 16.0 A` …: the common measurands."""
    register = "Energy.Active.Import.Register"  # §7.31: the default measurand
    values = [value for entry in payload["meterValue"] for value in entry["sampledValue"]]
    known = [(SHORT.get(v.get("measurand", register)), v["value"], v.get("unit", "Wh")) for v in values]
    return [f"{name} {amount} {UNITS.get(unit, unit)}" for name, amount, unit in known if name]


def answer_text(frame: Heard) -> str:
    """An answer of the Central System as a sentence; "": none worth one."""
    if frame.frame[0] == 4:
        return f"error {frame.frame[2]}: {frame.frame[3]}"
    match frame.action:
        case "BootNotification":
            return f"{frame.payload['status']}; Heartbeat every {frame.payload['interval']} s"
        case "Authorize":
            return str(frame.payload["idTagInfo"]["status"])
        case "StartTransaction":
            return f"{frame.payload['idTagInfo']['status']}; transaction {frame.payload['transactionId']}"
    return ""


async def session(transcript: Transcript, central: CentralSystem, station: Station) -> bool:
    """The session itself; returns whether the bill is right."""

    async def driver(action: str, *argv: str) -> None:
        transcript.event("driver", f"{action:<34} $ evsectl {' '.join(argv)}")
        await station.ctl(*argv)

    await central.wait("StatusNotification", connectorId=1, status="Available")
    await asyncio.sleep(1.5)
    await driver("plugs the car in", "sim", "plug")
    await central.wait("StatusNotification", status="Preparing")
    await asyncio.sleep(2)
    await driver("holds a card to the reader", "sim", "tap", CARD)
    start = await central.wait("StartTransaction")
    await central.wait("StatusNotification", status="Charging")
    await asyncio.sleep(13)
    since = len(central.heard)
    transcript.event("car", "its battery is too warm to go on", "driver")
    await driver("(the car pauses)", "sim", "ev", "pause")
    await central.wait("StatusNotification", since=since, status="SuspendedEV")
    await asyncio.sleep(3)
    since = len(central.heard)
    await driver("(the car goes on)", "sim", "ev", "charge")
    await central.wait("StatusNotification", since=since, status="Charging")
    await asyncio.sleep(6)
    await driver("holds the card to the reader again", "sim", "tap", CARD)
    stop = await central.wait("StopTransaction")
    await asyncio.sleep(1.5)
    since = len(central.heard)
    await driver("unplugs and drives away", "sim", "unplug")
    await central.wait("StatusNotification", since=since, status="Available")
    return bill(transcript, central, start, stop)


def bill(transcript: Transcript, central: CentralSystem, start: dict[str, Any], stop: dict[str, Any]) -> bool:
    """Prints the bill as the Central System would write it; returns whether it adds up."""
    energy = stop["meterStop"] - start["meterStart"]
    rows = {
        "card": start["idTag"],
        "transaction": stop["transactionId"],
        "from": start["timestamp"],
        "to": stop["timestamp"],
        "meter start": f"{start['meterStart']} Wh",
        "meter stop": f"{stop['meterStop']} Wh",
        "energy": f"{energy} Wh",
        "reason": stop.get("reason", "Local"),
    }
    transcript.text("\n  The bill", "bill")
    for name, value in rows.items():
        transcript.text(f"    {name:<12} {value}", "bill")
    refused = central.refusals()
    for refusal in refused:
        transcript.text(f"  the Central System refused: {refusal}")
    whole = len(central.requests("StartTransaction")) == len(central.requests("StopTransaction")) == 1
    return energy > 0 and whole and not refused


KEEP = """
  The station stays up.  In another terminal:

    {ctl} status
    {ctl} why
    {ctl} watch
    {ctl} sim plug
    {ctl} sim tap {card}
    {ctl} sim fault overtemperature on
    {ctl} why
    {ctl} sim fault overtemperature off
    {ctl} sim unplug
    {ctl} transactions

  Ctrl-C ends it."""


class ShownStation(Station):
    """With a meter that was used before, as in the field."""

    meter_wh = 1_234_567


async def main(keep: bool) -> int:
    """Exit code 0: the bill was right."""
    transcript = Transcript()
    async with CentralSystem(listener=transcript.frame) as central:
        transcript.text("A charging session, from plugging in to the bill: OCPP 1.6J over a real WebSocket.", "bill")
        station = ShownStation(central.url, MeterValueSampleInterval=5, MeterValuesSampledData=list(SHORT))
        transcript.event("station", f"starts; the Central System listens at {central.url}", "note")
        async with station:
            right = await session(transcript, central, station)
            transcript.text("\n  Every Wh is billed." if right else "\n  THE BILL IS WRONG.", "bill")
            if keep:
                await stay(transcript, station)
    return 0 if right else 1


async def stay(transcript: Transcript, station: Station) -> None:
    """Goes on until Ctrl-C, and restarts the daemon whenever it ends."""
    transcript.text(KEEP.format(ctl=f"{BIN / 'evsectl'} --socket {station.control}", card=CARD))
    interrupted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted.set)
    stopped = asyncio.ensure_future(interrupted.wait())
    while not interrupted.is_set():
        assert station.daemon is not None
        exited = asyncio.ensure_future(station.daemon.wait())
        await asyncio.wait({stopped, exited}, return_when=asyncio.FIRST_COMPLETED)
        if not interrupted.is_set():
            transcript.event("station", f"ended (exit {exited.result()}) and is restarted", "note")
            await asyncio.sleep(1)
            await station.start()
        exited.cancel()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--keep", action="store_true", help="stay up afterwards")
    try:
        sys.exit(asyncio.run(main(options.parse_args().keep)))
    except KeyboardInterrupt:
        sys.exit(130)
