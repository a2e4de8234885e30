"""The parts of the security extension (W): made in the order in which they need each other, and wired, on this page.

What such a part must call above itself is an argument of `SecurityParts`; `ocpp16.parts` gives each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ocpp16 import events as ev
from ocpp16.configuration.configuration import Configuration
from ocpp16.product import Identity, Product
from ocpp16.profiles.core.registration import Registration
from ocpp16.profiles.firmware_management.log_upload import LogUpload
from ocpp16.profiles.security.certificates import Certificates
from ocpp16.profiles.security.notifications import SecurityEventNotifications
from ocpp16.profiles.security.security_events import SecurityEvents
from ocpp16.profiles.security.signed_firmware import SignedFirmware
from ocpp16.profiles.security.signed_requests import SignedUpdateRequests
from ocpp16.profiles.security.signed_statuses import SignedStatuses
from ocpp16.rpc.session import Session
from ocpp16.rpc.transaction_queue import TransactionQueue
from ocpp16.state.context import Context
from ocpp16.station.connection_keys import ConnectionKeys
from ocpp16.station.connection_sets import ConnectionSets, Then
from ocpp16.station.security_watch import SecurityWatch


class SecurityParts:
    """The parts by name, and for each happening of the station the one method that tells it to all of them.

    `is_connected`: the Central System has accepted the station.  `is_leaving`: it goes down.  `is_charging`,
    `is_healthy`: whether an image may be installed, and whether a new one is kept.  `reboot`: of the unit.  `on_open`:
    an update has given the connectors free.
    """

    def __init__(
        self,
        context: Context,
        session: Session,
        queue: TransactionQueue,
        configuration: Configuration,
        registration: Registration,
        product: Product,
        identity: Identity,
        events: SecurityEvents,
        *,
        is_connected: Callable[[], bool],
        is_leaving: Callable[[], bool],
        is_charging: Callable[[], bool],
        is_healthy: Callable[[], bool],
        reboot: Callable[[], None],
        on_open: Callable[[], None],
    ) -> None:
        self._is_leaving = is_leaving
        self.events = events
        self.watch = SecurityWatch(context, session, configuration, events)
        self.notifications = SecurityEventNotifications(
            context, session, queue, events, wanted=self._tells_security_events
        )
        self.log_upload = LogUpload(context, session)
        self.signed_statuses = SignedStatuses(context, session)
        self.signed_firmware = SignedFirmware(
            context,
            self.signed_statuses,
            product,
            events,
            is_charging=is_charging,
            is_healthy=is_healthy,
            reboot=reboot,
            on_open=on_open,
        )
        self.signed_updates = SignedUpdateRequests(context, session, product, self.signed_firmware, events)
        self.certificates = Certificates(
            context, session, configuration, product, identity, events, self._propose, is_connected
        )
        records, judged = self.certificates.records, self.certificates.station.judged
        self.connection_sets = ConnectionSets(
            context, session, registration, configuration, queue, events.record, records, judged
        )
        self.connection_keys = ConnectionKeys(context, session, self.connection_sets, product.security_extension)

    def _propose(self, changes: Mapping[str, str], then: Then) -> None:
        self.connection_sets.propose(changes, then)

    # --- what happens to the station --------------------------------------------------------------------------------

    def started(self, event: ev.Started) -> None:
        """Before any other part: how the station ended, and over which connection it is to speak."""
        self.watch.started(event)
        self.connection_sets.started(event)

    def resumed(self, event: ev.Started) -> None:
        """After the transactions are recovered: updates and uploads of before go on."""
        self.signed_firmware.started(event.reset_failed)
        self.log_upload.started()
        self.certificates.started()

    def job_done(self, event: ev.JobDone) -> None:
        """The end of any job: each part knows its own."""
        self.signed_updates.job_done(event)
        self.signed_firmware.job_done(event)
        self.log_upload.job_done(event)
        self.connection_sets.job_done(event)

    def link_down(self, event: ev.LinkDown) -> None:
        """The connection is gone, or an attempt at one has failed."""
        self.connection_sets.link_down(event)
        self.watch.link_down(event)
        self.certificates.link_down(event)

    def call_answered(self) -> None:
        """The Central System has answered a CALL: what was on trial works."""
        self.connection_sets.answered()
        self.certificates.roots.answered()

    def accepted(self) -> None:
        """The Central System has accepted the station, or is connected again: what it has not been told is sent."""
        self.signed_statuses.send()
        self.signed_firmware.health_changed()
        self.log_upload.send_status()

    def clock_set(self) -> None:
        """UTC is known, or was set."""
        self.signed_firmware.arm()
        self.certificates.look()

    def _tells_security_events(self) -> bool:
        return not self._is_leaving() and self.watch.in_use()
