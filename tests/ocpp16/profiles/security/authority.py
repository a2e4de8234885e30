"""The key store of a bench station by script: what it reads of a text stands in the text itself; keys are names."""

from __future__ import annotations

from typing import Any

from ocpp16 import events as ev
from ocpp16.messages.security import CertificateHashData
from ocpp16.messages.types import HashAlgorithm
from ocpp16.product import Product
from ocpp16.records import ConnectionSet
from ocpp16.step import Job, KeepSet, MakeKey, ReadChain, ReadRoot, Step, UseCertificates
from tests.ocpp16.rig import NOON, Station

DAY = 86_400.0
ROOT, MAKER = "CentralSystemRootCertificate", "ManufacturerRootCertificate"


def details(name: str, days: tuple[float, float] = (-100, 1000), at: float = NOON) -> ev.CertificateDetails:
    """A certificate by its subject alone, valid from and to so many days from noon."""
    return ev.CertificateDetails(
        name=f"{name}.pem",
        subject=f"CN={name}",
        issuer=f"CN={name}",
        serial_number=name.encode().hex().upper(),
        not_before=at + days[0] * DAY,
        not_after=at + days[1] * DAY,
        key_kind="EC P-256",
        hashes=tuple(CertificateHashData(one, f"{one}-n", f"{one}-k", name.encode().hex()) for one in HashAlgorithm),
    )


def peer(found: ev.CertificateDetails) -> ev.PeerCertificate:
    return ev.PeerCertificate(found.subject, found.serial_number, found.not_before, found.not_after)


class Secured(Station):
    """A station with a serial number and a CpoName, whose Central System speaks of certificates."""

    def __init__(self, product: Product | None = None, serial: str = "S-1", **more: Any) -> None:
        self.serial = serial
        self.disk_fails = ""
        """Why the files of a connection set cannot be written."""
        super().__init__(product, host_utc=True, **{"CpoName": "Strom AG", **more})
        self.boot_answer = {"status": "Accepted", "interval": 86400}
        self.reads = False

    def started(self, attached: bool = True) -> Station:
        """With a local file that names what the profile needs."""
        profile = int(self.first.get("SecurityProfile", "0"))
        local = ev.LocalSet("file-1", profile, profile >= 2, profile in (1, 2), profile >= 2, profile == 3)
        numbers = tuple(row.number for row in self.rows(ConnectionSet))
        self.happens(ev.Started(local_set=local, readable_sets=numbers))
        if attached:
            self.attach()
        return self

    def step(self, event: ev.Event) -> Step:
        """The files of a connection set are durable at once."""
        step = super().step(event)
        for job in jobs(step, KeepSet):
            super().step(ev.JobDone(job.ref, not self.disk_fails, self.disk_fails))
        return step

    @property
    def wanted(self) -> int:
        """The connection set that is dialled."""
        return self.cp.parts.security.connection_sets.dialled

    def refused(self, code: str = "tls-client-refused", stage: str = "TLS") -> Step:
        """One attempt at the wanted set that fails; an open connection is ended first, as the link does."""
        if self.up:
            self.up, self.open = False, None
            self.step(ev.LinkDown("", "closed by ourselves", code="closed-by-station"))
        return self.step(ev.LinkDown(stage, "refused", 1.0, code, connection_set=self.wanted))

    def wake(self) -> None:
        super().wake()
        self.cp.parts.security.certificates.station.serial = self.serial

    def install(self, found: ev.CertificateDetails | None, use: str = ROOT, **read: Any) -> str:
        """InstallCertificate: the key store reads `found`; the status of the answer."""
        answer, step = self.ask("InstallCertificate", certificateType=use, certificate="PEM")
        if answer is not None:
            return str(answer["status"])  # type: ignore[index]
        return self._answered(step, found, **read)

    def signed(self, found: ev.CertificateDetails | None, text: str = "PEM", **read: Any) -> str:
        """CertificateSigned, likewise."""
        answer, step = self.ask("CertificateSigned", certificateChain=text)
        if answer is not None:
            self.settle()
            return str(answer["status"])  # type: ignore[index]
        return self._answered(step, found, **read)

    def _answered(self, step: Step, found: ev.CertificateDetails | None, **read: Any) -> str:
        import json

        (job,) = jobs(step, ReadRoot, ReadChain)
        after = self.step(ev.CertificateRead(job.ref, found, **read))
        status = next(json.loads(frame)[2]["status"] for frame in after.frames if json.loads(frame)[0] == 3)
        self.settle()
        return str(status)

    def make_key(self, name: str = "key-1.pem", **made: Any) -> Step:
        """The key store answers the MakeKey of the last step."""
        (job,) = jobs(self.last, MakeKey)
        return self.happens(ev.KeyMade(job.ref, name, **{"csr": f"CSR of {name}", **made}))

    def ids(self, use: str = ROOT) -> list[str]:
        """Serial numbers that GetInstalledCertificateIds reports."""
        answer: Any = self.request("GetInstalledCertificateIds", certificateType=use)
        return [bytes.fromhex(row["serialNumber"]).decode() for row in answer.get("certificateHashData", [])]

    def remove(self, name: str, algorithm: str = "SHA256", **other: str) -> str:
        data = {
            "hashAlgorithm": algorithm,
            "issuerNameHash": f"{algorithm}-N",
            "issuerKeyHash": f"{algorithm}-K",
            "serialNumber": "0" + name.encode().hex(),
            **other,
        }
        answer: Any = self.request("DeleteCertificate", certificateHashData=data)
        return str(answer["status"])

    def linked(self, *chain: ev.CertificateDetails) -> Step:
        """A new connection, verified by that chain."""
        self.disconnect()
        self.up = True
        return self.happens(ev.LinkUp(chain=tuple(map(peer, chain)), connection_set=self.wanted))

    def trigger(self) -> None:
        """The station sends a Heartbeat, which is answered."""
        self.request("TriggerMessage", requestedMessage="Heartbeat")

    def events(self) -> list[str]:
        """Security events so far, but those of each start."""
        found = [str(fields["event"]) for code, fields in self.notes if code == "security-event"]
        return [one for one in found if one not in ("StartupOfTheDevice", "SettingSystemTime")]


def jobs(step: Step, *kinds: type[Job]) -> list[Any]:
    return [job for job in step.jobs if isinstance(job, kinds)]


def used(step: Step) -> UseCertificates:
    """What the hall is told to use, last."""
    return jobs(step, UseCertificates)[-1]  # type: ignore[no-any-return]
