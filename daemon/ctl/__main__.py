"""`evsectl`: carries out one command by a request to the daemon or, while the daemon is down, from the store.

Exit codes: 0 OK, 1 a problem was found or the request refused, 2 usage, 3 daemon not reachable.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from daemon.command_line import UsageError
from daemon.config.model import Config, Draft
from daemon.ctl import output
from daemon.ctl.arguments import CommandLine, parse
from daemon.ctl.client import ACTION_TIMEOUT_S, QUERY_TIMEOUT_S, VERSION, ControlAnswer, Daemon, Unreachable
from daemon.ctl.secret_values import asked
from daemon.journal import redaction

LAST_MESSAGES = 50
"""Messages that `log` shows without `--last`."""
WATCH_PERIOD_S = 1.0


class Context:
    """What a command may use: command line, configuration, daemon."""

    def __init__(self, line: CommandLine, config: Config, daemon: Daemon) -> None:
        self.line = line
        self.config = config
        self.daemon = daemon

    def query(self, do: str, **fields: Any) -> ControlAnswer:
        """The answer of the daemon or, where it gives none, that of the store.  Raises Unreachable without either."""
        try:
            return {**self.daemon.request(do, **fields), "source": "daemon"}
        except Unreachable as unreachable:
            return self.from_store(unreachable, do, **fields)

    def from_store(self, unreachable: Unreachable, do: str, **fields: Any) -> ControlAnswer:
        """The answer of the store, after the daemon gave none.  Raises Unreachable where there is no store."""
        from daemon.ctl import offline  # imported late: brings the contract machine with it

        answer = self.daemon.clean(offline.answer(do, self.config, unreachable, **fields))
        if not self.line.as_json:
            print(f"{unreachable}; showing what the store holds", file=sys.stderr)
        return {**answer, "source": "store", "daemon": unreachable.state}

    def operand(self, index: int = 0) -> str | None:
        return self.line.operands[index] if len(self.line.operands) > index else None

    def number(self, index: int = 0) -> int | None:
        text = self.operand(index)
        return None if text is None else int(text)

    def option(self, name: str, default: Any = None) -> Any:
        return self.line.options.get(name, default)


MASKED = (
    "card numbers are masked: root and members of the group evsed-admin see them; try it with sudo, "
    "or `usermod -aG evsed-admin USER`"
)


def say_masked(context: Context, answer: ControlAnswer) -> bool:
    """Says to a person on standard error that card numbers are masked, where they are."""
    if answer.get("masked") and not context.line.as_json:
        print(f"evsectl: {MASKED}", file=sys.stderr)
    return bool(answer.get("masked"))


Function = Callable[[Context], int]
"""Carries out a command; returns the exit code.  Raises Unreachable, UsageError."""


def refusal(answer: ControlAnswer) -> int | None:
    """Prints the reason of a negative answer to standard error and returns the exit code; None: a positive answer."""
    if answer.get("ok"):
        return None
    print(f"evsectl: {answer.get('error', 'refused')}", file=sys.stderr)
    return 2 if answer.get("usage") else 1


def show_answer(context: Context, answer: ControlAnswer, content: Any, show: Callable[[], None]) -> int:
    """Prints the answer as JSON or by `show`, or why there is none.  Returns the exit code."""
    code = refusal(answer)
    if code is not None:
        return code
    if context.line.as_json:
        origin = {name: answer[name] for name in ("source", "daemon", "masked") if name in answer}
        print(output.json_line({"v": VERSION, **origin, **content}))
    else:
        show()
        sys.stdout.flush()  # the remark stands below what it is about
        say_masked(context, answer)
    return 0


# --- queries ----------------------------------------------------------------------------------------------------------


def status(context: Context) -> int:
    return _show_status(context, context.query("status"))


def _show_status(context: Context, answer: ControlAnswer) -> int:
    content = answer.get("status", {})
    return show_answer(context, answer, content, lambda: output.print_folded(output.status_text(content)))


def why(context: Context) -> int:
    answer = context.query("why", connector=context.number())
    reasons = answer.get("why", [])
    return show_answer(context, answer, {"why": reasons}, lambda: output.print_folded(output.why_text(reasons)))


def queue_list(context: Context) -> int:
    answer = context.query("queue")
    rows = answer.get("queue", [])
    return show_answer(context, answer, {"queue": rows}, lambda: output.print_rows(rows, "no messages in the queue"))


def queue_show(context: Context) -> int:
    answer = context.query("queue")
    rows = [row for row in answer.get("queue", []) if row.get("item") == context.number()]
    if not rows and answer.get("ok"):
        answer = {"ok": False, "error": f"there is no item {context.number()} in the queue", "usage": True}
        return show_answer(context, answer, {}, lambda: None)
    text = "\n".join(f"{name}: {value}" for row in rows for name, value in row.items())
    return show_answer(context, answer, {"queue": rows}, lambda: print(text))


def certs(context: Context) -> int:
    from daemon.ctl.certs import certificates_text

    answer = context.query("certificates")
    rows = answer.get("certificates", [])
    columns = output.terminal_columns()
    return show_answer(context, answer, {"certificates": rows}, lambda: print(certificates_text(rows, columns)))


def transactions(context: Context) -> int:
    answer = context.query("transactions")
    rows = answer.get("transactions", [])
    return show_answer(context, answer, {"transactions": rows}, lambda: output.print_transactions(rows))


def config_get(context: Context) -> int:
    answer = context.query("configuration", key=context.operand())
    rows = answer.get("configuration", [])
    return show_answer(context, answer, {"configuration": rows}, lambda: output.print_configuration(rows))


def config_reference(context: Context) -> int:
    from daemon.ctl import offline

    rows = offline.reference(context.config)
    answer = {"ok": True, "source": "product"}
    return show_answer(context, answer, {"configuration": rows}, lambda: output.print_reference(rows))


def log(context: Context) -> int:
    last = context.option("--last", LAST_MESSAGES)
    answer = context.query("log", last=last)
    notes = answer.get("log", [])
    return show_answer(context, answer, {"log": notes}, lambda: output.print_log(notes, "no messages" if last else ""))


def security_log(context: Context) -> int:
    """With --verify 1: the log is not whole."""
    from daemon.ctl import output_security  # imported late: few ask for it

    verify = context.option("--verify", False)
    answer = context.query("security_log", last=context.option("--last", LAST_MESSAGES))
    content = {name: answer.get(name, []) for name in ("security_log", "problems")}
    code = show_answer(context, answer, content, lambda: print(output_security.text(content, verify)))
    return code or int(bool(verify and content["problems"]))


def trace(context: Context) -> int:
    """Follows the daemon until it ends (raises Unreachable then); while it is down, what the flight recorder holds."""
    following = said = False
    try:
        for line in context.daemon.follow("trace"):
            following = True
            said = said or say_masked(context, line)
            if "following" not in line:
                print(_trace_line(context, line), flush=True)
    except Unreachable as unreachable:
        if following:
            raise
        for line in context.from_store(unreachable, "trace")["trace"]:
            print(_trace_line(context, line))
    return 0


def _trace_line(context: Context, line: ControlAnswer) -> str:
    return output.json_line({"v": VERSION, **line}) if context.line.as_json else output.trace_line(line)


def watch(context: Context) -> int:
    from daemon.ctl.watch import follow

    answer = context.query("status")
    if answer["source"] == "store":
        return _show_status(context, answer)
    say_masked(context, answer)
    follow(lambda: context.daemon.request("status")["status"], context.line.as_json, WATCH_PERIOD_S)


def doctor(context: Context) -> int:
    """1: something keeps the station from its work."""
    from daemon.ctl.doctor import examination, findings  # imported late: brings the contract machine with it

    board = context.option("--board")
    found = examination.examined(
        context.config, examination.mistakes(context.line.files), context.daemon, board and Path(board)
    )
    if context.line.as_json:
        print(output.json_line({"v": VERSION, "findings": [each.row() for each in found]}))
    else:
        output.print_folded(findings.text_of(found))
    return 0 if findings.is_well(found) else 1


QUERIES: dict[str, Function] = {
    "status": status,
    "why": why,
    "watch": watch,
    "trace": trace,
    "queue list": queue_list,
    "queue show": queue_show,
    "transactions": transactions,
    "certs": certs,
    "config get": config_get,
    "config reference": config_reference,
    "log": log,
    "security-log": security_log,
    "doctor": doctor,
}
"""Commands that only look: while the daemon is down the store answers."""


# --- actions ----------------------------------------------------------------------------------------------------------


def request(context: Context, do: str, **fields: Any) -> int:
    """Sends a request that only the daemon can carry out, and prints its answer."""
    answer = {**context.daemon.request(do, **fields), "source": "daemon"}
    text = answer.get("text", "")
    return show_answer(context, answer, {"text": text}, lambda: print(text or "done"))


def certify(context: Context) -> int:
    from daemon.ctl import certify  # imported late: brings the conformance suite with it

    return certify.certify(
        context.option("--against", certify.LOCAL),
        context.option("--product", context.config.station.product),
        context.option("--out", "."),
        context.daemon.path,
        _station_names(context.config),
    )


def _station_names(config: Config) -> dict[str, str]:
    """Of `[station]`: the report is about the OEM's own product."""
    me = config.identity
    return {name: text for name, text in (("vendor", me.vendor), ("model", me.model), ("serial", me.serial)) if text}


