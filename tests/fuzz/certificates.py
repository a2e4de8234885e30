"""Certificates, chains, revocation lists and signatures of images, bent in their DER and in their text.

Structure-aware: an element of the DER is taken out, doubled, replaced or bent, and all lengths around it are made
right again, so that what is strange arrives behind the parser.  No bent signature may ever be accepted.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

from daemon.security import firmware_signature, x509
from daemon.security.firmware_signature import ImageRefused
from daemon.security.x509 import Unfit
from tests.daemon.security import signers
from tests.daemon.security.authority import CLIENT, SERVER, new_key, signed
from tests.fuzz import mutate

NOW = signers.NOW
IMAGE = b"image of the manufacturer" * 40
BEGIN, END = "-----BEGIN ", "-----END "
CONSTRUCTED = 0x20


class Pool(NamedTuple):
    """Good material to start from."""

    roots: dict[str, bytes]
    public_key: bytes
    texts: list[str]
    """PEM: certificates and chains."""
    signer: str
    maker: bytes
    revocations: bytes
    signature: str


@cache
def pool() -> Pool:
    when = signers.at(0)
    root = signed("root", ca=True, organization="Operator", now=when, identifiers=True)
    between = signed("between", root, ca=True, path_length=0, now=when, identifiers=True)
    key = new_key()
    more = {"dns": ("a.example", "*.b.example"), "addresses": ("192.0.2.1", "2001:db8::1"), "key_usage": True}
    leaf = signed("S-1", between, key=key, usage=(CLIENT, SERVER), now=when, identifiers=True, **more)  # type: ignore[arg-type]
    rsa = signed("rsa root", ca=True, key=new_key("RSA-2048"), now=when)
    odd = [signed("weak", ca=True, key=new_key("P-224"), now=when), signed(None, root, ca=True, now=when)]
    ones = [root, between, leaf, rsa, *odd]
    chains = [leaf.pem + between.pem, leaf.pem + root.pem + between.pem, *(one.pem for one in ones)]
    signer, maker = signers.certificate(), signers.root()
    return Pool(
        {"root": root.pem, "rsa": rsa.pem},
        key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        [*(chain.decode() for chain in chains), signer.decode(), maker.decode()],
        signer.decode(),
        maker,
        signers.revocations(1),
        signers.signed(IMAGE),
    )


# --- bending -----------------------------------------------------------------------------------------------------


def elements(
    der: bytes, start: int, end: int, path: tuple[int, ...] = ()
) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """Each element between two places: the places of the elements around it, its begin and its end."""
    while start + 2 <= end:
        length, head = der[start + 1], 2
        if length & 0x80:
            octets = length & 0x7F
            length, head = int.from_bytes(der[start + 2 : start + 2 + octets], "big"), 2 + octets
        stop = start + head + length
        if stop > end:
            return
        yield path, start, stop
        if der[start] & CONSTRUCTED:
            yield from elements(der, start + head, stop, (*path, start))
        start = stop


def element(tag: int, content: bytes) -> bytes:
    if len(content) < 128:
        return bytes((tag, len(content))) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def replaced(der: bytes, path: tuple[int, ...], start: int, stop: int, by: bytes) -> bytes:
    """With other bytes in that place, and the lengths of all that is around them set right."""
    if not path:
        return der[:start] + by + der[stop:]
    outer = path[-1]
    length, head = der[outer + 1], 2
    if length & 0x80:
        octets = length & 0x7F
        length, head = int.from_bytes(der[outer + 2 : outer + 2 + octets], "big"), 2 + octets
    end = outer + head + length
    content = der[outer + head : start] + by + der[stop:end]
    return replaced(der, path[:-1], outer, end, element(der[outer], content))


def bent(random: Random, der: bytes, donor: bytes) -> bytes:
    """One to three elements bent, most of them gently: what the parser lets through is read further in."""
    if random.random() < 0.1:
        return mutate.data(random, der, [donor])
    for _ in range(random.choice((1, 1, 2, 3))):
        places = list(elements(der, 0, len(der)))
        if not places:
            break
        gentle = random.random() < 0.8
        path, start, stop = random.choice(
            [place for place in places if len(place[0]) > 1] or places if gentle else places
        )
        other = (_alike if gentle else _other)(random, der[start:stop], donor)
        der = replaced(der, path, start, stop, other)
    return der[:20_000]


def _alike(random: Random, old: bytes, donor: bytes) -> bytes:
    """Another element with the same tag, or the same one with a bit of its content changed."""
    same = [donor[start:stop] for _, start, stop in elements(donor, 0, len(donor)) if donor[start] == old[0]]
    if same and random.random() < 0.6:
        return random.choice(same)
    if old[0] & CONSTRUCTED or len(old) < 3:
        return old
    at = random.randrange(2, len(old))
    return old[:at] + bytes((old[at] ^ 1 << random.randrange(8),)) + old[at + 1 :]


def _other(random: Random, old: bytes, donor: bytes) -> bytes:
    head = 2 + (old[1] & 0x7F if old[1] & 0x80 else 0)
    match random.randrange(8):
        case 0:
            return b""
        case 1:
            return old + old
        case 2:
            return element(random.randrange(256), old[head:])
        case 3:
            _, start, stop = random.choice(list(elements(donor, 0, len(donor))))
            return donor[start:stop]
        case 4:
            return element(old[0], bytes(random.randrange(256) for _ in range(random.choice((0, 1, 4, 200)))))
        case 5:
            return element(old[0], mutate.data(random, old[head:], []))
        case 6:
            return bytes((old[0], 0x80 | random.choice((0, 1, 4, 8, 127)))) + old[2:]
        case _:
            return element(0x30, old * random.choice((1, 3, 40)))[:8000]


def ders(pem: str) -> list[tuple[str, bytes]]:
    """Kind and content of each block."""
    found = []
    for part in pem.split(BEGIN)[1:]:
        kind, _, rest = part.partition("-----")
        found.append((kind, base64.b64decode(rest.partition(END)[0])))
    return found


def pem_of(kind: str, der: bytes) -> str:
    text = base64.b64encode(der).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"{BEGIN}{kind}-----\n{lines}\n{END}{kind}-----\n"


def bent_text(random: Random, pem: str) -> str:
    """PEM whose blocks are bent inside, or the text itself."""
    texts = pool().texts
    if random.random() < 0.15:
        return mutate.text(random, pem, texts)
    blocks = ders(pem)
    chosen = random.randrange(len(blocks))
    _, donor = random.choice(ders(random.choice(texts)))
    bent_blocks = [(kind, bent(random, der, donor) if at == chosen else der) for at, (kind, der) in enumerate(blocks)]
    if random.random() < 0.1:
        random.shuffle(bent_blocks)
    return "".join(pem_of(kind, der) for kind, der in bent_blocks)


# --- InstallCertificate, CertificateSigned, the files of the configuration --------------------------------------------


def make_certificate(random: Random) -> str:
    return bent_text(random, random.choice(pool().texts))


def take_certificate(text: str) -> None:
    """Read as a root, as an answer to a CSR, as a configured file: told in one line why not, or taken whole."""
    good = pool()
    for read in (
        lambda: x509.read_root(text, "root", good.roots, NOW, cross_signed=True).pem,
        lambda: x509.read_chain(text, good.public_key, good.roots, NOW, "S-1").pem,
        lambda: b"".join(pem for pem, _ in x509.read_all(text.encode(errors="replace"), "root")),
    ):
        try:
            assert b"PRIVATE KEY" not in read()
        except Unfit as unfit:
            assert str(unfit).isprintable() and len(str(unfit)) < 600, str(unfit)
    x509.names_in(text.encode(errors="replace"), "root")


# --- firmware ------------------------------------------------------------------------------------------------------


class Sealed(NamedTuple):
    """An image, its signature, its signer's certificate, roots and lists of revocation."""

    image: bytes
    signature: str
    signer: str
    root: bytes
    revocations: bytes


