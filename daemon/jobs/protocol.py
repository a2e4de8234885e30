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
KEY_S = 600.0
"""An RSA key of 4096 bits on a slow board."""
INSTALL_S = 3600.0
"""The installer writes a whole system: it has more time."""
TRANSFER_S = 3600.0
"""A transfer ends by itself within this, and the answer comes soon after."""
SIGNER_S = 20.0
"""A certificate is judged within this, the start of evsed-job included."""
LOCK_WAIT_S = INSTALL_S + 60.0
"""An installation waits so long for the end of another one, which an earlier life of evsed began."""
ANSWER_EXTRA_S = 30.0
"""More than the job itself may take: then evsed-job has crashed or hangs."""
CANCEL = b"cancel\n"


class KeyRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A private key under a name of evsed's in the key store, and its CSR: that alone is the answer."""

    kind: str
    name: str
    common_name: str
    organization: str


class JobRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What evsed requests; `ref` comes back in the answer."""

    job: Literal["reboot", "download", "upload", "install", "check-signer", "verify", "trial", "make-key"]
    ref: int = 0
    location: str = ""
    """URL of a transfer."""
    file: str = ""
    """Name of a file in the transfers' folder: to upload, or to install."""
    certificate: str = ""
    """PEM: of who signed the image ("": an unsigned one)."""
    signature: str = ""
    """Base64."""
    utc: float = 0.0
    exact: bool = True
    """Time by which certificates are judged (see `ocpp16.step.Seal`)."""
    step: Literal["", "ask", "keep", "go-back"] = ""
    """Of a trial …"""
    digest: str = ""
    """… and the image that it is about."""
    key: KeyRequest | None = None
    """The key to be made, and what its CSR says."""
    v: Literal[1] = 1

    @property
    def within_s(self) -> float:
        """Seconds that the job may take."""
        within = {"reboot": HOOK_S, "trial": HOOK_S, "check-signer": SIGNER_S, "install": INSTALL_S, "make-key": KEY_S}
        return within.get(self.job, TRANSFER_S)

    @property
    def answered_within_s(self) -> float:
        """Seconds after which evsed expects no more answer."""
        if self.job == "check-signer":  # the Central System waits for the answer
            return self.within_s
        return self.within_s + ANSWER_EXTRA_S + (LOCK_WAIT_S if self.job == "install" else 0.0)


class JobAnswer(msgspec.Struct, frozen=True):
    """How it ended; `detail`: the path of a downloaded file, the output of a hook, or why it failed."""

    ok: bool
    detail: str = ""
    ref: int = 0
    verdict: str = ""
    """What was found out about a firmware image (see `ocpp16.events.JobDone`)."""
    v: Literal[1] = 1


def decode_request(line: bytes) -> JobRequest:
    """The request in a line.  Raises ValueError with the reason."""
    if len(line) > LINE_BYTES:
        raise ValueError(f"a line has at most {LINE_BYTES} bytes")
    try:
        return msgspec.json.decode(line, type=JobRequest)
    except (msgspec.DecodeError, RecursionError) as error:  # a ValidationError is a DecodeError
        raise ValueError(str(error)) from None
