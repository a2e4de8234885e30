"""The board's commands of `evsectl`, with the daemons stopped: what the bench has found, as text or as JSON lines."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from daemon.command_line import UsageError
from daemon.ctl import output
from daemon.ctl.arguments import CommandLine
from daemon.ctl.commands import amps_or_off
from drivers.assembly.ports import MachinePorts, Ports
from drivers.bench import cards, meter_scan, meters, outputs, pilots
from drivers.bench.findings import Bench, Finding
from drivers.board_file.toml_reader import read_toml
from drivers.process.config import DEFAULT_FILE, BoardConfig, ConfigRefused, read

TIMEOUT_S: Final = 30.0
"""`rfid read` without `--timeout`."""
FIRST: Final = ("connector", "bus", "address", "lamp", "driver")
LAST: Final = ("expected", "saw", "problem", "advice")
MASKED_OF_JSON: Final = ("expected", "saw")
"""`meter read` tells them to people only."""
UNITS: Final = {"volts": "V", "amps": "A", "watts": "W", "hertz": "Hz"}
RUNNING: Final = {
    "problem": "evsed-board is running, and the board is its own",
    "advice": "stop it first: systemctl stop evsed evsed-board",
}
SIMULATED: Final = {
    "problem": "the board is simulated",
    "advice": 'only a board of kind = "parts" has something to be tried; evsectl sim plays with this one',
}


def run(line: CommandLine, connector: int | None, ports: Ports | None = None) -> int:
    """Carries out a command; 1 where anything is wrong.  Raises UsageError with all that is wrong with the file."""
    config = _config(line)
    board = config.parts
    if board is None:
        return _print(line, [SIMULATED])
    if _is_running(config.socket):
        return _print(line, [RUNNING])
    bench = Bench(board, ports or MachinePorts(), time.monotonic, time.sleep)
    if connector is not None and connector not in {each.number for each in board.connectors}:
        raise UsageError(f"there is no connector {connector}; the board file has {len(board.connectors)}")
    with _ended_properly():
        return _print(line, _findings(line, bench, connector))


@contextmanager
def _ended_properly() -> Iterator[None]:
    """SIGTERM and a lost terminal end a command as Ctrl-C does: what it has closed is opened first."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _findings(line: CommandLine, bench: Bench, connector: int | None) -> Iterable[Finding]:
    match line.name:
        case "pilot show":
            return pilots.show(bench, connector)
        case "pilot monitor":
            return pilots.monitor(bench, connector, int(line.options.get("--times", 0)))
        case "pilot set":
            return pilots.put(bench, connector, amps_or_off(line.operands[0]))
        case "pilot calibrate":
            return pilots.calibrate(bench, connector, lambda text: print(text, file=sys.stderr, flush=True))
        case "meter read":
            return meters.read(bench, connector)
        case "meter scan":
            return meter_scan.scan(bench, line.options.get("--bus"))
        case "rfid read":
            return iter([cards.read(bench, line.options.get("--timeout", TIMEOUT_S))])
        case "relay test":
            return outputs.try_relays(bench, connector)
        case "lock test":
            return outputs.try_locks(bench, connector)
        case _:
            return outputs.try_lamps(bench)


# --- the board file ---------------------------------------------------------------------------------------------------


def _config(line: CommandLine) -> BoardConfig:
    """`--board`, else that one of the files of `--config` which is a board file, else the default."""
    given = line.options.get("--board")
    path = Path(given) if given else next(_board_files(line.files), DEFAULT_FILE)
    if not path.is_file():
        raise UsageError(f"there is no board file {path}; name it: --board FILE")
    try:
        return read(path)
    except ConfigRefused as problems:
        raise UsageError(str(problems)) from problems


def _board_files(files: Sequence[Path]) -> Iterator[Path]:
    for file in files:
        try:
            content = read_toml(file).content
        except (OSError, ValueError):
            continue
        if "kind" in content or "connector" in content:
            yield file


def _is_running(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.setblocking(False)
        try:
            client.connect(str(path))
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True


# --- what is shown ----------------------------------------------------------------------------------------------------


def _print(line: CommandLine, findings: Iterable[Finding]) -> int:
    """One finding a line, each as soon as it is there."""
    wrong = False
    for finding in findings:
        wrong = wrong or "problem" in finding
        if line.as_json:
            hidden = MASKED_OF_JSON if line.name == "meter read" else ()
            print(output.json_line({name: value for name, value in finding.items() if name not in hidden}))
        else:
            print(text_of(finding))
        sys.stdout.flush()
    return int(wrong)


def text_of(finding: Finding) -> str:
    """For people: what it is about, what was read; expected, seen, wrong and to be checked a line each."""
    head = ", ".join(f"{name} {finding[name]}" if name != "driver" else str(finding[name] or "unknown device")
                     for name in FIRST if name in finding)  # fmt: skip
    values = [_value(name, value) for name, value in finding.items() if name not in (*FIRST, *LAST, "ok")]
    if finding.get("ok"):
        values.insert(0, "OK")
    lines = [": ".join(part for part in (head, "; ".join(values)) if part)] if head or values else []
    lines += [f"  {_WORDS[name]}: {finding[name]}" for name in LAST if finding.get(name)]
    return "\n".join(lines)


_WORDS: Final = {"expected": "expected", "saw": "saw", "problem": "wrong", "advice": "check"}


def _value(name: str, value: Any) -> str:
    if name == "wh":
        return f"{value / 1000:.3f} kWh"
    if name in UNITS:
        return " ".join(f"{number:g}" for number in (value if isinstance(value, list) else [value])) + f" {UNITS[name]}"
    return f"{name} {value}"
