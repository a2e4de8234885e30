"""The messages between `evsed` and `evsed-job`, and their limits: one JSON line each way.

`{"v":1,"job":"reboot","ref":7}` -> `{"v":1,"ref":7,"ok":true,"detail":""}`.  A job names what shall be done, never a
program: which program that is, and under which terms files are transferred, evsed-job reads in its own configuration.
`cancel` as a second line ends a job for good; a connection that breaks ends it for now.
"""

from __future__ import annotations

from typing import Literal

import msgspec

LINE_BYTES = 16 << 10
HOOK_S = 60.0
"""A hook that runs longer is killed."""
INSTALL_S = 3600.0
"""The installer writes a whole system: it has more time."""
TRANSFER_S = 3600.0
"""A transfer ends by itself within this, and the answer comes soon after."""
LOCK_WAIT_S = INSTALL_S + 60.0
"""An installation waits so long for the end of another one, which an earlier life of evsed began."""
ANSWER_EXTRA_S = 30.0
"""More than the job itself may take: then evsed-job has crashed or hangs."""
CANCEL = b"cancel\n"


class JobRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What evsed requests; `ref` comes back in the answer."""

    job: Literal["reboot", "download", "upload", "install"]
    ref: int = 0
    location: str = ""
    """URL of a transfer."""
    file: str = ""
    """Name of a file in the transfers' folder: to upload, or to install."""
    v: Literal[1] = 1

    @property
    def within_s(self) -> float:
        """Seconds that the job may take."""
        return {"reboot": HOOK_S, "install": INSTALL_S}.get(self.job, TRANSFER_S)

    @property
    def answered_within_s(self) -> float:
        """Seconds after which evsed expects no more answer."""
        return self.within_s + ANSWER_EXTRA_S + (LOCK_WAIT_S if self.job == "install" else 0.0)


class JobAnswer(msgspec.Struct, frozen=True):
    """How it ended; `detail`: the path of a downloaded file, the output of a hook, or why it failed."""

    ok: bool
    detail: str = ""
    ref: int = 0
    v: Literal[1] = 1


def decode_request(line: bytes) -> JobRequest:
    """The request in a line.  Raises ValueError with the reason."""
    if len(line) > LINE_BYTES:
        raise ValueError(f"a line has at most {LINE_BYTES} bytes")
    try:
        return msgspec.json.decode(line, type=JobRequest)
    except (msgspec.DecodeError, RecursionError) as error:  # a ValidationError is a DecodeError
        raise ValueError(str(error)) from None
