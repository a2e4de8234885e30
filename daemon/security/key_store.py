"""The key store: private keys in files of their own, made here, used here, given out to nobody.

It signs bytes and names the path that a TLS context reads.  Only this file and `x509.py` import `cryptography`, when
they are first needed: it takes some ten megabytes.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from daemon.filesystem import open_regular, read_regular, sync_folder

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    PrivateKey = EllipticCurvePrivateKey | RSAPrivateKey

KEYS: Final = "keys"
"""Folder of private keys, in the store's."""
DEFAULT_KIND: Final = "P-256"
EC_KINDS: Final = ("P-256", "P-384", "P-521")
RSA_KINDS: Final = ("RSA-2048", "RSA-3072", "RSA-4096")
KINDS: Final = (*EC_KINDS, *RSA_KINDS)
"""What a key can be; the first is the default."""
NAME = re.compile(r"key-[0-9a-f]{16}\.pem")
CREDENTIAL: Final = "credential:"
"""Before the name of a systemd credential: a key that is read, never written or removed."""


class KeyRefused(Exception):
    """No such key can be made or used; the text says why, in one line, and never holds a key."""


def key_kind(kind: str) -> str:
    """The kind, checked.  Raises KeyRefused."""
    if kind == "P-224":
        raise KeyRefused("P-224 is no choice: no TLS client of this station can negotiate that curve; use P-256")
    if kind not in KINDS:
        raise KeyRefused(f"unknown kind of key {kind[:20]!r}; known are {', '.join(KINDS)}")
    return kind


def new_name() -> str:
    """Of a key that is to be made."""
    return f"key-{secrets.token_hex(8)}.pem"


class KeyStore:
    """Private keys by name, in `<store>/keys`.

    `credentials`: systemd's folder of credentials (CREDENTIALS_DIRECTORY), for names that begin with `credential:`.
    """

    def __init__(self, store: Path, credentials: str = "") -> None:
        self._folder = store / KEYS
        self._credentials = credentials

    def make(self, kind: str = DEFAULT_KIND, name: str = "") -> str:
        """Make a key; its name, once it is durable.  Takes milliseconds for EC, seconds for RSA.

        Raises KeyRefused, OSError.
        """
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec, rsa

        kind, name = key_kind(kind), name or new_name()
        path = self._own(name)
        key: PrivateKey
        if kind in EC_KINDS:
            curve = {"P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}.get(kind, ec.SECP256R1())
            key = ec.generate_private_key(curve)
        else:
            key = rsa.generate_private_key(65537, int(kind.removeprefix("RSA-")))
        plain = serialization.NoEncryption()
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        make_folder(self._folder)
        write_durably(path, pem)
        return name

    def sign(self, name: str, content: bytes) -> bytes:
        """The key's signature: ECDSA or RSASSA-PKCS1-v1_5, with SHA-256 (SHA-384 and -512 for the larger curves).

        Raises KeyRefused, OSError.
        """
        from cryptography.hazmat.primitives.asymmetric import ec, padding

        key = self._load(name)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(content, ec.ECDSA(_hash_of(key)))
        return key.sign(content, padding.PKCS1v15(), _hash_of(key))

    def request(self, name: str, common_name: str, organization: str) -> str:
        """A PKCS#10 request in PEM for that key (W A02).  Raises KeyRefused, OSError."""
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import Encoding
        from cryptography.x509.oid import NameOID

        key = self._load(name)
        try:
            parts = [(NameOID.COMMON_NAME, common_name), (NameOID.ORGANIZATION_NAME, organization)]
            subject = x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])
        except ValueError as error:
            raise KeyRefused(f"no certificate can name that: {error}") from None
        made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, _hash_of(key))
        return made.public_bytes(Encoding.PEM).decode("ascii")

    def public_key(self, name: str) -> bytes:
        """SubjectPublicKeyInfo in DER, to be compared with a certificate's.  Raises KeyRefused, OSError."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self._load(name).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def path(self, name: str) -> str:
        """For a TLS context, which reads the file itself.  Raises KeyRefused."""
        return str(self._path(name))

    def remove(self, name: str) -> None:
        """Of a key that nothing names.  Raises KeyRefused, OSError."""
        self._own(name).unlink(missing_ok=True)
        sync_folder(self._folder)

    def sweep(self, keep: Collection[str]) -> list[str]:
        """Remove every key that is not named; the names of those removed.  Raises OSError."""
        return sweep(self._folder, NAME, keep)

    def __repr__(self) -> str:
        return f"KeyStore({str(self._folder)!r})"

    def _own(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise KeyRefused(f"{name[:40]!r} is no name of a key in the key store")
        return self._folder / name

    def _path(self, name: str) -> Path:
        if not name.startswith(CREDENTIAL):
            return self._own(name)
        inner = name.removeprefix(CREDENTIAL)
        if not self._credentials or not re.fullmatch(r"[A-Za-z0-9_.-]+", inner) or inner.startswith("."):
            raise KeyRefused(f"there is no systemd credential {inner[:40]!r}; see LoadCredential= of evsed.service")
        return Path(self._credentials) / inner

    def _load(self, name: str) -> PrivateKey:
        """For this file only.  What went wrong is told without a word of the file."""
        from cryptography.hazmat.primitives.asymmetric import ec, rsa
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(read_regular(self._path(name)), None)
        except (ValueError, TypeError):
            raise KeyRefused(f"the private key {name} is damaged, or encrypted") from None
        except FileNotFoundError:
            raise KeyRefused(f"the private key {name} is not there any more") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise KeyRefused(f"the private key {name} is neither EC nor RSA")
        return key


def _hash_of(key: PrivateKey):  # type: ignore[no-untyped-def]  # its type is the library's
    from cryptography.hazmat.primitives import hashes

    return {384: hashes.SHA384, 521: hashes.SHA512}.get(key.key_size, hashes.SHA256)()


# --- files that are written once --------------------------------------------------------------------------------------


def make_folder(folder: Path) -> None:
    """Make it, for its owner only, and durable.  Raises OSError."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700)
        sync_folder(folder.parent)


def write_durably(path: Path, content: bytes) -> None:
    """A new file, readable by its owner only from its birth, and on disk when this returns.  Raises OSError."""
    descriptor = open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


def sweep(folder: Path, names: re.Pattern[str], keep: Collection[str]) -> list[str]:
    """Remove the files of such a name that are not to be kept.  Raises OSError."""
    if not folder.is_dir():
        return []
    removed = [path for path in sorted(folder.iterdir()) if names.fullmatch(path.name) and path.name not in keep]
    for path in removed:
        path.unlink()
    if removed:
        sync_folder(folder)
    return [path.name for path in removed]
