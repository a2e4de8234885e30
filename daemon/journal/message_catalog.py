"""The catalog of `journalctl -x`: one entry a code, made from the catalogue and its explanations."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from daemon.journal.catalogue import CATALOGUE, Entry
from daemon.journal.explanations import EXPLANATIONS
from daemon.journal.journal import field_name, message_id

WIDTH = 79
_FIELD = re.compile(r"\{(\w+)\}")


def catalog() -> str:
    """The entries of `evsed` and `evsed-job`, in the order of the catalogue."""
    return "\n".join(_entry(code, row) for code, row in CATALOGUE.items())


def subject(text: str) -> str:
    """A text of the catalogue with journald's references to fields in place of its own."""
    return _FIELD.sub(lambda found: f"@{field_name(found[1])}@", text)


def entry_text(identifier: str, subject_line: str, defined_by: str, paragraphs: Iterator[str]) -> str:
    """One entry.  No line of its body begins with `--` or `#`, which would end it or be skipped."""
    wrapped = [textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False) for text in paragraphs]
    head = f"-- {identifier}\nSubject: {subject_line}\nDefined-By: {defined_by}\n"
    return head + "\n" + "\n\n".join(wrapped) + "\n"


def _entry(code: str, row: Entry) -> str:
    why, remedy = EXPLANATIONS[code]
    program = "evsed-job" if code.startswith("job-") else "evsed"

    def paragraphs() -> Iterator[str]:
        yield f"What happened ({code}): {subject(row.text)}."
        if row.failure:
            yield f"Or, where it did not succeed: {subject(row.failure)}."
        yield f"Why: {why}"
        yield f"What to do: {remedy}"

    return entry_text(message_id(code), f"{program}: {code.replace('-', ' ')}", program, paragraphs())
