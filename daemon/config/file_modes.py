"""Whether secrets stand in files that others may read: the modes of the files of a configuration.

The group counts among the others: whoever is in the group `evsed` may look at the station, and no more.
"""

from __future__ import annotations

import os
import stat

from daemon.config.model import Draft, Problem

GROUP_OR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def exposures(draft: Draft) -> tuple[Problem, ...]:
    """What is to be warned of.  A private key that everybody may read is a problem of the draft."""
    found = [_secret(file, key) for file, key in draft.secrets.items()]
    found += [_written(file) for file in draft.files]
    found.append(_private_key(draft))
    return tuple(problem for problem in found if problem is not None)


def _mode(file: str) -> int:
    """0: there is no such file, or it cannot be seen."""
    try:
        return stat.S_IMODE(os.stat(file).st_mode)
    except OSError:
        return 0


def _secret(file: str, key: str) -> Problem | None:
    mode = _mode(file)
    if not mode & GROUP_OR_OTHERS:
        return None
    what = f"a secret in a file of mode {mode:04o}: others may read it; chmod 600 {file}, owned by the user of evsed"
    return Problem(file, 0, key, what)


def _written(file: str) -> Problem | None:
    mode = _mode(file)
    if not mode & stat.S_IWOTH:
        return None
    return Problem(file, 0, "", f"mode {mode:04o}: everybody may change what evsed does; chmod o-w {file}")


def _private_key(draft: Draft) -> Problem | None:
    named = draft.values.get(("csms", "key_file"))
    if not isinstance(named, str) or not named:
        return None
    origin, _ = draft.origin["csms", "key_file"]
    file = str(draft.folder("csms", "key_file") / named)
    mode = _mode(file)
    if mode & stat.S_IRWXO:
        what = f"{file} has mode {mode:04o}: everybody may read the private key"
        draft.refuse("csms", "key_file", what, f"a file of mode 0600 (chmod 600 {file})")
    elif mode & stat.S_IRWXG:
        what = f"{file} has mode {mode:04o}: its group may read the private key; chmod 600 {file}"
        return Problem(origin, 0, "[csms] key_file", what)
    return None
