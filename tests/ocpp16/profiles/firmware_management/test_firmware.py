"""Firmware update of the plain kind: §4.5, §5.19, and the power cut at every step of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import FirmwareUpdate
from ocpp16.step import Download, Install
from tests.ocpp16.profiles.firmware_management.works import GOOD, IMAGE, URL, Unit
from tests.ocpp16.rig import CallError, clock_text, noted


def test_the_good_way() -> None:
    """§4.5: Downloading, Downloaded, Installing, a reboot, Installed by the new version; nothing stays."""
    unit = Unit()
    assert unit.update() == {}
    assert unit.job(Download).location == URL
    unit.done(True, IMAGE)
    assert unit.job(Install).file == IMAGE and unit.station.status() == "Unavailable"
    unit.done()
    unit.wait(60)
    assert unit.gone and unit.told() == GOOD[:3]
    unit.reborn(dark=True)
    assert unit.told() == GOOD and not unit.station.rows(FirmwareUpdate)
    assert unit.station.status() == "Available"


def test_a_clock_that_is_right_at_once() -> None:
    """A life that knows the time from its first step begins the download once, and its answer is taken as that."""
    unit = Unit()
    unit.update()
    unit.job(Download)
    unit.reborn()
    assert isinstance(unit.job(Download), Download)
    assert [row.state for row in unit.station.rows(FirmwareUpdate)] == ["downloading"]
    unit.done(True, IMAGE)
    assert unit.job(Install).file == IMAGE


def test_signed_only() -> None:
    """L01.FR.20: a product that takes signed firmware refuses the plain kind with NotSupported, and does nothing."""
    unit = Unit(Product())
    answer = unit.update()
    assert isinstance(answer, CallError) and answer.code == "NotSupported"
    unit.wait(100)
    assert not unit.jobs and not unit.station.rows(FirmwareUpdate)


def test_retrieve_date() -> None:
    """§5.19: nothing is fetched before retrieveDate."""
    unit = Unit()
    unit.update(retrieveDate=clock_text(unit.station.mono + 3600))
    unit.wait(3590)
    assert not unit.jobs and unit.told() == []
    unit.wait(10)
    assert unit.job(Download)


def test_retrieve_date_in_another_life() -> None:
    """The date is kept across a power cut."""
    unit = Unit()
    unit.update(retrieveDate=clock_text(unit.station.mono + 3600))
    unit.reborn()
    unit.wait(3590)
    assert not unit.jobs
    unit.wait(10)
    assert unit.job(Download)


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_retries(retries: int) -> None:
    """`retries` is what comes after the first try (0: one try), `retryInterval` apart; Downloading is told once."""
    unit = Unit()
    unit.update(retries=retries, retryInterval=30)
    for left in range(retries, -1, -1):
        unit.job(Download)
        unit.done(False, "TCP: no route to host")
        unit.wait(29)
        assert not unit.jobs and unit.told() == (GOOD[:1] if left else ["Downloading", "DownloadFailed"])
        unit.wait(1)
    assert unit.told() == ["Downloading", "DownloadFailed"]
    assert not unit.jobs and not unit.station.rows(FirmwareUpdate) and unit.station.status() == "Available"


def test_the_interval_of_a_retry_is_kept() -> None:
    """Neither a new life nor the end of a transaction shortens it."""
    unit = Unit()
    unit.update(retries=1, retryInterval=600)
    unit.job(Download)
    unit.done(False, "TCP: refused")
    unit.station.charging()
    unit.wait(10)
    unit.station.tap("CARD")
    unit.station.open_contactor()
    unit.wait(10)
    assert not unit.jobs
    unit.reborn()
    unit.wait(500)
    assert not unit.jobs
    unit.wait(100)
    assert unit.job(Download)


def test_a_failed_installation() -> None:
    """The old firmware stays, the end is told, the connectors serve again, nothing is rebooted."""
    unit = Unit()
    unit.update()
    unit.downloaded()
    unit.job(Install)
    unit.done(False, "exit 1")
    unit.wait(60)
    assert unit.told() == [*GOOD[:3], "InstallationFailed"]
    assert not unit.gone and not unit.station.rows(FirmwareUpdate) and unit.station.status() == "Available"


def test_not_beside_a_transaction() -> None:
    """AQ-4 no: neither download nor installation begins before the transaction has ended."""
    unit = Unit()
    unit.station.charging()
    unit.update()
    unit.wait(600)
    assert not unit.jobs and unit.told() == []
    end(unit)
    assert unit.job(Download)


def test_nothing_begins_on_the_way_down() -> None:
    """A shutdown that ends the transaction does not begin the installation that waited for it; the next life does."""
    unit = Unit(Product(secure_firmware=False, download_while_charging=True))
    unit.station.charging()
    unit.update()
    unit.downloaded()
    unit.station.happens(ev.ShutdownAsked(ends_charge=True))
    unit.station.open_contactor()
    unit.wait(1)
    assert not unit.jobs
    unit.reborn(dark=True)
    unit.station.unplug()
    assert unit.job(Install)


def end(unit: Unit) -> None:
    """The user's card ends the transaction."""
    unit.station.tap("CARD")
    unit.station.open_contactor()
    unit.station.unplug()


