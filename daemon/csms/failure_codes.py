"""The stable codes of failed connections; `docs/connection-failures.md` says what each means.

A code never changes its meaning.  The sentence beside it in the log may be improved at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class FailureCode(StrEnum):
    """Why a connection failed or ended; the first part is the stage."""

    DNS_NO_SUCH_NAME = "dns-no-such-name"
    DNS_NO_ADDRESS = "dns-no-address"
    DNS_NO_ANSWER = "dns-no-answer"
    DNS_FAILED = "dns-failed"
    TCP_REFUSED = "tcp-refused"
    TCP_UNREACHABLE = "tcp-unreachable"
    TCP_NO_ANSWER = "tcp-no-answer"
    TCP_RESET = "tcp-reset"
    TCP_FAILED = "tcp-failed"
    TCP_BROKEN_OFF = "tcp-broken-off"
    TCP_STALLED = "tcp-stalled"
    TCP_SILENT = "tcp-silent"
    TCP_QUEUE_FULL = "tcp-queue-full"
    TLS_NOT_SET_UP = "tls-not-set-up"
    TLS_NO_ROOT = "tls-no-root"
    TLS_CLIENT_FILES = "tls-client-files"
    TLS_CLIENT_EXPIRED = "tls-client-expired"
    TLS_NO_ANSWER = "tls-no-answer"
    TLS_CLOSED = "tls-closed"
    TLS_NOT_TLS = "tls-not-tls"
    TLS_VERSION = "tls-version"
    TLS_CIPHER = "tls-cipher"
    TLS_HANDSHAKE_REFUSED = "tls-handshake-refused"
    TLS_UNKNOWN_ISSUER = "tls-unknown-issuer"
    TLS_SELF_SIGNED = "tls-self-signed"
    TLS_BAD_SIGNATURE = "tls-bad-signature"
    TLS_WEAK_KEY = "tls-weak-key"
    TLS_WRONG_PURPOSE = "tls-wrong-purpose"
    TLS_NOT_AN_AUTHORITY = "tls-not-an-authority"
    TLS_REVOKED = "tls-revoked"
    TLS_CHAIN = "tls-chain"
    TLS_EXPIRED = "tls-expired"
    TLS_NOT_YET_VALID = "tls-not-yet-valid"
    TLS_WRONG_NAME = "tls-wrong-name"
    TLS_CLIENT_WANTED = "tls-client-wanted"
    TLS_CLIENT_REFUSED = "tls-client-refused"
    TLS_ALERT = "tls-alert"
    TLS_FAILED = "tls-failed"
    HTTP_NO_ANSWER = "http-no-answer"
    HTTP_NOT_HTTP = "http-not-http"
    HTTP_UNAUTHORIZED = "http-401"
    HTTP_FORBIDDEN = "http-403"
    HTTP_NOT_FOUND = "http-404"
    HTTP_TOO_MANY = "http-429"
    HTTP_REDIRECT = "http-redirect"
    HTTP_SERVER_ERROR = "http-server-error"
    HTTP_NO_UPGRADE = "http-no-upgrade"
    HTTP_REFUSED = "http-refused"
    WEBSOCKET_SUBPROTOCOL = "websocket-subprotocol"
    WEBSOCKET_HANDSHAKE = "websocket-handshake"
    WEBSOCKET_CLOSED = "websocket-closed"
    WEBSOCKET_PROTOCOL = "websocket-protocol"
    WEBSOCKET_NOT_ACCEPTED = "websocket-not-accepted"
    WEBSOCKET_PINGS = "websocket-pings"
    BOOT_REFUSED = "boot-refused"
    OURS = "closed-by-station"

    @property
    def event(self) -> str:
        """The security event that it is (W §9.7); "": none."""
        return SECURITY_EVENTS.get(self, "")


SECURITY_EVENTS: Mapping[FailureCode, str] = {
    FailureCode.TLS_VERSION: "InvalidTLSVersion",
    FailureCode.TLS_CIPHER: "InvalidTLSCipherSuite",
    FailureCode.TLS_UNKNOWN_ISSUER: "InvalidCentralSystemCertificate",
    FailureCode.TLS_SELF_SIGNED: "InvalidCentralSystemCertificate",
    FailureCode.TLS_BAD_SIGNATURE: "InvalidCentralSystemCertificate",
    FailureCode.TLS_WEAK_KEY: "InvalidCentralSystemCertificate",
    FailureCode.TLS_WRONG_PURPOSE: "InvalidCentralSystemCertificate",
    FailureCode.TLS_NOT_AN_AUTHORITY: "InvalidCentralSystemCertificate",
    FailureCode.TLS_REVOKED: "InvalidCentralSystemCertificate",
    FailureCode.TLS_CHAIN: "InvalidCentralSystemCertificate",
    FailureCode.TLS_EXPIRED: "InvalidCentralSystemCertificate",
    FailureCode.TLS_NOT_YET_VALID: "InvalidCentralSystemCertificate",
    FailureCode.TLS_WRONG_NAME: "InvalidCentralSystemCertificate",
    FailureCode.TLS_CLIENT_WANTED: "FailedToAuthenticateAtCentralSystem",
    FailureCode.TLS_CLIENT_REFUSED: "FailedToAuthenticateAtCentralSystem",
    FailureCode.HTTP_UNAUTHORIZED: "FailedToAuthenticateAtCentralSystem",
    FailureCode.HTTP_FORBIDDEN: "FailedToAuthenticateAtCentralSystem",
    FailureCode.WEBSOCKET_PROTOCOL: "InvalidMessages",
    FailureCode.WEBSOCKET_NOT_ACCEPTED: "InvalidMessages",
    FailureCode.WEBSOCKET_PINGS: "TooManyMessages",
}
"""Types of the whitepaper's appendix, by the failure that raises them (A00.FR.309, .315, .322, .413, .419, .426)."""
