"""The commands of `evsectl` as a table: names, operands, options, help.  Parser, completion and man page follow it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

Check = Callable[[str], object]
"""Converts the text of an argument.  Raises ValueError with the reason."""


class Operand(NamedTuple):
    """An argument by position."""

    name: str
    help: str
    choices: tuple[str, ...] = ()
    check: Check = str
    needed: bool = True

    @property
    def usage(self) -> str:
        return self.name if self.needed else f"[{self.name}]"


class Option(NamedTuple):
    """An argument by name; `value` names what follows it, "": nothing does."""

    name: str
    help: str
    value: str = ""
    check: Check = str
    shown: bool = True

    @property
    def usage(self) -> str:
        return f"[{self.name} {self.value}]" if self.value else f"[{self.name}]"


class Command(NamedTuple):
    """One command: the names by which it is called, one line of help, its operands and options."""

    path: tuple[str, ...]
    help: str
    operands: tuple[Operand, ...] = ()
    options: tuple[Option, ...] = ()

    @property
    def name(self) -> str:
        """Its key among the functions of `evsectl`: all of `sim` have one."""
        return "sim" if self.path[0] == "sim" else " ".join(self.path)

    @property
    def usage(self) -> str:
        shown = (option.usage for option in self.options if option.shown)
        return " ".join((*self.path, *(operand.usage for operand in self.operands), *shown))


def amps_or_off(text: str) -> float | None:
    """Amperes; None: off."""
    if text == "off":
        return None
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r}: a number of amperes, or off") from None


def whole_number(text: str) -> int:
    """0 to 999999999."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError(f"must be a whole number, not {text[:20]!r}")
    return int(text)


def between(low: float, high: float) -> Check:
    """A number from `low` to `high`."""

    def check(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}, not {text[:20]!r}")
        return value

    return check


def id_tag(text: str) -> str:
    """An idTag: 1 to 20 characters (§7.28)."""
    if not 1 <= len(text) <= 20:
        raise ValueError("must have 1 to 20 characters")
    return text


CONNECTOR = Operand("CONNECTOR", "number of a connector, from 1; without it: all", check=whole_number, needed=False)
ITEM = Operand("ITEM", "number of the message, as `queue list` shows it", check=whole_number)
ON_OFF = Operand("on|off", "on: the cause is present; off: it is gone", ("on", "off"))
AT_CONNECTOR = Option(
    "--connector",
    "number of the connector, from 1 (default: the first)",
    "N",
    whole_number,
)

CONNECTOR_FAULTS: Final = (
    *("rcd", "weld", "contactor", "pilot-short", "diode", "ventilation", "lock-open", "lock-closed", "overcurrent"),
    *("ev-ignores-stop", "meter-frozen", "meter-lost", "meter-backwards", "reader-lost"),
)
STATION_FAULTS: Final = ("overtemperature", "undervoltage")
"""Faults of the whole station that the simulated board plays …"""
DAEMON_FAULTS: Final = ("store-full", "install")
"""… and those that evsed plays itself."""
_FAULT_HELP = (
    f"of a connector: {', '.join(CONNECTOR_FAULTS)}; of the station: {', '.join(STATION_FAULTS + DAEMON_FAULTS)}"
)


def _sim(path: str, text: str, *operands: Operand, connector: str = "") -> Command:
    """`connector`: help of `--connector`; without it the option makes no difference: accepted, but not shown."""
    option = AT_CONNECTOR._replace(help=connector or AT_CONNECTOR.help, shown=bool(connector))
    return Command(("sim", *path.split()), text, operands, (option,))


