"""Download of firmware and upload of diagnostics by HTTP(S) or FTP(S): the order of the checks, and the outcome.

Blocking, for a thread or for `evsed-job`.  The protocols: `http.py`, `ftp.py`, imported when they are needed.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from daemon.journal.redaction import joined_line
from daemon.transfers.files import Partial, made_folder, sweep
from daemon.transfers.limits import Limits, TransferFailed, Watch
from daemon.transfers.urls import (
    Address,
    Location,
    Resolve,
    Rules,
    UrlRefused,
    checked_addresses,
    is_ours,
    read_location,
    system_addresses,
)


class Terms(msgspec.Struct, frozen=True):
    """Where and under which limits transfers are made: read from the configuration, never from a message."""

    store: Path
    rules: Rules
    ca_file: str = ""
    """Path of certificates trusted besides the system's."""
    limits: Limits = Limits()
    resolve: Resolve = system_addresses
    ours: Callable[[Address], bool] = is_ours


def narrowed(protocols: tuple[str, ...], schemes: tuple[str, ...]) -> tuple[str, ...]:
    """The schemes that the product supports and the configuration allows."""
    return tuple(scheme for scheme in schemes if scheme.upper() in protocols)


def download(text: str, terms: Terms, watch: Watch) -> tuple[bool, str]:
    """True and the file's path, or False and one line on why not.  Never raises."""
    return _outcome(lambda: _download(text, terms, watch), watch)


def upload(text: str, file: str, terms: Terms, watch: Watch) -> tuple[bool, str]:
    """Send a file of the transfers' folder, by its name, and remove it; outcome as of `download`.  Never raises."""
    return _outcome(lambda: _upload(text, file, terms, watch), watch)


def file_of(name: str, terms: Terms) -> Path:
    """A file of the transfers' folder.  Raises TransferFailed for any other."""
    path = made_folder(terms.store) / Path(name).name
    if Path(name).name != name or not path.is_file() or path.is_symlink():
        raise TransferFailed("file", "not a file of the transfers' folder")
    return path


def _outcome(work: Callable[[], str], watch: Watch) -> tuple[bool, str]:
    try:
        with watch:
            return True, work()
    except UrlRefused as refused:
        ok, line = False, f"URL: {refused}"
    except TransferFailed as failed:
        ok, line = False, str(failed)
    except OSError as error:
        ok, line = False, f"disk: {error.strerror or error}"
    except Exception as error:  # whatever a library raises must not end the station
        ok, line = False, f"transfer: {type(error).__name__}: {error}"
    line = f"transfer: {watch.why}" if watch.why else line
    line = line.replace(watch.secret, "***") if watch.secret else line
    return ok, joined_line(line)


def _location(text: str, terms: Terms, watch: Watch) -> tuple[Location, list[str]]:
    location = read_location(text, terms.rules.schemes)
    watch.secret = location.password
    return location, checked_addresses(location, terms.rules, terms.resolve, terms.ours)


def _download(text: str, terms: Terms, watch: Watch) -> str:
    location, addresses = _location(text, terms, watch)
    folder = made_folder(terms.store)
    partial = Partial(folder, text, terms.limits.spare_bytes)
    watch.check()
    sweep(folder, lambda name: not name.startswith("firmware-") or name.startswith(partial.whole.stem))
    with suppress(OSError):
        partial.whole.unlink(missing_ok=True)  # of an earlier update: the content may have changed
    try:
        if location.scheme.startswith("http"):
            from daemon.transfers import http

            http.download(location, addresses, watch, _trust(terms), partial)
        else:
            from daemon.transfers import ftp

            ftp.download(location, addresses, watch, _trust(terms), partial)
        watch.check()
        return str(partial.finish())
    finally:
        if watch.cancelled and partial.begun:
            partial.discard()
        partial.leave()


def _upload(text: str, name: str, terms: Terms, watch: Watch) -> str:
    file = file_of(name, terms)
    try:
        location, addresses = _location(text, terms, watch)
        location = location.joined(name)
        if location.scheme.startswith("http"):
            from daemon.transfers import http

            http.upload(location, addresses, watch, _trust(terms), file)
        else:
            from daemon.transfers import ftp

            ftp.upload(location, addresses, watch, _trust(terms), file)
        return f"{watch.bytes} bytes sent"
    finally:
        with suppress(OSError):
            file.unlink()


def _trust(terms: Terms) -> ssl.SSLContext:
    """TLS 1.2 or later, names checked; certificates of the system and [csms] ca_file.  Raises TransferFailed."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if terms.ca_file:
        try:
            context.load_verify_locations(terms.ca_file)
        except OSError as error:  # an SSLError is one
            raise TransferFailed("TLS", f"[csms] ca_file: {error.strerror or error}") from error
    return context
