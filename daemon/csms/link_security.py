"""With what a connection proves the station, and how the Central System must prove itself: by the security profile."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable, Mapping

import msgspec

from daemon.config.model import Config
from daemon.csms import tls_context, tls_judgement
from daemon.csms.failure_causes import ConnectionFailed
from daemon.csms.failure_codes import FailureCode as Code
from daemon.csms.tls_context import TlsSettings
from daemon.csms.tls_judgement import Moment, written
from daemon.security.certificate import verified_chain
from daemon.security.certificate_jobs import Settings
from ocpp16.events import PeerCertificate

NAME_CHARS = 200
"""Of a certificate's subject, in events."""


class Credentials(msgspec.Struct, frozen=True):
    """What security profile and identity ask for; `key` are the password's bytes, not its hexadecimal text."""

    profile: int = 0
    station_id: str = ""
    key: bytes = b""
    tls: TlsSettings = TlsSettings()

    def __repr__(self) -> str:  # the key stays out of tracebacks
        return f"Credentials(profile={self.profile}, station_id={self.station_id!r})"


def credentials_of(config: Config) -> Credentials:
    """As the configuration has them."""
    csms = config.csms
    key = password_bytes(csms.authorization_key, csms.password)
    tls = TlsSettings(csms.ca_file, csms.cert_file, csms.key_file, csms.wildcards)
    return Credentials(csms.security_profile, config.station.id, key, tls)


def certificate_settings(config: Config) -> Settings:
    """What the configuration says about certificates and the key of the station's own."""
    csms = config.csms
    return Settings(csms.ca_file, csms.cert_file, csms.station_key, csms.certificates_over_ws)


def password_bytes(authorization_key: str, password: str) -> bytes:
    """The bytes of the Basic password: of 32 to 40 hexadecimal digits, else of the text (J §6.2.2)."""
    return bytes.fromhex(authorization_key) if authorization_key else password.encode("utf-8")


def basic(station_id: str, key: bytes) -> str:
    """The value of the Authorization header: identity, colon, the key's own bytes (J §6.2.2, A00.FR.204)."""
    return "Basic " + base64.b64encode(station_id.encode() + b":" + key).decode("ascii")


class LinkSecurity:
    """Asked at each attempt, so that a file that was renewed counts from the next one.

    `moment` gives the time to judge certificates by.  `credentials` may be exchanged between two attempts.
    """

    def __init__(self, credentials: Credentials, moment: Callable[[], Moment]) -> None:
        self.credentials = credentials
        self._moment = moment
        self.chain: tuple[PeerCertificate, ...] = ()
        """The server's chain that was judged last, its trusted root at the end."""

    def headers(self) -> Mapping[str, str]:
        """Of the upgrade request: HTTP Basic in profiles 1 and 2 (A00.FR.203, A00.FR.302), nothing in 0 and 3."""
        wanted = self.credentials
        return {"Authorization": basic(wanted.station_id, wanted.key)} if wanted.profile in (1, 2) else {}

    def context(self, scheme: str) -> ssl.SSLContext | None:
        """The TLS context; None for ws.  Raises ConnectionFailed where the profile cannot be kept.

        Profiles 2 and 3 never go without TLS, and 3 never without a certificate that is valid now (A00.FR.003, .401).
        """
        wanted = self.credentials
        if (scheme == "wss") != (wanted.profile >= 2):
            what = f"security profile {wanted.profile} and {scheme}:// do not go together"
            raise ConnectionFailed("TLS", what, "nothing is sent with less protection", code=Code.TLS_NOT_SET_UP)
        if scheme == "ws":
            return None
        settings = wanted.tls if wanted.profile == 3 else msgspec.structs.replace(wanted.tls, cert_file="", key_file="")
        if wanted.profile == 3:
            self._check_client(settings)
        return tls_context.make_context(settings)

    def _check_client(self, settings: TlsSettings) -> None:
        if not settings.cert_file:
            what = "security profile 3 needs a certificate of the station"
            raise ConnectionFailed("TLS", what, "set [csms] cert_file and key_file", code=Code.TLS_CLIENT_FILES)
        own, moment = tls_context.client_certificate(settings), self._moment()
        if own is None:  # said by `make_context`, with its reason
            return
        if not own.not_before <= moment.utc <= own.not_after:
            what = f"the station's certificate is valid from {written(own.not_before)} to {written(own.not_after)}"
            hint = f"{moment}; it needs a new one"
            raise ConnectionFailed("TLS", what, hint, code=Code.TLS_CLIENT_EXPIRED)

    def explained(self, failed: ConnectionFailed) -> ConnectionFailed:
        """A connection that ended without a word after the handshake, explained by the profile.

        TLS 1.3 refuses a client certificate when the handshake is over for the client, and many servers then just
        close.
        """
        if failed.code is not Code.HTTP_NO_ANSWER or self.credentials.profile < 2:
            return failed
        if self.credentials.profile == 3:
            what = "the server ended the connection right after the handshake"
            hint = "it probably refuses the station's certificate: does it know its issuer, is it the right one?"
            return ConnectionFailed("TLS", what, hint, code=Code.TLS_CLIENT_REFUSED)
        what = "the server ended the connection right after the handshake, without an answer"
        hint = "does it want a certificate of the station (security profile 3), or is it out of order?"
        return ConnectionFailed("HTTP", what, hint, code=Code.HTTP_NO_ANSWER)

    def judge(self, link: ssl.SSLObject | None, host: str) -> ConnectionFailed | None:
        """After the handshake, before anything is sent: why nothing may be; None where it may, or without TLS."""
        self.chain = ()
        if link is None:
            return None
        self.chain = tuple(
            PeerCertificate(one.subject[:NAME_CHARS], one.serial_number[:40], one.not_before, one.not_after)
            for one in verified_chain(link)
        )
        return tls_judgement.judge(link, host, self._moment(), wildcards=self.credentials.tls.wildcards)