def simulate(context: Context) -> int:
    return request(context, "sim", words=list(context.line.operands), connector=context.option("--connector"))


def store_recover(context: Context) -> int:
    """Needs neither daemon nor configuration; 1: something could not be read."""
    from daemon.ctl.recover import Refused, recover  # imported late: brings the store with it

    into = context.option("--into")
    try:
        found = recover(Path(context.operand() or ""), None if into is None else Path(into))
    except Refused as refused:
        print(f"evsectl: {refused}", file=sys.stderr)
        return 1
    content = {"transactions": found.rows, "lost": found.lost, "merged": found.merged}
    if context.line.as_json:
        print(output.json_line({"v": VERSION, "source": "file", **content}))
    else:
        output.print_rows(context.daemon.clean(content)["transactions"], "no transactions")
        print(found.lost)
        if found.merged is not None:
            print(f"brought into {into}: {', '.join(map(str, found.merged)) or 'nothing, it was all there'}")
    return 0 if found.is_whole else 1


def try_board(context: Context) -> int:
    from daemon.ctl import bench  # imported late: brings the drivers with it

    return bench.run(context.line, context.number(1 if context.line.name == "pilot set" else 0))


BENCH: dict[str, Function] = dict.fromkeys(
    (
        *("pilot show", "pilot monitor", "pilot set", "pilot calibrate"),
        *("meter read", "meter scan", "rfid read", "relay test", "lock test", "lamp test"),
    ),
    try_board,
)
"""Commands that need the board for themselves: the daemons must be stopped."""