def test_download_beside_a_transaction() -> None:
    """AQ-4 yes: the download runs beside it, the installation waits for its end, and no new one begins meanwhile."""
    unit = Unit(Product(secure_firmware=False, download_while_charging=True))
    unit.station.charging()
    unit.update()
    unit.downloaded()
    unit.wait(600)
    assert not unit.jobs and unit.told() == GOOD[:2]
    end(unit)
    assert unit.job(Install)
    unit.station.plug()
    unit.station.tap("CARD")
    transaction = unit.station.transaction()
    assert transaction is not None and transaction.ended is not None


def test_another_update_takes_its_place() -> None:
    """A new request stops the download of the old one; its own story is told from the beginning."""
    unit = Unit()
    unit.update()
    first = unit.job(Download)
    unit.update(location="http://files.example/other.bin")
    second = unit.job(Download)
    assert (
        (first.ref, first.location) != (second.ref, second.location) == (second.ref, "http://files.example/other.bin")
    )
    unit.station.step(ev.JobDone(first.ref, True, "/old"))
    assert unit.job(Download) == second, "an end that nobody waits for changes nothing"
    unit.done(True, IMAGE)
    assert unit.told() == ["Downloading", "Downloading", "Downloaded", "Installing"] or unit.told()[-1] == "Downloaded"


def test_what_is_being_installed_is_left_alone() -> None:
    """A request during the installation changes nothing: §5.19 has no word for no."""
    unit = Unit()
    unit.update()
    unit.downloaded()
    job = unit.job(Install)
    assert unit.update(location="http://files.example/other.bin") == {}
    assert unit.job(Install) == job
    (row,) = unit.station.rows(FirmwareUpdate)
    assert row.location == URL


def test_an_update_that_is_not_followed_is_noted() -> None:
    """§5.19 has no word for no: the journal has one."""
    unit = Unit()
    unit.station.happens(ev.StoreChanged("full"))
    unit.update()
    assert ("update-refused", {"reason": "nothing can be recorded: make room on the disk"}) in unit.station.notes
    unit.wait(100)
    assert not unit.jobs and not unit.station.rows(FirmwareUpdate)


def test_trigger() -> None:
    """§4.12: FirmwareStatusNotification tells Idle, or what is under way."""
    unit = Unit()
    unit.station.request("TriggerMessage", requestedMessage="FirmwareStatusNotification")
    assert unit.told() == ["Idle"]
    unit.update()
    unit.job(Download)
    unit.station.forget().request("TriggerMessage", requestedMessage="FirmwareStatusNotification")
    assert unit.told() == ["Downloading"]


