"""The error codes of a CALLERROR (J 4.2.3), and the refusal of a request with one of them."""

from __future__ import annotations

from typing import Literal

import msgspec

MAX_DESCRIPTION = 255
"""Characters of an errorDescription, sent and received (J 4.2.3)."""

ErrorCode = Literal[
    "NotImplemented",
    "NotSupported",
    "InternalError",
    "ProtocolError",
    "SecurityError",
    "FormationViolation",
    "PropertyConstraintViolation",
    "OccurenceConstraintViolation",
    "TypeConstraintViolation",
    "GenericError",
]
"""J 4.2.3, spelled as in 1.6 (`Occurence` included)."""


class Refusal(msgspec.Struct, frozen=True):
    """A request or payload that is refused: the code and description of the CALLERROR that answers it."""

    code: ErrorCode
    description: str
