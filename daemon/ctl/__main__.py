"""`evsectl`: one command, asked of the daemon or, with the daemon down, looked up in the store.

Exit codes: 0 well, 1 a problem was found, 2 usage, 3 daemon not reachable.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from daemon.config.model import Config, Draft
from daemon.ctl import output
from daemon.ctl.arguments import SIM_USAGE, USAGE, CommandLine, Usage, understood
from daemon.ctl.client import ANSWER_S, LOOK_S, VERSION, ControlAnswer, Daemon, Unreachable

LAST_NOTES = 50
WATCH_S = 1.0


class Asked:
    """What a command may use: the line, the configuration, the daemon."""

    def __init__(self, line: CommandLine, config: Config, daemon: Daemon) -> None:
        self.line = line
        self.config = config
        self.daemon = daemon

    def look(self, do: str, **fields: Any) -> ControlAnswer:
        """From the daemon; where it gives no answer, from the store."""
        try:
            return {**self.daemon.ask(do, **fields), "source": "daemon"}
        except Unreachable as gone:
            return self.from_store(gone, do, **fields)

    def from_store(self, gone: Unreachable, do: str, **fields: Any) -> ControlAnswer:
        """Raises Unreachable where there is nothing either."""
        from daemon.ctl import offline

        answer = self.daemon.clean(offline.answer(do, self.config, gone, **fields))
        if not self.line.as_json:
            print(f"{gone}; this is what the store holds", file=sys.stderr)
        return {**answer, "source": "store", "daemon": gone.state}

    def operand(self, number: int = 0) -> str | None:
        return self.line.operands[number] if len(self.line.operands) > number else None

    def number(self) -> int | None:
        word = self.operand()
        return None if word is None else int(word)

    def connector(self) -> int | None:
        return self.line.options.get("--connector")


def failed(answer: ControlAnswer) -> int | None:
    """The exit code of an answer that says no, told; None for one that says yes."""
    if answer.get("ok"):
        return None
    print(f"evsectl: {answer.get('error', 'refused')}", file=sys.stderr)
    return 2 if answer.get("usage") else 1


def told(asked: Asked, answer: ControlAnswer, content: Any, text: Callable[[], None]) -> int:
    """The answer in the form that was asked for."""
    code = failed(answer)
    if code is not None:
        return code
    if asked.line.as_json:
        origin = {name: answer[name] for name in ("source", "daemon") if name in answer}
        print(output.json_line({"v": VERSION, **origin, **content}))
    else:
        text()
    return 0


# --- looks ------------------------------------------------------------------------------------------------------------


def status(asked: Asked) -> int:
    return _status_told(asked, asked.look("status"))


def _status_told(asked: Asked, answer: ControlAnswer) -> int:
    content = answer.get("status", {})
    return told(asked, answer, content, lambda: output.say(output.status_text(content)))


def why(asked: Asked) -> int:
    answer = asked.look("why", connector=asked.number())
    reasons = answer.get("why", [])
    return told(asked, answer, {"why": reasons}, lambda: output.say(output.why_text(reasons)))


def queue_list(asked: Asked) -> int:
    answer = asked.look("queue")
    rows = answer.get("queue", [])
    return told(asked, answer, {"queue": rows}, lambda: output.any_rows(rows, "no report waits"))


def queue_show(asked: Asked) -> int:
    answer = asked.look("queue")
    rows = [row for row in answer.get("queue", []) if row.get("item") == asked.number()]
    if not rows and answer.get("ok"):
        answer = {"ok": False, "error": f"no report {asked.number()} waits", "usage": True}
        return told(asked, answer, {}, lambda: None)
    return told(asked, answer, {"queue": rows}, lambda: print("\n".join(f"{k}: {v}" for k, v in rows[0].items())))


def transactions(asked: Asked) -> int:
    answer = asked.look("transactions")
    rows = answer.get("transactions", [])
    return told(asked, answer, {"transactions": rows}, lambda: output.transactions(rows))


def config_get(asked: Asked) -> int:
    answer = asked.look("configuration", key=asked.operand())
    rows = answer.get("configuration", [])
    return told(asked, answer, {"configuration": rows}, lambda: output.configuration(rows))


def config_reference(asked: Asked) -> int:
    from daemon.ctl import offline

    rows = offline.reference(asked.config)
    answer = {"ok": True, "source": "product"}
    return told(asked, answer, {"configuration": rows}, lambda: output.reference(rows))


def log(asked: Asked) -> int:
    last = asked.line.options.get("--last", LAST_NOTES)
    answer = asked.look("log", last=last)
    notes = answer.get("log", [])
    return told(asked, answer, {"log": notes}, lambda: output.log(notes, "nothing is noted" if last else ""))


def trace(asked: Asked) -> int:
    """Live until the daemon ends; with it down, what the flight recorder holds."""
    following = False
    try:
        for line in asked.daemon.follow("trace"):
            following = True
            if "following" not in line:
                print(output.json_line({"v": VERSION, **line}) if asked.line.as_json else output.trace_line(line))
                sys.stdout.flush()
    except Unreachable as gone:
        if following:
            raise
        for line in asked.from_store(gone, "trace")["trace"]:
            print(output.json_line({"v": VERSION, **line}) if asked.line.as_json else output.recorded_line(line))
    return 0


def watch(asked: Asked) -> int:
    from daemon.ctl.watch import follow

    answer = asked.look("status")
    if answer["source"] == "store":
        return _status_told(asked, answer)
    follow(lambda: asked.daemon.ask("status")["status"], asked.line.as_json, WATCH_S)


# --- acts -------------------------------------------------------------------------------------------------------------


def act(asked: Asked, do: str, **fields: Any) -> int:
    """Only the daemon can do it, and only it knows what there is to do it with."""
    answer = {**asked.daemon.ask(do, **fields), "source": "daemon"}
    text = answer.get("text", "")
    return told(asked, answer, {"text": text}, lambda: print(text or "done"))


def certify(asked: Asked) -> int:
    from daemon.ctl.certify import certify as play  # late: the suite of the source tree comes with it

    options = asked.line.options
    return play(
        options.get("--against", "local"),
        options.get("--product", asked.config.station.product),
        options.get("--out", "."),
        asked.daemon.path,
    )


ACTS: dict[str, Callable[[Asked], int]] = {
    "queue park": lambda asked: act(asked, "park", item=asked.number()),
    "queue retry": lambda asked: act(asked, "retry", item=asked.number()),
    "config set": lambda asked: act(asked, "set", key=asked.operand(), value=asked.operand(1)),
    "stop-transaction": lambda asked: act(asked, "stop", connector=asked.connector()),
    "reset": lambda asked: act(asked, "reset", hard=asked.line.options.get("--hard", False)),
    "selftest": lambda asked: act(asked, "selftest", clear_latched=asked.line.options.get("--clear-latched", False)),
    "certify": certify,
    "sim": lambda asked: act(asked, "sim", words=list(asked.line.operands), connector=asked.connector()),
}


LOOKS: dict[str, Callable[[Asked], int]] = {
    "status": status,
    "why": why,
    "watch": watch,
    "trace": trace,
    "queue list": queue_list,
    "queue show": queue_show,
    "transactions": transactions,
    "config get": config_get,
    "config reference": config_reference,
    "log": log,
}


def _configured(line: CommandLine) -> Draft:
    """The configuration as far as it can be read; a file that was named must be there."""
    from daemon.config.loader import read

    missing = [file for file in line.files if not file.is_file()]
    if missing:
        raise Usage(f"{missing[0]} is not there")
    return read(line.files)


def _hush() -> None:
    """Nothing more can be printed: `evsectl … | head`, a full disk."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(
    argv: Sequence[str] | None = None,
    commands: Mapping[str, Callable[[Asked], int]] = {**LOOKS, **ACTS},
    hush: Callable[[], None] = _hush,
) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _introduced(words) if words in (["--help"], ["-h"], ["--version"]) else _done(words, commands)
        sys.stdout.flush()  # here, where it can still be told that it failed
        return code
    except Usage as wrong:
        print(f"evsectl: {wrong}", file=sys.stderr)
        return 2
    except Unreachable as gone:
        print(f"evsectl: {gone}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        hush()
        return 0
    except OSError as error:
        hush()
        where = f" {error.filename}" if error.filename else ""
        print(f"evsectl: cannot read or write{where}: {error.strerror or error}", file=sys.stderr)
        return 1


def _introduced(words: list[str]) -> int:
    from daemon import __version__

    print(f"evsectl {__version__}" if words == ["--version"] else f"{USAGE}\n{SIM_USAGE}")
    return 0


def _done(words: list[str], commands: Mapping[str, Callable[[Asked], int]]) -> int:
    from daemon.config.loader import build

    line = understood(words)
    config = build(_configured(line))
    patience_s = LOOK_S if line.name in LOOKS else ANSWER_S
    clean = (lambda answer: answer) if line.as_json else output.harmless
    daemon = Daemon(line.socket or str(config.control_socket), patience_s, clean)
    try:
        return commands[line.name](Asked(line, config, daemon))
    finally:
        daemon.close()


if __name__ == "__main__":
    sys.exit(main())
