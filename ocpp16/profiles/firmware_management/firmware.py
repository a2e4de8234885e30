"""UpdateFirmware (§5.19) and FirmwareStatusNotification (§4.5): the unsigned firmware update.

Download and installation are jobs; the update is a record, so it goes on after every restart.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from ocpp16.events import JobDone
from ocpp16.messages.call_error import Refusal
from ocpp16.messages.datetimes import to_seconds, to_text
from ocpp16.messages.firmware import (
    FirmwareStatusNotificationReq,
    UpdateFirmwareConf,
    UpdateFirmwareReq,
)
from ocpp16.messages.types import FirmwareStatus
from ocpp16.product import Product
from ocpp16.records import FirmwareUpdate
from ocpp16.rpc.session import Session
from ocpp16.rpc.status_retry import StatusRetry, interval_of, retries_of
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer
from ocpp16.step import CancelJob, Download, Install

INSTALL_AGAIN = 3
"""How often an interrupted installation is started again."""
STATUS: dict[str, FirmwareStatus] = {
    "downloading": FirmwareStatus.DOWNLOADING,
    "downloaded": FirmwareStatus.DOWNLOADED,
    "installing": FirmwareStatus.INSTALLING,
    "installed": FirmwareStatus.INSTALLED,
    "download-failed": FirmwareStatus.DOWNLOAD_FAILED,
    "install-failed": FirmwareStatus.INSTALLATION_FAILED,
}
"""The status that is sent in each state; `waiting` and `rebooting` have none."""
STATE_WORDS: dict[str, str] = {
    "waiting": "download from {at} on",
    "downloading": "download begins",
    "downloaded": "image received; it is installed when no car charges",
    "installing": "installation begins",
    "rebooting": "installed; the unit restarts",
    "installed": "the new version runs",
    "download-failed": "given up, the download failed",
    "install-failed": "given up, the installation failed",
}
"""Of each state, what a technician reads."""
ENDS = ("installed", "download-failed", "install-failed")


class UpdateFirmware:
    """One update at a time."""

    def __init__(
        self,
        context: Context,
        session: Session,
        product: Product,
        *,
        is_charging: Callable[[], bool],
        reboot: Callable[[], None],
        on_open: Callable[[], None],
    ) -> None:
        self.context = context
        self.session = session
        self.product = product
        self.is_charging = is_charging
        self.reboot = reboot
        self.on_open = on_open
        """Called when the connectors may be used again."""
        self._status_retry = StatusRetry(context, session, Timer.UPDATE)
        self._begun = False
        self._job: int | None = None

    @property
    def update(self) -> FirmwareUpdate | None:
        """The update in progress, or one whose final status is not confirmed yet."""
        return self.context.facts.of(FirmwareUpdate).get("update")

    @property
    def closes_connectors(self) -> bool:
        """From the complete download to the end of the installation no new transaction begins."""
        update = self.update
        return update is not None and update.state in ("downloaded", "installing", "rebooting")

    # --- update -----------------------------------------------------------------------------------------------------

    def on_update(self, request: UpdateFirmwareReq) -> UpdateFirmwareConf | Refusal:
        """§5.19: replaces an earlier update, unless that is being installed."""
        if self.product.secure_firmware:  # W L01.FR.20: only signed updates
            return Refusal("NotSupported", "this station only takes signed firmware")
        old = self.update
        busy = old is not None and old.state in ("installing", "rebooting")
        if busy or not self.context.accepts_changes:
            reason = "another is being installed" if busy else "nothing can be recorded: make room on the disk"
            self.context.note("update-refused", reason=reason)
            return UpdateFirmwareConf()  # §5.19 has no status for a refusal
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
        was_closed, before = self.closes_connectors, self.update
        self.context.save(update)
        if before is None or before.state != update.state or before.location != update.location:
            self._note_state(update)
        if was_closed and not self.closes_connectors:
            self.on_open()
        self.send_status()

    def _note_state(self, update: FirmwareUpdate) -> None:
        what = STATE_WORDS[update.state].format(at=to_text(update.retrieve_utc))
        self.context.note("update", what=what, retries_left=update.retries_left)

    def started(self, reboot_failed: bool = False) -> None:
        """The process has started.  An interrupted installation is run again: the install hook must allow that.

        `reboot_failed`: the reboot that would have started the new firmware failed.
        """
        self._begun = True
        update = self.update
        if update is None:
            return
        if update.state == "rebooting":  # this start runs what was installed
            self._save(replace(update, state="install-failed" if reboot_failed else "installed"))
        elif update.state == "installing" and update.retries_left == 0:
            self._save(replace(update, state="install-failed"))
        elif update.state == "downloading":
            self._save(replace(update, state="waiting"))
        elif update.state in ENDS:  # its row still exists: the status was not confirmed
            self._save(replace(update, told=""))
        self.arm()

    def arm(self) -> None:
        """Set the timer for the next action: at retrieveDate, or at once."""
        update, offset = self.update, self.context.clock.offset
        if update is None or self._job is not None or offset is None or not self._begun:
            return
        if update.state not in ("waiting", "downloaded", "installing"):
            return
        due = update.retrieve_utc - offset if update.state == "waiting" else 0.0
        self.context.timers.set(Timer.UPDATE, max(due, self.context.now.mono))

    def due(self) -> None:
        """The timer expired: start the next job, or send the status again.

        AQ-4: no installation during a transaction, a download only where the product allows it; both start when the
        transaction has ended.
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
            again = update.state == "installing"  # waiting for the time or a driver is no attempt
            self._save(replace(update, state="installing", retries_left=update.retries_left - again))
            self.context.jobs.append(Install(self._job, update.file))
        else:
            self.send_status()

    def transaction_ended(self) -> None:
        """Jobs that waited for the end of a transaction may start."""
        self.arm()

    def job_done(self, event: JobDone) -> None:
        """A job has ended; others than the one in progress are ignored."""
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
            again = replace(update, state="waiting", retries_left=left, retrieve_utc=again_utc)
            self.context.save(again)
            self._note_state(again)
            self.arm()
        elif update.state == "downloading":
            self._save(replace(update, state="download-failed"))
        elif update.state == "installing" and event.ok:
            self._save(replace(update, state="rebooting"))
            self.reboot()
        elif update.state == "installing":
            self._save(replace(update, state="install-failed"))

    # --- FirmwareStatusNotification ---------------------------------------------------------------------------------

    def send_status(self) -> None:
        """Send the status of the present state, once; the final one until it is confirmed."""
        update = self.update
        if update is None or not self.session.is_open:
            return
        status = STATUS.get(update.state)
        if status is not None and status != update.told:
            self.context.save(replace(update, told=str(status)), within_s=1.0)
            self.session.call(FirmwareStatusNotificationReq(status=status), partial(self._answered, status))

    def _answered(self, status: FirmwareStatus, answer: object) -> None:
        update = self.update
        if update is None or update.told != status:
            return
        if self._status_retry.lost(answer):
            self.context.save(replace(update, told=""), within_s=1.0)
        elif update.state in ENDS:
            self.context.delete(FirmwareUpdate, "update")

    def triggered_status(self, connector: int | None) -> bool:
        """§5.17: the present status; between two attempts the one sent last; Idle where there is no update."""
        update = self.update
        sent = FirmwareStatus(update.told) if update is not None and update.told else FirmwareStatus.IDLE
        status = sent if update is None else STATUS.get(update.state, sent)
        self.session.call(FirmwareStatusNotificationReq(status=status), triggered=True)
        return True
