"""What a change makes of a connection set, and why it is refused (W A05); no state."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from ocpp16.records import ConnectionSet

NAMES = {
    "url": "csms.url",
    "security_profile": "SecurityProfile",
    "authorization_key": "AuthorizationKey",
    "station_certificate": "station's certificate",
}
"""What the log calls a change; the key goes with its certificate."""
PROFILES = ("1", "2", "3")


def refusal(
    base: ConnectionSet, changes: Mapping[str, str], *, has_root: bool = False, has_certificate: bool = False
) -> str:
    """Why the changes cannot be tried; "": they can.  `has_`: the certificate store has one in force."""
    wanted = changes.get("security_profile")
    if wanted is not None:
        if wanted not in PROFILES:
            return "a security profile is 1, 2 or 3"
        if int(wanted) <= base.profile:
            return f"security profile {base.profile} is in force, and only the local file lowers it"
    made = after(base, changes, base.number + 1)
    if wanted is not None and made.profile in (1, 2) and not made.password:
        return f"security profile {made.profile} needs an AuthorizationKey first"
    if wanted is not None and made.profile >= 2 and not (made.root or has_root):
        return f"security profile {made.profile} needs a CentralSystemRootCertificate first"
    if wanted is not None and made.profile == 3 and not (made.certificate == "local" or has_certificate):
        return "security profile 3 needs a certificate of the station first"
    if "url" in changes and made.encrypted != (made.profile >= 2):
        scheme = "wss" if made.profile >= 2 else "ws"
        return f"with security profile {made.profile} the URL begins with {scheme}://"
    return ""


def after(base: ConnectionSet, changes: Mapping[str, str], number: int) -> ConnectionSet:
    """The set that the changes make of `base`.  From profile 2 on, ws becomes wss."""
    profile = int(changes.get("security_profile", base.profile))
    encrypted = changes["url"].lower().startswith("wss:") if "url" in changes else base.encrypted or profile >= 2
    names = [name for name in base.changed.split(", ") if name] if base.state == "waiting" else []
    names += [told for key, told in NAMES.items() if key in changes and told not in names]
    return replace(
        base,
        number=number,
        state="waiting",
        profile=profile,
        encrypted=encrypted,
        password=base.password or "authorization_key" in changes,
        certificate=changes.get("station_certificate", base.certificate),
        changed=", ".join(names),
        elsewhere=base.elsewhere or "url" in changes,
        starts=0,
    )


def needs_trial(force: ConnectionSet, made: ConnectionSet) -> bool:
    """Whether a connection with `made` would be another one than with the set in force."""
    names = set(made.changed.split(", "))
    return bool(
        names & {NAMES["url"], NAMES["security_profile"]}
        or (NAMES["authorization_key"] in names and force.profile in (1, 2))
        or (NAMES["station_certificate"] in names and force.profile == 3)
    )
