"""The signed firmware update (W L01): download, verification, installation, trial; and its statuses.

All that takes time is a job; the update is a record, so it goes on after every restart.  What the jobs do with the
image is in `daemon/jobs/firmware_jobs.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from ocpp16.events import JobDone
from ocpp16.messages.datetimes import to_text
from ocpp16.product import Product
from ocpp16.profiles.security.security_events import SecurityEvent, SecurityEvents
from ocpp16.profiles.security.signed_states import CLOSED, ENDS, STATE_WORDS
from ocpp16.profiles.security.signed_statuses import SignedStatuses
from ocpp16.records import SignedFirmwareUpdate, SignedUpdateState
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer
from ocpp16.step import CancelJob, Download, Install, Seal, Trial, TrialStep, VerifyImage

TRIES = 3
"""So often verification, an interrupted installation, a trial or a reboot is begun again."""
AGAIN_S = 60.0
"""Between two tries of a job that could not be carried out."""
HEALTHY_WITHIN_S = 900.0
"""A new version that is not healthy (board attached, accepted by the Central System) after this is taken back."""
TRIAL_WORDS: dict[TrialStep, str] = {
    "ask": "look at the version that runs",
    "keep": "keeping the new version",
    "go-back": "return to the earlier version",
}
OLD_RUNS = "the boot loader started the version before"


class SignedFirmware:
    """One signed update at a time.  `is_healthy`: the board is attached, the Central System has accepted us."""

    def __init__(
        self,
        context: Context,
        statuses: SignedStatuses,
        product: Product,
        events: SecurityEvents,
        *,
        is_charging: Callable[[], bool],
        is_healthy: Callable[[], bool],
        reboot: Callable[[], None],
        on_open: Callable[[], None],
    ) -> None:
        self.context = context
        self.statuses = statuses
        self.product = product
        self.events = events
        self.is_charging = is_charging
        self.is_healthy = is_healthy
        self.reboot = reboot
        self.on_open = on_open
        """Called when the connectors may be used again."""
        self._begun = False
        self._asks = False
        """Before anything else it must be known which version this start runs."""
        self._asks_left = TRIES
        self._on_trial = False
        """The integrator's system can go back: the new version is kept only where it is healthy."""
        self._healthy_until: float | None = None
        self._not_before = 0.0
        self._leaving = False
        """The unit restarts: nothing more begins."""
        self._job: int | None = None
        self._doing = ""
        """What the job does, for a technician."""

    @property
    def update(self) -> SignedFirmwareUpdate | None:
        """The update under way, or the last one."""
        return self.statuses.update

    @property
    def under_way(self) -> SignedFirmwareUpdate | None:
        """The update that has not ended yet."""
        update = self.update
        return None if update is None or update.state in ENDS else update

    @property
    def closes_connectors(self) -> bool:
        """From the verified signature, or a later installDateTime, to the end no new transaction begins."""
        update = self.update
        return update is not None and update.state in CLOSED

    # --- begin and go on --------------------------------------------------------------------------------------------

    def begin(self, update: SignedFirmwareUpdate) -> None:
        """A new update in place of any other one; the download starts at once, or when it may."""
        if self._job is not None:
            self.context.jobs.append(CancelJob(self._job))
            self._job = None
        self.context.timers.clear(Timer.SIGNED_UPDATE)
        self._not_before = 0.0
        if self._may_download(update):
            self.context.save(update)
            self._start_download(update)
        else:
            self._save(update)
            self.arm()

    def started(self, reboot_failed: bool = False) -> None:
        """The process has started; `reboot_failed`: the reboot into the new version (or back) failed."""
        self._begun = True
        update = self.update
        if update is None:
            return
        self._asks = update.state in ("installing", "rebooting", "trial", "going-back")
        if update.state == "rebooting" and reboot_failed:
            self._asks = False
            self._try("go-back", update)  # the boot loader must not start it some day
        elif update.state == "downloading":
            self._save(replace(update, state="paused"))
        elif update.state in ENDS and not update.confirmed:
            self._save(replace(update, told=""))
        self.arm()

    def arm(self) -> None:
        """Set the timer for the next action: at its date, or at once."""
        update, offset = self.under_way, self.context.clock.offset
        if update is None or self._job is not None or not self._begun or self._leaving:
            return
        date = {
            "scheduled": update.retrieve_utc,
            "paused": update.retrieve_utc,
            "install-scheduled": update.install_utc,
        }
        due = 0.0
        if update.state in date:
            if offset is None:
                return
            due = (date[update.state] or 0.0) - offset
        elif update.state == "trial" and not self._asks and not self._passes:
            due = self._trial_ends()
        self.context.timers.set(Timer.SIGNED_UPDATE, max(due, self.context.now.mono, self._not_before))

    def due(self) -> None:
        """The timer expired: the next job may begin, or a status is sent again."""
        update = self.under_way
        waits = self._job is not None or self._leaving or self.context.now.mono < self._not_before
        if update is not None and not waits:
            self._go_on(update)
        self.statuses.send()

    def transaction_ended(self) -> None:
        """Jobs that waited for the end of a transaction may start."""
        self.arm()

    def health_changed(self) -> None:
        """The board was attached, or the Central System has accepted this station: a trial may end well."""
        if self.update is not None and self.update.state == "trial":
            self.arm()

    def _go_on(self, update: SignedFirmwareUpdate) -> None:
        """The next job of the update, where its time has come (AQ-4: not beside a transaction)."""
        if self._asks:
            self._try("ask", update)
        elif update.state in ("scheduled", "paused"):
            if self._may_download(update):
                self._start_download(update)
            elif update.state == "paused" and (self.context.utc or 0.0) >= update.retrieve_utc:
                self._save(replace(update, state="scheduled"))  # it waits for the end of a transaction now
        elif update.state == "downloaded":
            self._start(VerifyImage(self.context.next_job(), update.file, self.seal(update)), "verification")
        elif update.state == "install-scheduled":
            self._save(replace(update, state="install-waiting"))  # connectors are closed before Installing is told
            self.arm()
        elif update.state in ("verified", "install-waiting", "installing"):
            if not self.is_charging():
                self._start_install(update)
        elif update.state == "trial" and self._passes:
            self._try("keep", update)
        elif update.state == "trial" and self.context.now.mono >= self._trial_ends():
            self._go_back(update, f"not healthy within {HEALTHY_WITHIN_S:g} s")
        elif update.state == "going-back":
            self._try("go-back", update)

    def _may_download(self, update: SignedFirmwareUpdate) -> bool:
        utc = self.context.utc
        free = not self.is_charging() or self.product.download_while_charging
        return utc is not None and utc >= update.retrieve_utc and free

    def _start_download(self, update: SignedFirmwareUpdate) -> None:
        self._save(replace(update, state="downloading"))
        self._start(Download(self.context.next_job(), update.location), "download")

    def _start_install(self, update: SignedFirmwareUpdate) -> None:
        again = update.state == "installing"
        if again and update.retries_left == 0:
            self._end(update, "install-failed", "interrupted too often")
            return
        self._save(replace(update, state="installing", retries_left=update.retries_left - again))
        self._start(Install(self.context.next_job(), update.file, self.seal(update)), "installation")

    def _try(self, what: TrialStep, update: SignedFirmwareUpdate) -> None:
        self._start(Trial(self.context.next_job(), what, update.digest), TRIAL_WORDS[what])

    def _start(self, job: Download | VerifyImage | Install | Trial, doing: str) -> None:
        self._job, self._doing = job.ref, doing
        self.context.jobs.append(job)

    def seal(self, update: SignedFirmwareUpdate) -> Seal:
        """By what the image is verified, at the time that is known, or at the latest that has surely passed."""
        utc = self.context.utc
        at = self.context.clock.floor_utc if utc is None else utc
        return Seal(update.certificate, update.signature, at, utc is not None)

    @property
    def _passes(self) -> bool:
        return self.is_healthy() or not self._on_trial

    def _trial_ends(self) -> float:
        if self._healthy_until is None:
            self._healthy_until = self.context.carried_out_at + HEALTHY_WITHIN_S
        return self._healthy_until

    # --- jobs have ended --------------------------------------------------------------------------------------------

    def job_done(self, event: JobDone) -> None:
        """A job has ended; others than the one under way are ignored."""
        update = self.update
        if event.ref != self._job or update is None:
            return
        self._job = None
        self.context.note("firmware", state=self._doing, ok=event.ok, detail=event.detail)
        if update.state == "downloading":
            self._downloaded(update, event)
        elif update.state == "downloaded":
            self._verified(update, event)
        elif self._asks:
            self._asked(update, event)
        elif update.state == "installing":
            self._installed(update, event)
        elif update.state == "trial":
            self._kept(update, event)
        elif update.state == "rebooting":
            self._end(update, "install-failed", "the unit could not be restarted")
        elif update.state == "going-back":
            self._leave()
        self.arm()

    def _downloaded(self, update: SignedFirmwareUpdate, event: JobDone) -> None:
        if event.ok:
            self._save(replace(update, state="downloaded", file=event.detail, retries_left=TRIES))
        elif update.retries_left > 0:
            again_utc = (self.context.utc or 0.0) + update.retry_interval_s
            left = update.retries_left - 1
            self._save(replace(update, state="paused", retries_left=left, retrieve_utc=again_utc))
        else:
            self._end(update, "download-failed")

    def _verified(self, update: SignedFirmwareUpdate, event: JobDone) -> None:
        if not event.ok:
            self._unfit(update, event, "verification-failed")
            return
        verified = replace(update, state="verified", digest=event.detail, retries_left=TRIES)
        self._save(verified)
        date, utc = update.install_utc, self.context.utc
        if date is not None and (utc is None or utc < date):
            self._save(replace(verified, state="install-scheduled"))

    def _installed(self, update: SignedFirmwareUpdate, event: JobDone) -> None:
        if event.ok:
            self._restart(update)
        elif event.verdict:
            self._unfit(update, event, "install-failed")
        else:
            self._end(update, "install-failed")

    def _restart(self, update: SignedFirmwareUpdate) -> None:
        boot_id = self.context.clock.boot_id
        self._save(replace(update, state="rebooting", boot_id=boot_id, retries_left=TRIES))
        self._leave()

    def _leave(self) -> None:
        self._leaving = True
        self.reboot()

    def _unfit(self, update: SignedFirmwareUpdate, event: JobDone, else_state: SignedUpdateState) -> None:
        """The image was judged and is not wanted; or the job could not be carried out: again, a few times."""
        if event.verdict == "signature":
            self.events.record(SecurityEvent.INVALID_FIRMWARE_SIGNATURE, event.detail)
            self._end(update, "invalid-signature")
        elif event.verdict in ("certificate", "revoked"):  # it was valid when the update was asked for
            self.events.record(SecurityEvent.INVALID_SIGNING_CERTIFICATE, event.detail)
            self._end(update, "invalid-signature")
        elif event.verdict == "version":
            self._end(update, "verification-failed")
        else:
            self._again(update, else_state)

    def _again(self, update: SignedFirmwareUpdate, end: SignedUpdateState) -> None:
        if update.retries_left == 0:
            self._end(update, end, "tried too often")
            return
        self.context.save(replace(update, retries_left=update.retries_left - 1))
        self._not_before = self.context.now.mono + AGAIN_S

    # --- the trial --------------------------------------------------------------------------------------------------

    def _asked(self, update: SignedFirmwareUpdate, event: JobDone) -> None:
        """It is known which version runs; where nobody can tell, the new one."""
        if not event.ok and self._asks_left > 0:
            self._asks_left -= 1
            self._not_before = self.context.now.mono + AGAIN_S
            return
        self._asks = False
        self._on_trial = event.verdict == "runs"
        earlier = event.verdict == "earlier"
        left = replace(update, retries_left=max(0, update.retries_left - 1))
        if update.state == "installing":
            if self._on_trial:  # the cut came after the switch: what runs must not be installed over
                self._save(replace(update, state="trial", retries_left=TRIES))
        elif update.state == "rebooting":
            self._restarted(update, left, earlier)
        elif update.state == "trial" and earlier:
            self._end(update, "verification-failed", OLD_RUNS)
        elif update.state == "trial" and update.retries_left == 0:
            self._go_back(update, "interrupted too often")
        elif update.state == "going-back" and (not self._on_trial or update.retries_left == 0):
            self._end(update, "verification-failed", OLD_RUNS if earlier else "the new version still runs")
        else:
            self.context.save(left)

    def _restarted(self, update: SignedFirmwareUpdate, left: SignedFirmwareUpdate, earlier: bool) -> None:
        if not earlier:
            self._save(replace(update, state="trial", retries_left=TRIES))
        elif update.boot_id == self.context.clock.boot_id and update.retries_left > 0:
            self.context.save(left)  # only this process has restarted
            self._leave()
        else:
            self._end(update, "install-failed", OLD_RUNS)

    def _kept(self, update: SignedFirmwareUpdate, event: JobDone) -> None:
        if event.ok or not self._on_trial:
            self.events.record(SecurityEvent.FIRMWARE_UPDATED, f"SHA-256 {update.digest}")
            self._end(update, "installed")
        elif update.retries_left > 0:
            self._again(update, "verification-failed")
        else:
            self._go_back(update, "it could not be kept")

    def _go_back(self, update: SignedFirmwareUpdate, why: str) -> None:
        self.context.note("firmware", state=update.state, ok=False, detail=why)
        self._save(replace(update, state="going-back", retries_left=TRIES))
        self._try("go-back", update)

    # --- records and statuses ---------------------------------------------------------------------------------------

    def _end(self, update: SignedFirmwareUpdate, state: SignedUpdateState, why: str = "") -> None:
        if why:
            self.context.note("firmware", state=update.state, ok=False, detail=why)
        self._save(replace(update, state=state))

    def _save(self, update: SignedFirmwareUpdate) -> None:
        before = self.update
        self.context.save(update)
        if before is None or before.state != update.state or before.request_id != update.request_id:
            install = to_text(update.install_utc or update.retrieve_utc)
            what = STATE_WORDS[update.state].format(at=to_text(update.retrieve_utc), install=install)
            self.context.note("update", what=what, retries_left=update.retries_left)
        if before is not None and before.state in CLOSED and update.state in ENDS:
            self.on_open()
        self.statuses.send()
