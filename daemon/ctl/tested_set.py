"""With what `evsectl connect-test` connects: the connection set in force, as the daemon has it."""

from __future__ import annotations

import time
from typing import NamedTuple

from daemon import host_clock
from daemon.config.model import Config
from daemon.csms.connection_files import ConnectionFiles
from daemon.csms.link_security import Credentials
from daemon.csms.tls_judgement import Moment, moment_of
from daemon.ctl.client import Unreachable
from daemon.ctl.offline import NOT_RUNNING, stored_point
from daemon.security.certificate_jobs import CERTIFICATES, tls_files
from daemon.security.key_store import KeyStore
from ocpp16.records import ConnectionSet


class TestedSet(NamedTuple):
    """`number` 0: what the configuration file says.  `source`: one line for a person; "": nothing to say."""

    number: int
    url: str
    credentials: Credentials
    source: str = ""


def moment() -> Moment:
    """The time to judge certificates by."""
    return moment_of(host_clock.now().utc, time.time(), host_clock.BUILD_UTC)


def in_force(config: Config) -> TestedSet:
    """The set in force by the store, with the certificates that count; where it cannot be read, the configuration's."""
    files = ConnectionFiles(config, moment)
    try:
        point = stored_point(config, NOT_RUNNING)
    except Unreachable:
        source = f"uses the configuration file: there is no store in {config.store_dir} that can be read"
        return TestedSet(0, *files.connection(0), source)
    used = point.parts.security.certificates.records.in_use()
    files.use(tls_files(config.store_dir / CERTIFICATES, KeyStore(config.store_dir), used))
    rows = [row for row in point.parts.context.facts.of(ConnectionSet).values() if row.state == "in-force"]
    numbers = {row.number for row in rows if files.rests_on_this_file(row.local)}
    number = max(numbers & set(files.readable()), default=0)
    source = f"uses connection set {number}, which was changed since the configuration file" if number else ""
    return TestedSet(number, *files.connection(number), source)