def connect_test(context: Context) -> int:
    """10 to 15: the stage that failed.  Without --boot nothing takes the place of the connection of evsed."""
    from daemon.ctl import connect_test  # imported late: brings TLS and WebSocket with it
    from daemon.ctl.tested_set import in_force
    from daemon.host_clock import now

    config, boot = context.config, context.option("--boot", False)
    if not (config.station.id and config.csms.url):
        raise UsageError("[station] id and [csms] url are needed: is this the right --config?")
    try:
        status = context.daemon.request("status").get("status", {})
    except Unreachable:
        status = {}
    running = [row["number"] for row in status.get("connectors", ()) if row.get("transaction") is not None]
    if boot and running:
        raise UsageError(f"connector {running[0]} has a transaction: a test with --boot would cut its connection")
    results: list[connect_test.StageResult] = []
    utc = now().utc or time.time()

    def show(result: connect_test.StageResult) -> None:
        results.append(result)
        if not context.line.as_json:
            mark = {True: "ok", False: "FAILED", None: ""}[result.ok]
            lines = connect_test.chain_lines(result.chain, utc)
            output.print_folded("\n".join([f"{result.stage:<10}{mark:<8}{result.text}", *lines]))

    linked = bool(status.get("linked"))
    tested = in_force(config)
    if tested.source and not context.line.as_json:
        output.print_folded(tested.source)
    code = connect_test.command(config, tested, linked=linked, boot=boot, show=show)
    if context.line.as_json:
        rows = [result.row() for result in results]
        print(output.json_line({"v": VERSION, "url": tested.url, "stages": rows, "exit_code": code}))
    elif linked and not boot and code == 0:
        print("stopped before the WebSocket: evsed is connected, and a second connection would end the first one")
    return code


