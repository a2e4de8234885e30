"""What is generated from the parsers of the four programs: man pages and the completion of bash."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from daemon import __main__ as evsed
from daemon.ctl import arguments
from daemon.ctl.commands import GROUPS
from daemon.jobs import process as evsed_job
from drivers.process import board_process

FILES = {
    "evsed": "/etc/evsed/evsed.toml, /etc/evsed/evsed.env (secrets), /var/lib/evsed, /run/evsed/control.sock",
    "evsed-board": "/etc/evsed/board.toml, /run/evsed/board.sock",
    "evsed-job": "/etc/evsed/evsed.toml, /var/lib/evsed",
    "evsectl": "/etc/evsed/evsed.toml, /run/evsed/control.sock, /var/lib/evsed",
}
SEE_ALSO = ("evsectl(1)", "evsed(8)", "evsed-board(8)", "evsed-job(8)", "journalctl(1)")
Leaf = tuple[tuple[str, ...], argparse.ArgumentParser]


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each program."""
    return {
        "evsed": evsed.parser(),
        "evsed-board": board_process.parser(),
        "evsed-job": evsed_job.parser(),
        "evsectl": arguments.parser(),
    }


def pages() -> dict[str, str]:
    """All generated files by their path."""
    made = {f"man/{name}.{section(name)}": man_page(name, parser) for name, parser in parsers().items()}
    return {**made, "completion/evsectl.bash": completion()}


def section(name: str) -> int:
    return 1 if name == "evsectl" else 8


def leaves(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Every command below this parser, in the order of its help; a program without commands is one."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield path, parser
    for action in below:
        for name, each in action.choices.items():
            yield from leaves(each, (*path, name))


def own_actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """What a person may give: no commands, nothing that the help hides."""
    return [
        action
        for action in parser._actions
        if action.help != argparse.SUPPRESS and not isinstance(action, argparse._SubParsersAction)
    ]


# --- man pages --------------------------------------------------------------------------------------------------------


def roff(text: str) -> str:
    """Text that troff prints as it stands."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    lines = escaped.splitlines() or [""]
    return "\n".join(f"\\&{line}" if line.startswith((".", "'")) else line for line in lines)


def man_page(name: str, parser: argparse.ArgumentParser) -> str:
    """A page for man(1)."""
    description = (parser.description or "").strip()
    lines = [
        '.\\" Written by `make docs` from the parser; do not edit.',
        f'.TH {name.upper()} {section(name)} "" evsed "evsed"',
        ".SH NAME",
        f"{roff(name)} \\- {roff(description.splitlines()[0].rstrip('.'))}",
        ".SH SYNOPSIS",
        f".B {roff(name)}",
        roff("[OPTION]... COMMAND [ARGUMENT]..." if name == "evsectl" else "[OPTION]..."),
        ".SH DESCRIPTION",
        roff(description),
        ".SH OPTIONS",
        *_actions(own_actions(parser)),
    ]
    if name == "evsectl":
        common = {option for action in own_actions(parser) for option in action.option_strings}
        lines.append(".SH COMMANDS")
        for path, leaf in leaves(parser):
            lines += [f'.SS "{roff(" ".join(path))}"', roff(leaf.description or "")]
            lines += _actions([each for each in own_actions(leaf) if not common & set(each.option_strings)])
    codes = [line for line in (parser.epilog or "").splitlines() if line.startswith("exit codes: ")]
    lines += [".SH EXIT STATUS", roff(codes[0].removeprefix("exit codes: ") + ".")] if codes else []
    lines += [".SH FILES", roff(FILES[name])]
    others = ", ".join(each for each in SEE_ALSO if not each.startswith(f"{name}("))
    return "\n".join([*lines, ".SH SEE ALSO", roff(others), ""])


def _actions(actions: list[argparse.Action]) -> Iterator[str]:
    for action in actions:
        value = action.metavar or (action.dest if not action.option_strings else "")
        if action.choices is not None:
            value = "|".join(map(str, action.choices))
        shown = ", ".join(action.option_strings) or str(value)
        if action.option_strings and action.nargs != 0:
            shown = f"{shown} {value}"
        yield ".TP"
        yield f".B {roff(shown)}"
        yield roff(action.help or "")


# --- completion -------------------------------------------------------------------------------------------------------

BASH = """# bash completion of evsectl.  Written by `make docs` from its parser; do not edit.
_evsectl_words() {
    case "$1" in
%s
    esac
}

_evsectl() {
    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" path="" word skip=""
    case "$previous" in
        --config|--socket|--out|--into|--board)
            COMPREPLY=($(compgen -f -- "$current"))
            return ;;
    esac
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        if [ -n "$skip" ]; then
            skip=""
        elif [ "$word" = --config ] || [ "$word" = --socket ]; then
            skip=1
        elif [ -n "$(_evsectl_words "${path:+$path }$word")" ]; then
            path="${path:+$path }$word"
        fi
    done
    COMPREPLY=($(compgen -W "$(_evsectl_words "$path")" -- "$current"))
}
complete -o default -F _evsectl evsectl
"""


def completions() -> dict[str, list[str]]:
    """The words that may follow each complete path of names."""
    made: dict[str, list[str]] = {"": []}
    top = arguments.parser()
    made[""] += [option for action in own_actions(top) for option in action.option_strings]
    for group in GROUPS:
        made.setdefault(" ".join(group), [])
    for path, leaf in leaves(top):
        for depth in range(len(path)):
            words = made.setdefault(" ".join(path[:depth]), [])
            if path[depth] not in words:
                words.append(path[depth])
        options = [option for action in own_actions(leaf) for option in action.option_strings]
        choices = [str(each) for action in own_actions(leaf) for each in action.choices or ()]
        made[" ".join(path)] = [*choices, *options]
    return made


def completion() -> str:
    """completion/evsectl.bash."""
    rows = (f'        "{path}") echo "{" ".join(words)}" ;;' for path, words in completions().items())
    return BASH % "\n".join(rows)
