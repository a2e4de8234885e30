"""Making a slow key as a job: the key goes into the key store under a pending name, the answer is the CSR alone."""

from __future__ import annotations

from pathlib import Path

from daemon.jobs.protocol import KeyRequest
from daemon.security.certificate_jobs import make_request
from daemon.security.key_store import KeyRefused, KeyStore
from daemon.transfers.causes import of_system


def make_key(request: KeyRequest | None, store: Path) -> tuple[bool, str]:
    """Whether it was made, and its CSR in PEM or why not.  Blocks for seconds; never raises for what was asked."""
    if request is None:
        return False, "invalid request: no key is described"
    try:
        keys = KeyStore(store)
        return True, make_request(keys, request.kind, request.name, request.common_name, request.organization)
    except KeyRefused as refused:
        return False, str(refused)
    except OSError as error:
        return False, f"disk: {of_system(error)}"
