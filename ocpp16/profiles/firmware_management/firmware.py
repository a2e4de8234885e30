"""Firmware update, the plain kind (§4.5, §5.19): what is under way, and what is told about it.

The download and the installer are jobs; the update is a record: it goes on after every reboot, and its end is truthful.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from ocpp16.events import JobDone
from ocpp16.messages.call_error import Refusal
from ocpp16.messages.datetimes import to_seconds
from ocpp16.messages.firmware import (
    FirmwareStatusNotificationReq,
    UpdateFirmwareConf,
    UpdateFirmwareReq,
)
from ocpp16.messages.types import FirmwareStatus
from ocpp16.product import Product
from ocpp16.profiles.firmware_management.status_retry import StatusRetry, interval_of, retries_of
from ocpp16.records import FirmwareUpdate
from ocpp16.rpc.registration_gate import Gate
from ocpp16.rpc.session import Session
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer
from ocpp16.step import CancelJob, Download, Install

INSTALL_AGAIN = 3
"""How often an installation that was cut is begun again."""
STATUS: dict[str, FirmwareStatus] = {
    "downloading": FirmwareStatus.DOWNLOADING,
    "downloaded": FirmwareStatus.DOWNLOADED,
    "installing": FirmwareStatus.INSTALLING,
    "installed": FirmwareStatus.INSTALLED,
    "download-failed": FirmwareStatus.DOWNLOAD_FAILED,
    "install-failed": FirmwareStatus.INSTALLATION_FAILED,
}
"""What is told in each state; waiting and rebooting have no word of their own."""
ENDS = ("installed", "download-failed", "install-failed")


class Firmware:
    """One update at a time."""

    def __init__(self, context: Context, session: Session, product: Product) -> None:
        self.context = context
        self.session = session
        self.product = product
        self.is_charging: Callable[[], bool]
        self.reboot: Callable[[], None]
        self.on_open: Callable[[], None]
        """The connectors may be used again."""
        self._insist = StatusRetry(context, session, Timer.UPDATE)
        self._begun = False
        self._job: int | None = None

    @property
    def update(self) -> FirmwareUpdate | None:
        return self.context.facts.of(FirmwareUpdate).get("update")

    @property
    def closes_connectors(self) -> bool:
        """From the complete download to the end of the installation no new transaction begins."""
        update = self.update
        return update is not None and update.state in ("downloaded", "installing", "rebooting")

    # --- update -----------------------------------------------------------------------------------------------------

    def on_update(self, request: UpdateFirmwareReq) -> UpdateFirmwareConf | Refusal:
        if self.product.secure_firmware:  # L01.FR.20: the signed kind takes its place
            return Refusal("NotSupported", "this station only takes signed firmware")
        old = self.update
        busy = old is not None and old.state in ("installing", "rebooting")
        if busy or not self.context.accepts_changes:
            reason = "another is being installed" if busy else "nothing can be recorded: make room on the disk"
            self.context.note("update-refused", reason=reason)
            return UpdateFirmwareConf()  # §5.19 has no word for no; what runs is told by its own statuses
        self._cancel_job()
        self._save(
            FirmwareUpdate(
                location=request.location,
                retrieve_utc=to_seconds(request.retrieve_date),
                retries_left=retries_of(request.retries),
                retry_interval_s=interval_of(request.retry_interval),
            )
        )
        self.arm()
        return UpdateFirmwareConf()

    def _cancel_job(self) -> None:
        if self._job is not None:
            self.context.jobs.append(CancelJob(self._job))
            self._job = None

    def _save(self, update: FirmwareUpdate) -> None:
        was_closed = self.closes_connectors
        self.context.save(update)
        if was_closed and not self.closes_connectors:
            self.on_open()
        self.tell()

    def started(self, reboot_failed: bool = False) -> None:
        """A new life.  Whether an installation that was cut took effect only the installer knows: it is asked again,
        for it may be run twice (the hook's contract).
        """
        self._begun = True
        update = self.update
        if update is None:
            return
        if update.state == "rebooting":  # what was installed runs from the next start on: this one
            self._save(replace(update, state="install-failed" if reboot_failed else "installed"))
        elif update.state == "installing" and update.retries_left == 0:
            self._save(replace(update, state="install-failed"))
        elif update.state == "downloading":
            self._save(replace(update, state="waiting"))
        elif update.state in ENDS:  # its row is there still: nobody has confirmed it
            self._save(replace(update, told=""))
        self.arm()

    def arm(self) -> None:
        """When the next thing is to be done: at retrieveDate, or at once."""
        update, offset = self.update, self.context.clock.offset
        if update is None or self._job is not None or offset is None or not self._begun:
            return
        if update.state not in ("waiting", "downloaded", "installing"):
            return
        due = update.retrieve_utc - offset if update.state == "waiting" else 0.0
        self.context.timers.set(Timer.UPDATE, max(due, self.context.now.mono))

    def due(self) -> None:
        """AQ-4: no installation beside a transaction, a download only where the product says so.

        `transaction_ended` comes back to it.
        """
        update = self.update
        if update is None or self._job is not None:
            return
        charging = self.is_charging()
        if update.state == "waiting" and (not charging or self.product.download_while_charging):
            self._job = self.context.next_job()
            self._save(replace(update, state="downloading"))
            self.context.jobs.append(Download(self._job, update.location))
        elif update.state in ("downloaded", "installing") and not charging:
            self._job = self.context.next_job()
            again = update.state == "installing"  # a life that only waits, for the time or a driver, uses up no try
            self._save(replace(update, state="installing", retries_left=update.retries_left - again))
            self.context.jobs.append(Install(self._job, update.file))
        else:
            self.tell()

    def transaction_ended(self) -> None:
        self.arm()

    def job_done(self, event: JobDone) -> None:
        if event.ref == self._job and self.update is not None:
            self._job = None
            self._transferred(self.update, event)

    def _transferred(self, update: FirmwareUpdate, event: JobDone) -> None:
        self.context.note("firmware", state=update.state, ok=event.ok, detail=event.detail)
        if update.state == "downloading" and event.ok:
            self._save(replace(update, state="downloaded", file=event.detail, retries_left=INSTALL_AGAIN))
            self.arm()
        elif update.state == "downloading" and update.retries_left > 0:
            again_utc = (self.context.utc or 0.0) + update.retry_interval_s
            left = update.retries_left - 1
            self.context.save(replace(update, state="waiting", retries_left=left, retrieve_utc=again_utc))
            self.arm()
        elif update.state == "downloading":
            self._save(replace(update, state="download-failed"))
        elif update.state == "installing" and event.ok:
            self._save(replace(update, state="rebooting"))
            self.reboot()
        elif update.state == "installing":
            self._save(replace(update, state="install-failed"))

    # --- what is told -----------------------------------------------------------------------------------------------

    def tell(self) -> None:
        """Each status once, the last one until it has arrived."""
        update = self.update
        if update is None or not self.session.up or self.session.gate is not Gate.OPEN:
            return
        status = STATUS.get(update.state)
        if status is not None and status != update.told:
            self.context.save(replace(update, told=str(status)), within_s=1.0)
            self.session.call(FirmwareStatusNotificationReq(status=status), partial(self._told, status))

    def _told(self, status: FirmwareStatus, answer: object) -> None:
        update = self.update
        if update is None or update.told != status:
            return
        if self._insist.lost(answer):
            self.context.save(replace(update, told=""), within_s=1.0)
        elif update.state in ENDS:
            self.context.delete(FirmwareUpdate, "update")

    def triggered_status(self, connector: int | None) -> bool:
        update = self.update
        told = FirmwareStatus(update.told) if update is not None and update.told else FirmwareStatus.IDLE
        status = told if update is None else STATUS.get(update.state, told)  # between two tries it is not idle
        self.session.call(FirmwareStatusNotificationReq(status=status), triggered=True)
        return True
