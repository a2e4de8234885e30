"""The cases of signed firmware updates, with a manufacturer, its root and a file server of their own."""

from __future__ import annotations

from tests.conformance.cases_firmware import IMAGE, TRANSFER_S, file_server, idle
from tests.conformance.judge import Lab, Swap, boot, want
from tests.conformance.transcript import utc

REQUEST = 4711
LONG = {"begin": -4000.0, "end": 4000.0}
"""Days: the certificates of the tests count from a fixed date."""


def state(*statuses: str) -> Swap:
    told = "SignedFirmwareStatusNotification"
    return Swap(tuple(want(told, status=one, requestId=REQUEST) for one in statuses))


async def update(lab: Lab, port: int, image: bytes) -> None:
    """SignedUpdateFirmware with the signature over `image`; the unit has the manufacturer's root."""
    from tests.daemon.security import signers  # imported late: it makes keys

    folder = lab.unit.home / "store" / "certificates"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "manufacturer-root-00000000000000000000000000000000.pem").write_bytes(signers.root(**LONG))
    firmware = {
        "location": f"http://127.0.0.1:{port}/signed.fwi",
        "retrieveDateTime": utc(),
        "signingCertificate": signers.certificate(**LONG).decode(),
        "signature": signers.signed(image),
    }
    request = {"requestId": REQUEST, "firmware": firmware, "retries": 0, "retryInterval": 1}
    await lab.ask("SignedUpdateFirmware", request, "Accepted")


async def tc_080(lab: Lab) -> None:
    async with file_server() as files:
        files.files["/signed.fwi"] = IMAGE
        await update(lab, files.port, IMAGE)
        for status in ("Downloading", "Downloaded", "SignatureVerified", "Installing"):
            await lab.expect(state(status), within=TRANSFER_S)
        rebooting = want(
            "SignedFirmwareStatusNotification", optional=True, status="InstallRebooting", requestId=REQUEST
        )
        installed = want("SignedFirmwareStatusNotification", status="Installed", requestId=REQUEST)
        updated = want("SecurityEventNotification", optional=True, type="FirmwareUpdated")
        await lab.expect(Swap((rebooting, boot(), updated, installed, lab.status("Available"))), within=40)


async def tc_081(lab: Lab) -> None:
    async with file_server() as files:
        files.files["/signed.fwi"] = IMAGE
        await update(lab, files.port, IMAGE + b"x")
        for status in ("Downloading", "Downloaded", "InvalidSignature"):
            await lab.expect(state(status), within=TRANSFER_S)
        await lab.quiet(1.2, "BootNotification")
        await idle(lab)
