"""`make run`: one charging session, from the plug to the bill, at a pace a person can follow.

A Central System on the package `ocpp`, the real daemon with its simulated board, and `evsectl` in the driver's hand.
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


class Teller:
    """Says what happens, one line each: coloured in a terminal, plain in a pipe."""

    def __init__(self) -> None:
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.began = time.monotonic()

    def say(self, who: str, text: str, how: str = "") -> None:
        line = f"{time.monotonic() - self.began:5.1f} s  {who:<15} {text}"
        print(self.paint(line, how or who.split()[0]), flush=True)

    def paint(self, text: str, how: str) -> str:
        return f"\x1b[{COLOURS[how]}m{text}\x1b[0m" if self.colour and how in COLOURS else text

    def plain(self, text: str, how: str = "") -> None:
        print(self.paint(text, how), flush=True)

    def heard(self, heard: Heard) -> None:
        """One frame at the Central System, in plain words."""
        if heard.is_call and not heard.to_station:
            self.say("station", f"-> {heard.action}: {in_words(heard.action, heard.payload)}")
        elif heard.to_station and not heard.is_call and (words := answer_in_words(heard)):
            self.say("central system", f"<- {words}", "central")


def in_words(action: str, payload: dict[str, Any]) -> str:
    """A request of the station, as one would tell it."""
    match action:
        case "BootNotification":
            return f"here is {payload['chargePointVendor']} {payload['chargePointModel']}, I have started"
        case "StatusNotification":
            where = f"connector {payload['connectorId']}" if payload["connectorId"] else "the station"
            error = "" if payload["errorCode"] == "NoError" else f" ({payload['errorCode']})"
            return f"{where} is {payload['status']}{error}"
        case "Authorize":
            return f"may card {payload['idTag']} charge?"
        case "StartTransaction":
            return f"card {payload['idTag']} begins at {payload['meterStart']} Wh"
        case "MeterValues":
            return ", ".join(values_in_words(payload))
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


def values_in_words(payload: dict[str, Any]) -> list[str]:
    """`meter 1234 Wh`, `current 16.0 A` …: the measurands that a person knows."""
    register = "Energy.Active.Import.Register"  # §7.31: what is meant where nothing is said
    values = [value for entry in payload["meterValue"] for value in entry["sampledValue"]]
    known = [(SHORT.get(v.get("measurand", register)), v["value"], v.get("unit", "Wh")) for v in values]
    return [f"{name} {amount} {UNITS.get(unit, unit)}" for name, amount, unit in known if name]


def answer_in_words(heard: Heard) -> str:
    """The answers that mean something to a person; "" for the rest."""
    if heard.frame[0] == 4:
        return f"error {heard.frame[2]}: {heard.frame[3]}"
    match heard.action:
        case "BootNotification":
            return f"{heard.payload['status']}; tell me every {heard.payload['interval']} s that you live"
        case "Authorize":
            return str(heard.payload["idTagInfo"]["status"])
        case "StartTransaction":
            return f"{heard.payload['idTagInfo']['status']}; it is transaction {heard.payload['transactionId']}"
    return ""


async def session(teller: Teller, central: CentralSystem, station: Station) -> bool:
    """The story itself; whether the bill is right."""

    async def driver(does: str, *words: str) -> None:
        teller.say("driver", f"{does:<34} $ evsectl {' '.join(words)}")
        await station.ctl(*words)

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
    teller.say("car", "its battery needs a rest", "driver")
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
    return bill(teller, central, start, stop)


def bill(teller: Teller, central: CentralSystem, start: dict[str, Any], stop: dict[str, Any]) -> bool:
    """Print the bill as the Central System would write it; whether it adds up."""
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
    teller.plain("\n  The bill", "bill")
    for name, value in rows.items():
        teller.plain(f"    {name:<12} {value}", "bill")
    refused = central.refusals()
    for refusal in refused:
        teller.plain(f"  the Central System refused: {refusal}")
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


async def main(keep: bool) -> int:
    """Exit code 0: the bill was right."""
    teller = Teller()
    async with CentralSystem(listener=teller.heard) as central:
        teller.plain("A charging session, from the plug to the bill: OCPP 1.6J over a real WebSocket.", "bill")
        station = Station(central.url, MeterValueSampleInterval=5, MeterValuesSampledData=list(SHORT))
        teller.say("station", f"starts; its Central System listens at {central.url}", "note")
        async with station:
            right = await session(teller, central, station)
            teller.plain("\n  Every Wh is billed." if right else "\n  THE BILL IS WRONG.", "bill")
            if keep:
                await stay(teller, station)
    return 0 if right else 1


async def stay(teller: Teller, station: Station) -> None:
    """Go on until the user has seen enough, starting the daemon again whenever it ends."""
    teller.plain(KEEP.format(ctl=f"{BIN / 'evsectl'} --socket {station.control}", card=CARD))
    enough = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, enough.set)
    ended = asyncio.ensure_future(enough.wait())
    while not enough.is_set():
        assert station.daemon is not None
        life = asyncio.ensure_future(station.daemon.wait())
        await asyncio.wait({ended, life}, return_when=asyncio.FIRST_COMPLETED)
        if not enough.is_set():
            teller.say("station", f"ended (exit {life.result()}) and is started again", "note")
            await asyncio.sleep(1)
            await station.start()
        life.cancel()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--keep", action="store_true", help="stay up afterwards")
    try:
        sys.exit(asyncio.run(main(options.parse_args().keep)))
    except KeyboardInterrupt:
        sys.exit(130)
