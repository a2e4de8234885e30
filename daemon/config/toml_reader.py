"""A TOML file of ours becomes a draft: what it says, and each wrong key with its line and the nearest one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from daemon.config.keys import SECTIONS
from daemon.config.model import Draft, Problem


def nearest_late(word: str, known: Sequence[str]) -> str:
    from daemon.config.line_numbers import nearest  # late, like all that only a mistake needs

    return nearest(word, known)


def read_toml(draft: Draft, file: Path, needed: bool) -> None:
    """What stands in it goes into the draft; what is wrong, among its problems.  `needed`: it must be there."""
    text = ""
    line, what = 0, ""
    try:
        text = file.read_bytes().decode("utf-8")
        content = tomllib.loads(text)
    except FileNotFoundError as error:
        if not needed:
            return
        what = f"cannot be read: {error.strerror}"
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        line, what = error.object[: error.start].count(b"\n") + 1, "it is not UTF-8 text"
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line, what = int(found.group(1)) if found else len(text.splitlines()), f"it is no TOML: {error}"
    except RecursionError:
        what = "it is no TOML: brackets in brackets without end"
    else:
        draft.texts[str(file)] = text
        for section, content_of in content.items():
            _read_section(draft, str(file), section, content_of)
        return
    draft.problems.append(Problem(str(file), line, "", what))
    draft.unread = True


def _read_section(draft: Draft, file: str, section: str, content: Any) -> None:
    known = [*SECTIONS, "ocpp"]
    if section not in known:
        what = "there is no such section" if isinstance(content, dict) else "it stands outside of a section"
        allowed = ", ".join(f"[{name}]" for name in known)
        close = nearest_late(section, known)
        line = draft.line(file, section)
        draft.problems.append(Problem(file, line, section, what, allowed, close and f"[{close}]"))
        return
    if not isinstance(content, dict):
        line = draft.line(file, section)
        draft.problems.append(Problem(file, line, section, "it must be a section", f"[{section}] and keys below it"))
        return
    for name, value in content.items():
        if section == "ocpp" or name in SECTIONS[section]:
            draft.put(section, name, value, file, 0)
        else:
            keys = list(SECTIONS[section])
            where = draft.line(file, section, name)
            draft.problems.append(
                Problem(
                    file,
                    where,
                    f"[{section}] {name}",
                    "there is no such key",
                    ", ".join(keys),
                    nearest_late(name, keys),
                )
            )