def test_trigger_between_two_tries() -> None:
    """§4.12: a download that will be tried again is under way."""
    unit = Unit()
    unit.update(retries=1, retryInterval=30)
    unit.job(Download)
    unit.done(False, "TCP: no route to host")
    unit.station.forget().request("TriggerMessage", requestedMessage="FirmwareStatusNotification")
    assert unit.told() == ["Downloading"]


def test_told_after_the_connection() -> None:
    """What happened without a connection is told when it is back: the state as it is, once."""
    unit = Unit()
    unit.update()
    unit.job(Download)
    unit.station.forget().disconnect()
    unit.done(False, "DNS: not found")
    for _ in range(3):
        unit.wait(61)
        unit.done(False, "DNS: not found")
    unit.station.connect()
    assert unit.told() == ["DownloadFailed"] and not unit.station.rows(FirmwareUpdate)


def test_an_end_whose_answer_was_lost_is_told_again() -> None:
    """Installed is kept until the Central System has confirmed it."""
    unit = Unit()
    unit.update(retries=0)
    unit.job(Download)
    unit.jobs.clear()
    unit.station.step(ev.JobDone(1, False, "HTTP: status 404"))
    assert unit.told()[-1] == "DownloadFailed"
    unit.station.disconnect()
    unit.station.forget().connect()
    assert unit.told() == ["DownloadFailed"] and not unit.station.rows(FirmwareUpdate)


def test_what_happened_is_noted() -> None:
    """Stage and cause of a failure reach the journal."""
    unit = Unit()
    unit.update()
    unit.job(Download)
    unit.jobs.clear()
    step = unit.station.step(ev.JobDone(1, False, "TLS: certificate has expired"))
    assert "firmware" in noted(step)
    assert any(fields.get("detail") == "TLS: certificate has expired" for _, fields in unit.station.notes)


# --- the power cut at every step --------------------------------------------------------------------------------------


class Slots(NamedTuple):
    """The unit's two slots: which version runs, what lies in the other one, whether the next start turns to it."""

    runs: str = "old"
    other: str = ""
    turned: bool = False

    def started(self) -> Slots:
        """The boot loader: an image that is not whole is never started."""
        if self.turned:
            assert self.other == "whole", "a half image would have been started"
            return Slots("new", "", False)
        return self


class CutHere(Exception):
    """The mains are gone."""


class Play:
    """One update with an installer of two slots, cut at the n-th moment; after it the mains stay."""

    def __init__(self, cut_at: int, image_ok: bool = True) -> None:
        self.unit = Unit()
        self.slots = Slots()
        self.file = ""
        self.image_ok = image_ok
        self.left = cut_at
        self.cuts = 0

    def moment(self) -> None:
        """Here the mains may fail."""
        self.left -= 1
        if self.left == 0:
            raise CutHere

    def guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except CutHere:
            self.cuts += 1
            self.slots = self.slots.started()
            self.unit.reborn(dark=True)

    def run(self) -> Play:
        self.guarded(self._ask)
        for _ in range(40):
            self.guarded(self._live)
        return self

    def _ask(self) -> None:
        self.unit.station.ask("UpdateFirmware", location=URL, retrieveDate=clock_text(0.0))
        self.moment()
        self.unit.station.settle()

    def _live(self) -> None:
        """A minute of life: each job is done in small steps."""
        unit = self.unit
        self.moment()
        if unit.gone:
            self.moment()
            self.slots = self.slots.started()
            unit.reborn(dark=True)
        unit.wait(61)
        for job in list(unit.jobs):
            if isinstance(job, Download):
                self._download()
            elif isinstance(job, Install):
                self._install(job.file)

    def _download(self) -> None:
        for state in ("begun", "half", "whole"):
            self.file = state
            self.moment()
        self._tell(True, IMAGE)

    def _install(self, file: str) -> None:
        assert file == IMAGE and self.file == "whole", "only what is whole is handed to the installer"
        self.slots = self.slots._replace(other="half", turned=False)
        self.moment()
        if not self.image_ok:
            self._tell(False, "exit 1: bad image")
            return
        self.slots = self.slots._replace(other="whole")
        self.moment()
        self.slots = self.slots._replace(turned=True)
        self.moment()
        self._tell(True, "")

    def _tell(self, ok: bool, detail: str) -> None:
        """The core's step, and the mains at every word of its answer."""
        unit = self.unit
        (job,) = unit.jobs
        unit.jobs.clear()
        unit.station.step(ev.JobDone(job.ref, ok, detail))  # type: ignore[attr-defined]
        self.moment()
        while unit.station.open is not None:
            unit.station.answer({})
            self.moment()
        unit.station.settle()


