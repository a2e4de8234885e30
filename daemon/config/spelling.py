"""The known name that a misspelt one may have meant: for keys, sections, products, commands and options alike."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """The entry of `known` that is most similar to `name`, upper and lower case being equal; "" if none is similar."""
    from difflib import get_close_matches  # imported late: only a misspelt name needs it

    folded = {entry.lower(): entry for entry in known}
    found = get_close_matches(name.lower(), list(folded), n=1)
    return folded[found[0]] if found else ""
