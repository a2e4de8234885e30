"""Download of firmware and upload of diagnostics by HTTP(S) or FTP(S): the order of the checks, and the outcome.

Blocking, for a thread or for `evsed-job`.  The protocols: `http.py`, `ftp.py`, imported when they are needed.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec

from daemon.journal.redaction import joined_line
from daemon.transfers import trust
from daemon.transfers.causes import of_surprise, of_system
from daemon.transfers.dialling import resolved
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
        line = f"URL: {refused}"
    except TransferFailed as failed:
        line = str(failed)
    except OSError as error:
        line = f"disk: {of_system(error)}"
    except Exception as error:  # whatever a library raises must not end the station
        line = f"transfer: internal error, {of_surprise(error)}; please report this"
    return False, joined_line(f"transfer: {watch.why}" if watch.why else line)


def _checked(text: str, terms: Terms, watch: Watch) -> tuple[Location, Sequence[str]]:
    location = read_location(text, terms.rules.schemes)
    look_up = partial(resolved, resolve=terms.resolve, watch=watch)
    return location, checked_addresses(location, terms.rules, look_up, terms.ours)


def _trust(location: Location, terms: Terms) -> ssl.SSLContext | None:
    """None where nothing is protected.  Raises TransferFailed."""
    return trust.context(location.scheme, terms.ca_file) if location.scheme in ("https", "ftps") else None


def _download(text: str, terms: Terms, watch: Watch) -> str:
    folder = made_folder(terms.store)
    image = Partial(folder, text, terms.limits.spare_bytes)
    try:
        watch.check()
        location, addresses = _checked(text, terms, watch)
        sweep(folder, lambda name: not name.startswith("firmware-") or name.startswith(image.whole.stem))
        with suppress(OSError):
            image.whole.unlink(missing_ok=True)  # of an earlier update: the content may have changed
        if location.scheme.startswith("http"):
            from daemon.transfers import http

            http.download(location, addresses, watch, _trust(location, terms), image)
        else:
            from daemon.transfers import ftp

            ftp.download(location, addresses, watch, _trust(location, terms), image)
        watch.check()
        return str(image.finish())
    finally:
        if watch.cancelled:
            image.discard()
        image.leave()


def _upload(text: str, name: str, terms: Terms, watch: Watch) -> str:
    file = file_of(name, terms)
    try:
        watch.check()
        location, addresses = _checked(text, terms, watch)
        location = location.joined(name)
        if location.scheme.startswith("http"):
            from daemon.transfers import http

            http.upload(location, addresses, watch, _trust(location, terms), file)
        else:
            from daemon.transfers import ftp

            ftp.upload(location, addresses, watch, _trust(location, terms), file)
        watch.check()
        return f"{watch.bytes} bytes sent"
    finally:
        with suppress(OSError):
            file.unlink()