def make_firmware(random: Random) -> Sealed:
    good = pool()
    made = Sealed(IMAGE, good.signature, good.signer, good.maker, good.revocations)
    match random.randrange(5):
        case 0:
            return made._replace(image=mutate.data(random, IMAGE, []))
        case 1:
            raw = base64.b64decode(good.signature)
            return made._replace(signature=base64.b64encode(bent(random, raw, raw)).decode())
        case 2:
            return made._replace(signature=mutate.text(random, good.signature, []))
        case 3:
            return made._replace(signer=bent_text(random, good.signer))
    bent_root = bent_text(random, random.choice([good.maker.decode(), good.revocations.decode()])).encode(
        errors="replace"
    )
    return made._replace(root=bent_root) if random.random() < 0.5 else made._replace(revocations=bent_root)


def take_firmware(seal: Sealed) -> None:
    """Refused with a verdict; accepted only where image and signer's key are the manufacturer's own."""
    good = pool()
    try:
        key = firmware_signature.signer_key(seal.signer, [seal.root], [seal.revocations], NOW)
        firmware_signature.check_signature(key, seal.signature, hashlib.sha256(seal.image).digest(), True)
    except ImageRefused as refused:
        assert refused.verdict in ("certificate", "revoked", "signature") and str(refused).isprintable()
        return
    assert seal.image == IMAGE, "a bent image was accepted"
    own = signers.EC.public_key()
    assert key.public_numbers() == own.public_numbers(), "a stranger's key was accepted"
    read, own_one = (load_pem_x509_certificate(block_of(pem)) for pem in (seal.signer, good.signer))
    assert read.tbs_certificate_bytes == own_one.tbs_certificate_bytes, "a bent signer was accepted"


def block_of(pem: str) -> bytes:
    """The first block, without what stands around it."""
    found = firmware_signature.PEM_BLOCK.search(pem.encode())
    assert found is not None
    return found[0]
