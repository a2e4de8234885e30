"""From what a reader reads to an idTag: whole UIDs in upper-case hexadecimal digits, byte order, prefix, strip."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Order = Literal["as-read", "reversed"]
Digits = Literal["as-typed", "decimal", "wiegand-26"]
"""What a keyboard reader types: the id itself; a number of 3 or 4 bytes; three and five digits of 1 and 2 bytes."""
LONGEST: Final = 20
"""Letters of an idTag."""


class IdFormat(NamedTuple):
    """How the bytes of a card become its idTag."""

    order: Order = "as-read"
    prefix: str = ""
    """Put in front."""
    strip: str = ""
    """A leading text that is taken away first."""

    def id_tag(self, raw: str) -> str:
        """Of hexadecimal digits as read; empty where nothing is left, or more than 20 letters would be."""
        text = raw.upper()
        if self.strip and text.startswith(self.strip.upper()):
            text = text[len(self.strip) :]
        if self.order == "reversed" and len(text) % 2 == 0:
            text = "".join(text[at : at + 2] for at in range(len(text) - 2, -1, -2))
        tag = self.prefix + text
        return tag if text and len(tag) <= LONGEST else ""


def typed(line: str, digits: Digits) -> str:
    """Hexadecimal digits of what a keyboard reader has typed; empty where it is no card number of that form."""
    if digits == "as-typed":
        return line.upper() if line.isalnum() and line.isascii() else ""
    if not (line.isascii() and line.isdigit()):
        return ""
    if digits == "wiegand-26":
        facility, card = (int(line[:3]), int(line[3:])) if len(line) == 8 else (256, 0)
        return f"{facility:02X}{card:04X}" if facility < 256 and card < 65536 else ""
    length = {8: 3, 10: 4}.get(len(line), 0)
    return f"{int(line):0{2 * length}X}" if length and int(line) < 256**length else ""