ACTIONS: dict[str, Function] = {
    "queue park": lambda context: request(context, "park", item=context.number()),
    "queue retry": lambda context: request(context, "retry", item=context.number()),
    "config set": lambda context: request(
        context, "set", **asked(context.operand(), context.operand(1), context.option("--trial", False))
    ),
    "stop-transaction": lambda context: request(context, "stop", connector=context.option("--connector")),
    "reset": lambda context: request(context, "reset", hard=context.option("--hard", False)),
    "selftest": lambda context: request(context, "selftest", clear_latched=context.option("--clear-latched", False)),
    "reconnect": lambda context: request(context, "reconnect"),
    "certify": certify,
    "connect-test": connect_test,
    "store recover": store_recover,
    "sim": simulate,
}
"""Commands that change something: only the daemon can carry them out."""


# --- the program ------------------------------------------------------------------------------------------------------


def silence_stdout() -> None:
    """Discards further output, after it could not be written (`evsectl … | head`, a full disk)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(
    argv: Sequence[str] | None = None,
    functions: Mapping[str, Function] = {**QUERIES, **ACTIONS, **BENCH},
    silence: Callable[[], None] = silence_stdout,
) -> int:
    """Runs `evsectl`; returns the exit code.  Whatever fails is one line on standard error."""
    try:
        code = _run(sys.argv[1:] if argv is None else argv, functions)
        sys.stdout.flush()  # here, where a failure can still be reported
        return code
    except UsageError as error:
        print(f"evsectl: {error}", file=sys.stderr)
        return 2
    except Unreachable as unreachable:
        print(f"evsectl: {unreachable}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        silence()
        return 0
    except OSError as error:
        silence()
        where = f" {error.filename}" if error.filename else ""
        print(f"evsectl: cannot read or write{where}: {error.strerror or error}", file=sys.stderr)
        return 1


def _run(argv: Sequence[str], functions: Mapping[str, Function]) -> int:
    try:
        line = parse(argv)
    except SystemExit:  # --help and --version have printed
        return 0
    from daemon.config.loader import build  # imported late: not needed for help

    config = build(_read_files(line))
    timeout_s = QUERY_TIMEOUT_S if line.name in QUERIES else ACTION_TIMEOUT_S
    clean = (lambda answer: answer) if line.as_json else redaction.printable
    daemon = Daemon(line.socket or str(config.control_socket), timeout_s, clean)
    try:
        return functions[line.name](Context(line, config, daemon))
    finally:
        daemon.close()


def _read_files(line: CommandLine) -> Draft:
    """The configuration as far as it can be read.  Raises UsageError where a named file does not exist."""
    from daemon.config.loader import read

    missing = [file for file in line.files if not file.is_file()]
    if missing:
        raise UsageError(f"there is no file {missing[0]}")
    return read(line.files)


if __name__ == "__main__":
    sys.exit(main())
