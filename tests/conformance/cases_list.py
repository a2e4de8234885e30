"""The cases of Local Auth List Management, one function an id; what is wanted stands in their lines."""

from __future__ import annotations

from tests.conformance.judge import VALID, VALID_2, Lab
from tests.conformance.states import list_version, send_list, started
from tests.conformance.transcript import Payload


def listed(*id_tags: str) -> list[Payload]:
    return [{"idTag": id_tag, "idTagInfo": {"status": "Accepted"}} for id_tag in id_tags]


async def tc_042_1(lab: Lab) -> None:
    await lab.configure_if_there(LocalAuthListEnabled=False)
    reply = await lab.ask("GetLocalListVersion", {}, "conf", "NotSupported")
    lab.require(bool(reply.code) or reply.payload["listVersion"] == -1, f"listVersion {reply.payload}, wanted -1")


async def tc_042_2(lab: Lab) -> None:
    await lab.configure_if_there(LocalAuthListEnabled=True)
    await send_list(lab, 1, "Full", None)
    await list_version(lab, 0)


async def tc_043(lab: Lab) -> None:
    await lab.configure_if_there(LocalAuthListEnabled=True, LocalPreAuthorize=True)
    await send_list(lab, 1, "Full", listed(VALID))
    await send_list(lab, 2, "Differential", listed(VALID_2))
    await list_version(lab, 2)
    if lab.product.local_start:
        await lab.tap(VALID_2)
        await lab.expect(lab.status("Preparing"))


async def tc_043_1(lab: Lab) -> None:
    await send_list(lab, 1, "Full", listed(VALID), "NotSupported")


async def tc_043_2(lab: Lab) -> None:
    await lab.configure_if_there(LocalAuthListEnabled=True)
    await send_list(lab, 2, "Full", listed(VALID))
    await list_version(lab, 2)
    await send_list(lab, 5, "Differential", listed(VALID_2))
    await list_version(lab, 5)
    await send_list(lab, 4, "Differential", listed("VALID-3"), "VersionMismatch")
    await list_version(lab, 5)


async def tc_043_3(lab: Lab) -> None:
    await lab.configure_if_there(LocalAuthListEnabled=True)
    await lab.fault("store-full", True)
    await lab.expect(lab.status("Faulted", connector=0))
    await send_list(lab, 2, "Full", listed(VALID), "Failed")
    await lab.fault("store-full", False)
    await lab.expect(lab.status("Available", connector=0))
    most = lab.product.local_list_max_length  # the natural trigger: more than there is room for
    await send_list(lab, 2, "Full", listed(*(f"CARD-{n}" for n in range(most + 1))), "Failed")


async def tc_008_1(lab: Lab) -> None:
    await lab.configure_if_there(LocalPreAuthorize=True, LocalAuthListEnabled=True, AuthorizationCacheEnabled=False)
    await lab.ask("GetLocalListVersion", {}, "conf")
    await send_list(lab, 1, "Full", listed(VALID))
    await lab.tap(VALID)
    await lab.expect(lab.status("Preparing"))
    await lab.plug()
    await lab.expect(started(lab))


async def tc_008_2(lab: Lab) -> None:
    await lab.configure_if_there(
        LocalPreAuthorize=True,
        LocalAuthListEnabled=True,
        AuthorizationCacheEnabled=False,
        AuthorizeRemoteTxRequests=True,
    )
    await lab.ask("GetLocalListVersion", {}, "conf")
    await send_list(lab, 1, "Full", listed(VALID))
    await lab.plug()
    await lab.expect(lab.status("Preparing"))
    await lab.ask("RemoteStartTransaction", {"connectorId": lab.connector, "idTag": VALID}, "Accepted")
    await lab.expect(started(lab))
