"""Whether a configuration holds what its security profile needs; nothing connects with less than was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Misfit(NamedTuple):
    """A key of [csms] that does not fit the security profile: what is wrong, what is allowed."""

    key: str
    what: str
    allowed: str


def misfits(csms: Mapping[str, Any], profile_given: bool) -> Iterator[Misfit]:
    """All of them, by the values of [csms].  `profile_given`: the profile stands in the configuration."""
    profile, encrypted = csms["security_profile"], str(csms["url"] or "").startswith("wss:")
    named = f"security profile {profile}" + ("" if profile_given else " (the default)")
    if profile == 0 and not csms["allow_insecure"]:
        yield Misfit("security_profile", "profile 0 has no security", "0 only with allow_insecure = true")
    if csms["url"] and profile >= 2 and not encrypted:
        yield Misfit(
            "url", f"{named} needs TLS", "wss://HOST[:PORT]/PATH, or security_profile = 1 on a trusted network"
        )
    if profile < 2 and encrypted:
        what = f"wss:// is security profile 2 or 3, and {named} is set"
        yield Misfit("url", what, "security_profile = 2 or 3, or ws://HOST[:PORT]/PATH")
    yield from _secrets(csms, profile, named)
    if profile >= 2 and not csms["ca_file"]:
        what = f"missing: {named} needs the root certificate that vouches for the Central System"
        yield Misfit("ca_file", what, 'the path of a PEM file; "system": the public authorities of this computer')
    if profile == 3:
        for key, of in (("cert_file", "certificate"), ("key_file", "private key")):
            if not csms[key]:
                yield Misfit(key, f"missing: {named} needs the station's {of}", "the path of a PEM file")


def _secrets(csms: Mapping[str, Any], profile: int, named: str) -> Iterator[Misfit]:
    key, password = csms["authorization_key"], csms["password"]
    if key and password:
        yield Misfit("password", "authorization_key is also set", "one of the two")
    if profile in (1, 2) and not (key or password):
        what = f"missing: {named} needs a secret for HTTP Basic; set EVSED_AUTHORIZATION_KEY in evsed.env"
        yield Misfit("authorization_key", what, "32 to 40 hexadecimal digits, or password = 16 to 20 characters")
