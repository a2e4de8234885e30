"""The cases of the security profiles and of how a connection proves itself, one function an id.

Each is played with every security profile that it is about; `lab.secured` judges each connection besides.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tests.conformance.cases_certificates import installed, renewed
from tests.conformance.judge import Lab, boot
from tests.conformance.secured import OPERATOR, Shown, root

TOOL_KEY = "4F43415F4F4354545F61646D696E5F74657374"
"""`OCA_OCTT_admin_test`, hexadecimal."""
RECONNECTS_S = 20.0
AWAY_S = 5.0
"""So long the higher profile's endpoint stays away."""


async def until(lab: Lab, what: str, true: Callable[[], bool], within: float = RECONNECTS_S) -> None:
    """Failed where it does not become true."""
    lab.wanted.append(f"      ({what})")
    deadline = time.monotonic() + within
    while not true():
        lab.require(time.monotonic() < deadline, f"within {within:g} s there was no: {what}")
        await asyncio.sleep(0.05)
    lab.wanted[-1] = f"  ok  ({what})"


async def reconnected(lab: Lab, before: int) -> Shown:
    """A connection after the first `before` ones, and it is usable."""
    await until(lab, "CP connects again", lambda: lab.central.connections > before and lab.central.linked.is_set())
    return lab.secured.shown[-1]


async def reset(lab: Lab) -> Shown:
    """Reset Hard, and the first connection after it."""
    seen = len(lab.secured.shown)
    await lab.ask("Reset", {"type": "Hard"}, "Accepted")
    await lab.expect(boot(), lab.statuses("Available"), within=30)
    lab.require(len(lab.secured.shown) > seen, "it never connected anew")
    return lab.secured.shown[-1]


async def profile_is(lab: Lab, number: int) -> None:
    """SecurityProfile as it is read; the verdict of a trial may be a moment away."""
    for _ in range(40):
        known = await lab.setting("SecurityProfile")
        if known is not None and known[0] == str(number):
            return
        await asyncio.sleep(0.25)
    lab.require(False, f"SecurityProfile reads {known}, wanted {number}")


async def tc_073(lab: Lab) -> None:
    before = lab.central.connections
    await lab.ask("ChangeConfiguration", {"key": "AuthorizationKey", "value": TOOL_KEY}, "Accepted")
    lab.secured.key, lab.secured.strict = bytes.fromhex(TOOL_KEY), True
    await reconnected(lab, before)
    known = await lab.setting("AuthorizationKey")
    lab.require(known is None or not known[0], "AuthorizationKey can be read")


async def tc_083(lab: Lab) -> None:
    secured, profile = lab.secured, lab.secured.profile
    if profile == 1:
        await installed(lab, "CentralSystemRootCertificate", root())
    else:
        await lab.configure(CpoName=OPERATOR)
        secured.certificate = (await renewed(lab)).certificate
    before = lab.central.connections
    request = {"key": "SecurityProfile", "value": str(profile + 1)}
    reply = await lab.ask("ChangeConfiguration", request, "Accepted", "RebootRequired")
    secured.profile, secured.strict = profile + 1, True
    secured.front.open_plain = False
    if reply.status == "RebootRequired":
        await reset(lab)
    await reconnected(lab, before)
    await profile_is(lab, profile + 1)
    if profile == 1:
        await stays_on_tls(lab)
    await reset(lab)
    await profile_is(lab, profile + 1)


async def stays_on_tls(lab: Lab) -> None:
    """The old endpoint is open again and the new one is not: nobody comes back on the lower profile."""
    front, before = lab.secured.front, lab.central.connections
    front.open_plain, front.open_tls = True, False
    seen = len(front.attempts)
    lab.central.cut()
    await until(lab, "CP tries an endpoint", lambda: bool(front.attempts[seen:]))
    await lab.wait(AWAY_S)
    lower = [one for one in front.attempts[seen:] if not one.tls]
    lab.require(not lower and lab.central.connections == before, "it came back on the lower security profile")
    front.open_tls = True
    await reconnected(lab, before)


async def tc_084(lab: Lab) -> None:
    profile, before = lab.secured.profile, lab.central.connections
    request = {"key": "SecurityProfile", "value": str(profile - 1)}
    await lab.ask("ChangeConfiguration", request, "Rejected")
    await lab.quiet()
    await profile_is(lab, profile)
    lab.require(lab.central.connections == before, "it left the connection")


async def tc_085(lab: Lab) -> None:
    shown = await reset(lab)
    lab.require((shown.authorization or "").startswith("Basic "), "no Basic header")


async def tc_086(lab: Lab) -> None:
    shown = await reset(lab)
    lab.require(shown.hello is not None, "no ClientHello was seen")
    basic = shown.authorization is not None
    lab.require(basic == (lab.secured.profile == 2), "the Authorization header belongs to security profile 2 alone")


async def tc_087(lab: Lab) -> None:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    from tests.conformance.cases_certificates import strong

    shown = await reset(lab)
    lab.require(shown.hello is not None and bool(shown.certificate), "no certificate of the station was seen")
    certificate = x509.load_der_x509_certificate(shown.certificate)
    names = [str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    booted = [call.payload for call in lab.central.calls if call.action == "BootNotification"][-1]
    serials = {booted.get("chargePointSerialNumber"), booted.get("chargeBoxSerialNumber")}
    lab.require(len(names) == 1 and names[0] in serials, f"its commonName is {names}, its serial number {serials}")
    lab.require(certificate.serial_number > 0, "its certificate has no serial number")
    lab.require(strong(certificate.public_key()), "its key is too weak")
