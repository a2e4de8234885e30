"""The gate between handshake and upgrade request: may this server hear our credentials?

OpenSSL has verified chain, signatures, purposes and strengths.  Here are the dates of every certificate against a clock
that may be wrong, and the names.
"""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from daemon.csms.failure_causes import ConnectionFailed, quoted
from daemon.csms.failure_codes import FailureCode as Code
from daemon.csms.tls_context import CIPHER_SUITES
from daemon.security.certificate import CertificateFacts, verified_chain
from daemon.security.host_names import names_host


class Source(Enum):
    """How sure a time is, in words that a time follows."""

    SURE = "the clock says"
    UNCONFIRMED = "the clock, not synchronised, says"
    FLOOR = "the clock is not set; it is at least"


class Moment(NamedTuple):
    """The time that certificates are judged by, UTC seconds since 1970, and where it is from."""

    utc: float
    source: Source = Source.SURE

    def __str__(self) -> str:
        return f"{self.source.value} {written(self.utc)}"


def moment_of(sure_utc: float | None, wall_utc: float, floor_utc: float) -> Moment:
    """A time known to be right, else the host's clock unless it is behind `floor_utc`, which has certainly passed.

    A clock that nobody confirms is believed here: whoever cannot set it would otherwise accept what has expired.
    """
    if sure_utc is not None:
        return Moment(sure_utc)
    return Moment(wall_utc, Source.UNCONFIRMED) if wall_utc >= floor_utc else Moment(floor_utc, Source.FLOOR)


def written(utc: float) -> str:
    """UTC to the minute, for a person; years beyond 9999 by their seconds."""
    try:
        return datetime.datetime.fromtimestamp(utc, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return f"{utc:.0f} s since 1970"


def judge(link: ssl.SSLObject, host: str, moment: Moment, *, wildcards: bool = False) -> ConnectionFailed | None:
    """Why nothing may be sent on this link; None where it may (A00.FR.307–.312, .318)."""
    suite, *_ = link.cipher() or ("none",)
    if link.version() not in ("TLSv1.2", "TLSv1.3"):
        what = f"the server speaks {link.version()}"
        return ConnectionFailed("TLS", what, "TLS 1.2 or later is needed", code=Code.TLS_VERSION)
    if link.version() == "TLSv1.2" and suite not in CIPHER_SUITES:
        what = f"the server chose the cipher suite {suite}"
        return ConnectionFailed("TLS", what, "it was not offered", code=Code.TLS_CIPHER)
    chain = verified_chain(link)
    return out_of_date(chain, moment) or wrong_name(chain[0], host, wildcards)


def out_of_date(chain: Sequence[CertificateFacts], moment: Moment) -> ConnectionFailed | None:
    """The first certificate of the chain whose time is over or has not come.

    The trusted one at the end counts too: a root that has expired vouches for nobody.
    """
    for place, certificate in enumerate(chain):
        whose = _whose(place, certificate)
        if moment.utc > certificate.not_after:
            what = f"{whose} expired on {written(certificate.not_after)} ({moment})"
            return ConnectionFailed("TLS", what, "it must be renewed", code=Code.TLS_EXPIRED)
        if moment.utc < certificate.not_before:
            what = f"{whose} is valid from {written(certificate.not_before)} on ({moment})"
            hint = "set the clock: is NTP reachable?"
            return ConnectionFailed("TLS", what, hint, code=Code.TLS_NOT_YET_VALID)
    return None


def wrong_name(certificate: CertificateFacts, host: str, wildcards: bool) -> ConnectionFailed | None:
    """A certificate that was made for another host."""
    if names_host(certificate, host, wildcards=wildcards):
        return None
    names = dict.fromkeys((*certificate.common_names, *certificate.dns_names, *certificate.addresses))
    made_for = quoted(", ".join(names)) if names else "nobody"
    what = f"the server's certificate is for {made_for}, not for {quoted(host)}"
    hint = "check [csms] url; [csms] wildcards = true accepts them" if "*" in made_for else "check [csms] url"
    return ConnectionFailed("TLS", what, hint, code=Code.TLS_WRONG_NAME)


def _whose(place: int, certificate: CertificateFacts) -> str:
    if place == 0:
        return "the server's certificate"
    return f"the certificate of its issuer {quoted(certificate.subject)}"