SIM_COMMANDS: Final = (
    _sim("plug", "plug the car in; it asks for energy when offered", connector=AT_CONNECTOR.help),
    _sim("unplug", "unplug the car end of the cable", connector=AT_CONNECTOR.help),
    _sim(
        "tap",
        "hold a card to the reader",
        Operand("IDTAG", "1 to 20 characters, of any kind", check=id_tag),
        connector="number of the connector that has the reader, from 1 (default: the common reader)",
    ),
    _sim("ev pause", "the car stops asking for energy (state B)", connector=AT_CONNECTOR.help),
    _sim("ev charge", "the car asks for energy again (state C)", connector=AT_CONNECTOR.help),
    _sim("ev rude-draw", "the car draws more than it is offered", ON_OFF, connector=AT_CONNECTOR.help),
    _sim("ev ignore-stop", "the car draws on when the offer ends", ON_OFF, connector=AT_CONNECTOR.help),
    _sim("ev flap", "the car keeps changing between states B and C", ON_OFF, connector=AT_CONNECTOR.help),
    _sim(
        "fault",
        "cause a fault, or take its cause away",
        Operand("NAME", _FAULT_HELP, (*CONNECTOR_FAULTS, *STATION_FAULTS, *DAEMON_FAULTS)),
        ON_OFF,
        connector=AT_CONNECTOR.help,
    ),
    _sim(
        "soc",
        "state of charge of the car's battery",
        Operand("PERCENT", "0 to 100 percent", check=between(0, 100)),
    ),
    _sim(
        "temperature",
        "temperature inside the station",
        Operand("CELSIUS", "-40 to 125 degrees Celsius", check=between(-40, 125)),
    ),
    _sim("power-cut", "cut the power of the whole unit at once"),
    _sim("backup-power", "let the mains fail; with backup power the unit has some seconds left"),
    _sim("hard-reset", "restart the whole unit, as a hard Reset does"),
)

_BOARD = Option("--board", "board file (default: one of --config, else /etc/evsed/board.toml)", "FILE")


def _bench(name: str, text: str, *operands: Operand, options: tuple[Option, ...] = ()) -> Command:
    """A command that needs the board for itself."""
    return Command(tuple(name.split()), f"{text}; stop the daemons first", operands, (*options, _BOARD))


BENCH_COMMANDS: Final = (
    _bench("pilot show", "show the pilot's state, both half-waves, duty and frequency", CONNECTOR),
    _bench(
        "pilot monitor",
        "show the pilot every half second, until Ctrl-C",
        CONNECTOR,
        options=(Option("--times", "how often (default: without end)", "N", between(1, 1_000_000)),),
    ),
    _bench(
        "pilot set",
        "signal so many amperes, or off: steady +12 V; it stays so",
        Operand("AMPS", "6 to max_amps of the board file, or off", check=amps_or_off),
        CONNECTOR,
    ),
    _bench("pilot calibrate", "measure the known levels and print the line for the board file", CONNECTOR),
    _bench("meter read", "read the energy meter", CONNECTOR),
    _bench(
        "meter scan",
        "find the devices at the serial buses, up to six minutes a bus",
        options=(Option("--bus", "name of a bus of the board file (default: all)", "NAME"),),
    ),
    _bench(
        "rfid read",
        "wait for a card, and show it as read and as sent",
        options=(Option("--timeout", "how long to wait (default: 30)", "SECONDS", between(0.1, 3600)),),
    ),
    _bench("relay test", "close and open the contactor, where no vehicle is plugged in", CONNECTOR),
    _bench("lock test", "lock and unlock the outlet", CONNECTOR),
    _bench("lamp test", "show every status on the lamp"),
)

