"""Defects of the security profiles and of certificates, planted like the others (`defects.py`)."""

from __future__ import annotations

from typing import Any

from tests.conformance.planted.defects import Payload, answer, instead, red, request

HASHES = "certificateHashData"


# --- how a connection proves itself -----------------------------------------------------------------------------------


@red("073", "085")
def password_is_its_hexadecimal_text() -> None:
    """The digits of the AuthorizationKey are the password, not the bytes that they mean."""
    from daemon.csms import connection_files, link_security

    def text(authorization_key: str, password: str) -> bytes:
        return (authorization_key or password).encode()

    instead(link_security, "password_bytes", text)
    instead(connection_files, "password_bytes", text)


@red("085")
def user_is_not_the_identity() -> None:
    """The user of HTTP Basic is not the identity of the URL."""
    from daemon.csms import link_security

    basic = link_security.basic
    instead(link_security, "basic", lambda station_id, key: basic(station_id.lower(), key))


def accept_in_words(key: str) -> None:
    """ChangeConfiguration of the key is answered Accepted, and nothing follows."""
    from ocpp16.station.connection_keys import ConnectionKeys

    propose = ConnectionKeys._propose

    def spoiled(self: Any, names: dict[str, str], name: str, value: str, then: Any) -> None:
        if name == key:
            then("")
        else:
            propose(self, names, name, value, then)

    instead(ConnectionKeys, "_propose", spoiled)


@red("073")
def new_key_is_forgotten() -> None:
    """A new AuthorizationKey is answered Accepted, and the old one stays."""
    accept_in_words("AuthorizationKey")


@red("083", "084")
def profile_is_changed_in_words() -> None:
    """A new SecurityProfile, higher or lower, is answered Accepted, and nothing follows."""
    accept_in_words("SecurityProfile")


@red("083")
def lower_profile_comes_back() -> None:
    """When the higher profile's endpoint is away, the station goes back to the lower one."""
    from ocpp16.records import ConnectionSet
    from ocpp16.station.connection_sets import ConnectionSets

    link_down = ConnectionSets.link_down

    def spoiled(self: Any, event: Any) -> None:
        link_down(self, event)
        if event.stage and self.candidate is None and self.in_force.number:
            for row in self._rows():
                self._context.delete(ConnectionSet, row.number)
            self.dialled = 0

    instead(ConnectionSets, "link_down", spoiled)


@red("086", "087")
def cbc_suites_are_offered() -> None:
    """The cipher suites offered hold two of CBC."""
    from daemon.csms import tls_context

    instead(
        tls_context, "CIPHER_SUITES", (*tls_context.CIPHER_SUITES, "ECDHE-RSA-AES128-SHA", "AES256-SHA")
    )  # fmt: skip


@red("086")
def half_a_pair_of_suites() -> None:
    """Only AES-128 is offered in TLS 1.2."""
    from daemon.csms import tls_context

    suites = tuple(one for one in tls_context.CIPHER_SUITES if "AES128" in one)
    instead(tls_context, "CIPHER_SUITES", suites)


def spoil_context(change: Any) -> None:
    from daemon.csms import tls_context

    make = tls_context.make_context

    def spoiled(settings: Any) -> Any:
        made = make(settings)
        change(made)
        return made

    instead(tls_context, "make_context", spoiled)


@red("086", "087")
def tls_1_1_is_offered() -> None:
    """TLS 1.1 and SHA-1 are offered."""
    import ssl

    def change(made: ssl.SSLContext) -> None:
        made.set_ciphers("ALL:@SECLEVEL=0")
        made.minimum_version = ssl.TLSVersion.TLSv1_1

    spoil_context(change)


@red("086")
def no_server_name() -> None:
    """The ClientHello does not say which host is meant."""
    import asyncio

    connect = asyncio.BaseEventLoop.create_connection

    async def spoiled(self: Any, *args: Any, server_hostname: Any = None, **more: Any) -> Any:
        name = "" if more.get("ssl") else server_hostname
        return await connect(self, *args, server_hostname=name, **more)

    instead(asyncio.BaseEventLoop, "create_connection", spoiled)


@red("086", "087")
def password_beside_the_certificate() -> None:
    """In security profile 3 an Authorization header is sent all the same."""
    from daemon.csms import link_security

    instead(
        link_security.LinkSecurity,
        "headers",
        lambda self: {"Authorization": link_security.basic(self.credentials.station_id, self.credentials.key)},
    )


@red("087")
def certificate_is_not_shown() -> None:
    """In security profile 3 no certificate of the station is shown."""
    from daemon.csms import tls_context

    instead(tls_context, "_load_client", lambda context, cert_file, key_file: None)


# --- certificates -----------------------------------------------------------------------------------------------------


@red("074")
def old_certificate_stays() -> None:
    """CertificateSigned is answered Accepted, and the certificate of before is shown."""
    from ocpp16.profiles.security.station_certificate import StationCertificate

    instead(StationCertificate, "_accepted", lambda self, found, pending: None)


@red("074")
def request_names_another_owner() -> None:
    """The organisation of the CSR is not CpoName."""
    from daemon.security.key_store import KeyStore

    made = KeyStore.request
    instead(KeyStore, "request", lambda self, name, common_name, owner: made(self, name, common_name, "Nobody"))


@red("075_1", "075_2")
def key_is_hashed_with_its_wrapping() -> None:
    """issuerKeyHash is made over the whole SubjectPublicKeyInfo."""
    from daemon.security import x509

    instead(x509, "_bit_string", lambda info: info)


@red("075_1")
def root_is_stored_nowhere() -> None:
    """InstallCertificate is answered Accepted, and no list has the certificate."""
    from ocpp16.profiles.security.root_certificates import RootCertificates

    instead(RootCertificates, "_install", lambda self, offered, role: None)


@red("075_2")
def unlisted_root() -> None:
    """The list of roots lacks the newest."""

    def shorter(payload: Payload) -> Payload:
        return {**payload, HASHES: payload[HASHES][:1]} if payload.get(HASHES) else payload

    answer("GetInstalledCertificateIds", shorter)


@red("076")
def delete_deletes_nothing() -> None:
    """DeleteCertificate is answered Accepted, and the certificate stays."""
    from ocpp16.profiles.security.root_certificates import RootCertificates

    instead(RootCertificates, "_delete", lambda self, row: None)


@red("076")
def last_root_may_go() -> None:
    """The root that verifies the connection, the last one, can be deleted."""
    from ocpp16.profiles.security.root_certificates import RootCertificates

    instead(RootCertificates, "_why_kept", lambda self, row: "")


@red("077")
def any_issuer_signs() -> None:
    """Of a certificate for the station only its key is looked at."""
    from daemon.security import x509

    read = x509.read_chain

    def spoiled(pem: str, public_key: bytes, roots: Any, utc: float, common_name: str) -> Any:
        return read(pem, public_key, {}, utc, common_name)

    instead(x509, "read_chain", spoiled)


def in_silence(kind: str) -> None:
    request("SecurityEventNotification", lambda payload: [] if payload["type"] == kind else None)


@red("077")
def bad_station_certificate_in_silence() -> None:
    """SecurityEventNotification InvalidChargePointCertificate is missing."""
    in_silence("InvalidChargePointCertificate")


@red("078")
def bad_root_in_silence() -> None:
    """SecurityEventNotification InvalidCentralSystemCertificate is missing."""
    in_silence("InvalidCentralSystemCertificate")


@red("078")
def expired_roots_are_taken() -> None:
    """The dates of a root are not looked at."""
    from daemon.security import x509

    instead(x509, "_check_dates", lambda certificate, utc, whose: None)
