"""Card numbers -> pseudonyms under a key of the unit: equal cards stay equal, and nothing else of them stays.

A pseudonym is a keyed hash of one length and two classes, hexadecimal texts and others: neither its length nor its
letters tell anything of the card, so it cannot be narrowed down by what else is known of it.  `docs/support-bundle.md`
says what that protects against, and what not.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from daemon.journal.redaction import CARD_CHARS

REMEMBERED = 1000
"""Card numbers whose pseudonym is remembered."""
LONGEST_READ = 4096
"""Characters of a text that are hashed; what is longer is no card, and differs by its length."""

_HEX = re.compile(r"[0-9a-f]+")


class Pseudonyms:
    """`tag` is one function of the text, as long as the key is the same."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[str, str] = {}

    def tag(self, id_tag: str) -> str:
        """16 hexadecimal digits for a hexadecimal text, `card-` and 14 of them for another: at most 20 characters.

        Upper and lower case of one card are one card (§7.28).  A text that is too long for a card stays too long,
        an empty one empty, so that a replay refuses them just so.
        """
        folded = id_tag.casefold()
        if not folded:
            return ""
        if len(id_tag) > CARD_CHARS:
            return f"too-long-{self._digest(f'{len(folded)}:{folded[:LONGEST_READ]}')}"
        if folded not in self._known:
            if len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            digest = self._digest(folded)
            self._known[folded] = digest if _HEX.fullmatch(folded) else f"card-{digest[:14]}"
        return self._known[folded]

    def _digest(self, text: str) -> str:
        return blake2b(text.encode(errors="surrogatepass"), key=self._key, digest_size=8).hexdigest()