COMMANDS: Final = (
    Command(("status",), "show the station: link, queue, clock, board, store, connectors"),
    Command(("why",), "explain why a connector charges or does not, and what to do", (CONNECTOR,)),
    Command(("watch",), "show the status continuously (Ctrl-C ends it)"),
    Command(("trace",), "show OCPP frames and log messages as they come; without the daemon the recorded ones"),
    Command(("queue", "list"), "list the messages that wait for the Central System, and parked ones"),
    Command(("queue", "show"), "show one message", (ITEM,)),
    Command(("queue", "park"), "set a message aside, so that the next one is sent", (ITEM,)),
    Command(
        ("queue", "retry"),
        "send parked messages again",
        (ITEM._replace(help="number of the message; without it: all parked ones", needed=False),),
    ),
    Command(("transactions",), "list running and ended transactions, with energy in Wh"),
    Command(
        ("doctor",),
        "look for all that keeps the station from its work, each with its remedy",
        (),
        (Option("--board", "board file (default: /etc/evsed/board.toml)", "FILE"),),
    ),
    Command(("certs",), "show certificates: roots, the station's own, the server's chain, and their days left"),
    Command(
        ("config", "get"),
        "show OCPP configuration keys and their values",
        (Operand("KEY", "name of a key, in any case; without it: all keys", needed=False),),
    ),
    Command(
        ("config", "set"),
        "change an OCPP configuration key, as ChangeConfiguration does",
        (
            Operand("KEY", "name of the key, in any case; csms.url: the URL of the Central System"),
            Operand("VALUE", "new value, as an OCPP text; - reads it from the terminal"),
        ),
        options=(Option("--trial", "keep it only if it works; csms.url and the keys of security are always tried"),),
    ),
    Command(("config", "reference"), "list every OCPP configuration key: access, default, range, unit, purpose"),
    Command(
        ("log",),
        "show the newest log messages",
        options=(Option("--last", "number of messages (default: 50)", "N", whole_number),),
    ),
    Command(
        ("security-log",),
        "show the newest entries of the security log",
        options=(
            Option("--last", "number of entries (default: 50)", "N", whole_number),
            Option("--verify", "check the whole log: nothing changed, removed or inserted (exit code 1: it was)"),
        ),
    ),
    Command(
        ("stop-transaction",),
        "stop a transaction (reason Local)",
        options=(Option("--connector", "number of its connector; needed if several are running", "N", whole_number),),
    ),
    Command(
        ("reset",),
        "stop all transactions and restart evsed",
        options=(Option("--hard", "restart the whole unit"),),
    ),
    Command(("reconnect",), "close the connection to the Central System and dial now, without waiting"),
    Command(
        ("selftest",),
        "let the board test itself (up to a minute)",
        options=(Option("--clear-latched", "clear latched faults, after service (welded contactor)"),),
    ),
    Command(
        ("connect-test",),
        "try the way to the Central System: DNS, TCP, TLS, HTTP, WebSocket, Boot",
        options=(Option("--boot", "go the whole way, with a BootNotification (ends evsed's own connection)"),),
    ),
    Command(
        ("certify",),
        "write the pre-test report for the test laboratory (needs the source tree)",
        options=(
            Option("--against", "local: stations of its own; or the ws:// URL this station connects to", "local|URL"),
            Option("--product", "name of the product profile (default: that of the station)", "NAME"),
            Option("--out", "folder for the report (default: the current one)", "FOLDER"),
        ),
    ),
    Command(
        ("store", "recover"),
        "show what can be read of a damaged store, and bring its bills back",
        (Operand("FILE", "the damaged file, as evsed.db.corrupt-1; its log beside it is read as well"),),
        (Option("--into", "folder of the store that gets the bills not delivered yet; stop evsed first", "FOLDER"),),
    ),
    *BENCH_COMMANDS,
    *SIM_COMMANDS,
)

GROUPS: Final = {
    ("queue",): "messages that wait for the Central System",
    ("config",): "OCPP configuration keys",
    ("store",): "files of the store",
    ("pilot",): "control pilots, with the daemons stopped",
    ("meter",): "energy meters, with the daemons stopped",
    ("rfid",): "card readers, with the daemons stopped",
    ("relay",): "contactors, with the daemons stopped",
    ("lock",): "locks of socket outlets, with the daemons stopped",
    ("lamp",): "status lamps, with the daemons stopped",
    ("sim",): "operate the simulated board",
    ("sim", "ev"): "behaviour of the car",
}
"""Help of the names that only lead to further commands."""

NOT_BUILT: Final = (
    *("profiles", "reservations", "report", "bundle", "provision", "setup"),
    *("export", "import"),
)
"""Commands and options of a later version: refused as such, and absent from the help."""
