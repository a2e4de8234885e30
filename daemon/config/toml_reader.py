"""Reads TOML files: `load` any file, `read_toml` one of evsed into a draft, each mistake a `Problem` with its line."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from daemon.config.keys import SECTIONS
from daemon.config.model import Draft, Problem
from daemon.config.spelling import nearest
from daemon.filesystem import read_followed


class TomlFile(NamedTuple):
    """A file that is valid TOML."""

    text: str
    content: dict[str, Any]


def load(file: Path) -> TomlFile | Problem | None:
    """The parsed file, what is wrong with it (with the line where that is known), or None: there is no such file."""
    text = ""
    try:
        text = read_followed(file).decode()
        return TomlFile(text, tomllib.loads(text))
    except FileNotFoundError:
        return None
    except OSError as error:
        return Problem(str(file), 0, "", f"cannot be read: {error.strerror}")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        from drivers.board_file import toml_words  # imported late: a valid file needs no words

        if isinstance(error, UnicodeDecodeError):
            wrong = toml_words.of_bytes(error)
        else:
            wrong = toml_words.of_text(text, str(error))
        return Problem(str(file), wrong.line, "", f"not valid TOML: {wrong.what}")
    except RecursionError:
        return Problem(str(file), 0, "", "not valid TOML: nested too deeply")


def byte_order_mark(file: Path) -> Problem:
    """That a text file begins with one."""
    from drivers.board_file.toml_words import BYTE_ORDER_MARK

    return Problem(str(file), 1, "", BYTE_ORDER_MARK)


def read_toml(draft: Draft, file: Path, needed: bool) -> None:
    """Puts the values of `file` and its problems into the draft.  `needed`: that the file is missing is a problem."""
    loaded = load(file)
    if isinstance(loaded, TomlFile):
        draft.texts[str(file)] = loaded.text
        draft.files.append(str(file))
        for section, content in loaded.content.items():
            _read_section(draft, str(file), section, content)
    elif loaded or needed:
        draft.problems.append(loaded or Problem(str(file), 0, "", "cannot be read: No such file or directory"))
        draft.unread = True


def _read_section(draft: Draft, file: str, section: str, content: Any) -> None:
    known = [*SECTIONS, "ocpp"]
    if section not in known:
        what = "unknown section" if isinstance(content, dict) else "key outside of a section"
        close = nearest(section, known)
        _refuse(draft, file, (section, ""), what, [f"[{name}]" for name in known], close and f"[{close}]")
    elif not isinstance(content, dict):
        _refuse(draft, file, (section, ""), "must be a section", [f"[{section}] and keys below it"])
    else:
        for name, value in content.items():
            if section == "ocpp" or name in SECTIONS[section]:
                draft.put(section, name, value, file, 0)
            else:
                keys = list(SECTIONS[section])
                _refuse(draft, file, (section, name), "unknown key", keys, nearest(name, keys))


def _refuse(draft: Draft, file: str, key: tuple[str, str], what: str, allowed: list[str], close: str = "") -> None:
    section, name = key
    place = f"[{section}] {name}" if name else section
    draft.problems.append(Problem(file, draft.line(file, section, name), place, what, ", ".join(allowed), close))
