"""The cases of certificates that the Central System manages, one function an id.

The hashes are made anew from the certificates, by a library that the station does not use for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from tests.conformance.judge import Lab, want
from tests.conformance.secured import OPERATOR, root
from tests.conformance.transcript import Payload
from tests.daemon.security.authority import CLIENT, PEM, Signed, new_key, signed

CENTRAL, MANUFACTURER = "CentralSystemRootCertificate", "ManufacturerRootCertificate"
ALGORITHMS: dict[str, hashes.HashAlgorithm] = {
    "SHA256": hashes.SHA256(), "SHA384": hashes.SHA384(), "SHA512": hashes.SHA512(),
}  # fmt: skip
Public = Any


# --- what is installed ------------------------------------------------------------------------------------------------


async def ids(lab: Lab, kind: str) -> list[Payload]:
    """The hash data of every installed certificate of that type."""
    reply = await lab.ask("GetInstalledCertificateIds", {"certificateType": kind}, "Accepted", "NotFound")
    found = list(reply.payload.get("certificateHashData", []))
    lab.require((reply.status == "Accepted") == bool(found), f"{reply.status} with {len(found)} certificates")
    return found


def hash_data(one: Signed, issuer: Signed, algorithm: str = "SHA256") -> Payload:
    """As OCSP hashes it."""
    request = ocsp.OCSPRequestBuilder().add_certificate(one.certificate, issuer.certificate, ALGORITHMS[algorithm])
    made = request.build()
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": made.issuer_name_hash.hex(),
        "issuerKeyHash": made.issuer_key_hash.hex(),
        "serialNumber": f"{one.certificate.serial_number:x}",
    }


def lower(data: Payload) -> Payload:
    return {name: str(value).lower() for name, value in data.items()}


def listed(rows: Sequence[Payload], one: Signed, issuer: Signed) -> Payload | None:
    """Its entry, compared without case."""
    for row in rows:
        algorithm = row["hashAlgorithm"]
        if algorithm in ALGORITHMS and lower(row) == lower(hash_data(one, issuer, algorithm)):
            return row
    return None


async def install(lab: Lab, kind: str, pem: bytes, *allowed: str) -> None:
    request = {"certificateType": kind, "certificate": pem.decode()}
    await lab.ask("InstallCertificate", request, *(allowed or ("Accepted",)))


async def installed(lab: Lab, kind: str, one: Signed, issuer: Signed | None = None) -> Payload:
    """InstallCertificate, accepted, and its entry in the list afterwards."""
    await install(lab, kind, one.pem)
    found = listed(rows := await ids(lab, kind), one, issuer or one)
    lab.require(found is not None, f"what was installed is not in the list: {rows}")
    assert found is not None
    return found


async def tool_root(lab: Lab) -> tuple[Signed, Signed]:
    """(a second root of the Central System as this station takes one, its issuer)."""
    checks = await lab.setting("AdditionalRootCertificateCheck")
    if checks is not None and checks[0].lower() == "true":
        return signed("root of the tool", root(), ca=True, organization=OPERATOR, days=(-1, 900)), root()
    own = signed("root of the tool", ca=True, organization=OPERATOR, days=(-1, 900))
    return own, own


async def tc_075_1(lab: Lab) -> None:
    await installed(lab, MANUFACTURER, signed("root of the manufacturer", ca=True, days=(-1, 900)))


async def tc_075_2(lab: Lab) -> None:
    one, issuer = await tool_root(lab)
    await installed(lab, CENTRAL, one, issuer)
    rows = await ids(lab, CENTRAL)
    lab.require(listed(rows, root(), root()) is not None, "the root in force is gone before the new one was used")


async def tc_076(lab: Lab) -> None:
    one, issuer = await tool_root(lab)
    await deleted(lab, CENTRAL, await installed(lab, CENTRAL, one, issuer))
    rows = await ids(lab, CENTRAL)
    lab.require(len(rows) == 1, f"one root of the Central System was to be left: {rows}")
    if not lab.product.last_root_removable:
        await lab.ask("DeleteCertificate", {"certificateHashData": rows[0]}, "Failed")
        lab.require(await ids(lab, CENTRAL) == rows, "the last root is gone")
    maker = signed("root of the manufacturer", ca=True, days=(-1, 900))
    await deleted(lab, MANUFACTURER, await installed(lab, MANUFACTURER, maker))
    lab.require(await ids(lab, MANUFACTURER) == [], "a certificate of that type is left")


async def deleted(lab: Lab, kind: str, data: Payload) -> None:
    """DeleteCertificate, accepted; it is in no list afterwards and is not found again."""
    await lab.ask("DeleteCertificate", {"certificateHashData": data}, "Accepted")
    lab.require(data not in await ids(lab, kind), "what was deleted is still in the list")
    await lab.ask("DeleteCertificate", {"certificateHashData": data}, "NotFound")


async def tc_078(lab: Lab) -> None:
    before = await ids(lab, CENTRAL)
    expired = signed("root of the tool", root(), ca=True, days=(-90, -1))
    server = signed("localhost", root(), days=(-1, 90))
    for pem in (expired.pem, server.pem, b"no certificate at all"):
        await install(lab, CENTRAL, pem, "Rejected")
        await lab.expect(want("SecurityEventNotification", type="InvalidCentralSystemCertificate"))
    lab.require(await ids(lab, CENTRAL) == before, "the list of roots has changed")


# --- the station's own ------------------------------------------------------------------------------------------------


def strong(key: Public) -> bool:
    """A00.FR.502, .503: at least 112 bits."""
    if isinstance(key, rsa.RSAPublicKey | dsa.DSAPublicKey):
        return key.key_size >= 2048
    return isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= 224


def public(key: Public) -> bytes:
    return bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


async def requested(lab: Lab) -> x509.CertificateSigningRequest:
    """The CSR that ExtendedTriggerMessage brings; CpoName is set."""
    await lab.ask("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"}, "Accepted")
    (call,) = await lab.expect(want("SignCertificate"))
    await lab.settle(0.1)  # the answer to it goes out first
    text = call.payload["csr"]
    lab.require(text.startswith("-----BEGIN CERTIFICATE REQUEST-----"), f"the CSR is no PEM: {text[:40]!r}")
    csr = x509.load_pem_x509_csr(text.encode())
    lab.require(csr.is_signature_valid, "the CSR's own signature is wrong")
    named = {oid: [str(one.value) for one in csr.subject.get_attributes_for_oid(oid)] for oid in
             (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)}  # fmt: skip
    lab.require(named[NameOID.COMMON_NAME] == [lab.secured.serial], f"the CSR's subject is {csr.subject}")
    lab.require(named[NameOID.ORGANIZATION_NAME] == [OPERATOR], f"the CSR's subject is {csr.subject}")
    lab.require(strong(csr.public_key()), "the CSR's key is too weak")
    known = (lab.secured.own.certificate.public_key(), lab.secured.certificate.public_key())
    lab.require(public(csr.public_key()) not in map(public, known), "the CSR has no new key")
    return csr


def certified(csr: x509.CertificateSigningRequest, by: Signed, days: tuple[float, float] = (-1, 300)) -> Signed:
    """The certificate that the authority `by` makes of a CSR; its key stays at the station."""
    made = signed(None, by, usage=(CLIENT,), days=days)
    builder = (
        x509.CertificateBuilder()
        .subject_name(csr.subject).issuer_name(by.certificate.subject).public_key(csr.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(made.certificate.not_valid_before_utc).not_valid_after(made.certificate.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage((CLIENT,)), critical=False)
    )  # fmt: skip
    return Signed(builder.sign(by.key, hashes.SHA256()), made.key)


async def send(lab: Lab, *certificates: Signed, status: str) -> None:
    """CertificateSigned; the text has the line ends of a mail, as some tools send it."""
    chain = b"".join(one.certificate.public_bytes(PEM) for one in certificates).decode().replace("\n", "\r\n")
    await lab.ask("CertificateSigned", {"certificateChain": chain}, status)


async def renewed(lab: Lab) -> Signed:
    """Memory RenewChargePointCertificate; CpoName is set."""
    made = certified(await requested(lab), root())
    await send(lab, made, root(), status="Accepted")
    return made


async def tc_074(lab: Lab) -> None:
    from tests.conformance.cases_profiles import reconnected, reset

    await lab.configure(CpoName=OPERATOR)
    before = lab.central.connections
    made = certified(await requested(lab), root())
    lab.secured.certificate, lab.secured.strict = made.certificate, True
    await send(lab, made, root(), status="Accepted")
    await reconnected(lab, before)
    await reset(lab)


async def tc_077(lab: Lab) -> None:
    from tests.conformance.cases_profiles import reconnected

    await lab.configure(CpoName=OPERATOR)
    csr = await requested(lab)
    stranger = signed("another root", ca=True)
    foreign_key = signed(lab.secured.serial, root(), usage=(CLIENT,), key=new_key())
    wrong = (certified(csr, stranger), foreign_key, certified(csr, root(), days=(-90, -1)))
    for one in wrong:
        await send(lab, one, status="Rejected")
        await lab.expect(want("SecurityEventNotification", type="InvalidChargePointCertificate"))
    before = lab.central.connections
    lab.central.cut()
    await reconnected(lab, before)  # and the certificate of before is judged there