def moments_of_a_good_play() -> int:
    play = Play(-1).run()
    assert play.slots == Slots("new") and play.unit.told() == GOOD
    return -1 - play.left


@pytest.mark.parametrize("image_ok", [True, False])
def test_power_cut_at_every_step(image_ok: bool) -> None:
    """Never a half image, whatever the moment; the last status is the truth about what runs, and it is told once."""
    for cut_at in range(1, moments_of_a_good_play() + 1):
        play = Play(cut_at, image_ok).run()
        told = play.unit.told()
        asked = bool(told)
        assert play.cuts == 1 or not image_ok
        assert not play.unit.station.rows(FirmwareUpdate), f"cut {cut_at}: it never ends"
        assert asked or cut_at == 1, f"cut {cut_at}: nothing was told"
        if asked:
            truth = "Installed" if play.slots.runs == "new" else "InstallationFailed"
            assert told[-1] == truth, f"cut {cut_at}: {told}, and {play.slots.runs} runs"
            assert (play.slots.runs == "new") is image_ok
            in_order = [status for status in (*GOOD, "InstallationFailed") if status in told]
            seen = list(dict.fromkeys(told))
            assert seen == in_order, f"cut {cut_at}: {told}"


def test_an_installer_that_takes_the_mains_down() -> None:
    """An installation that is cut again and again is given up, and that is told."""
    unit = Unit()
    unit.update()
    unit.downloaded()
    lives = 0
    while unit.station.rows(FirmwareUpdate):
        unit.job(Install)
        unit.reborn(dark=True)
        lives += 1
        assert lives < 10
    assert lives == 4 and unit.told() == [*GOOD[:3], "InstallationFailed"]


def test_a_life_that_only_waits_uses_up_no_try() -> None:
    """However often the mains fail before the installer has begun again, it gets its tries."""
    unit = Unit()
    unit.update()
    unit.downloaded()
    unit.job(Install)
    unit.station.host_utc = False
    for _ in range(6):
        unit.station.restart(dark=True)
        unit.station.jobs = []
        unit.station.started()
        unit.wait(100)
        assert not unit.jobs  # nobody knows what time it is
    unit.reborn()
    assert unit.job(Install).file == IMAGE
    unit.done()
    unit.wait(60)
    unit.reborn(dark=True)
    assert unit.told()[-1] == "Installed"


def test_a_unit_that_could_not_be_rebooted() -> None:
    """Installed is not claimed where the new version does not run."""
    unit = Unit()
    unit.update()
    unit.downloaded()
    unit.job(Install)
    unit.done()
    unit.wait(60)
    unit.reborn(reset_failed=True)
    assert unit.told()[-1] == "InstallationFailed"


def test_b14_each_step_of_an_update_has_a_line() -> None:
    """From the order to the new version, in words; a failed download with its next try."""
    unit = Unit()
    unit.update(retries=1, retryInterval=30)
    unit.job(Download)
    unit.done(False, "no route")
    unit.wait(40)
    unit.downloaded()
    unit.job(Install)
    unit.done()
    unit.reborn()
    told = [str(fields["what"]) for code, fields in unit.station.notes if code == "update"]
    assert [text.split(" ")[0] + " " + text.split(" ")[1] for text in told] == [
        "download from", "download begins", "download from", "download begins", "image received;",
        "installation begins", "installed; the", "the new",
    ]  # fmt: skip
