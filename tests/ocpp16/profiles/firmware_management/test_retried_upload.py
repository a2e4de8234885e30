"""The name of an upload; its retries are tested with GetDiagnostics and GetLog."""

from __future__ import annotations

import pytest

from ocpp16.profiles.firmware_management.retried_upload import named_in


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("ftp://h/a/b.tgz", "b.tgz"), ("ftp://h/a/", None), ("ftp://h/a", None), ("ftp://h.txt", None),
        ("https://h/x/put?sig=1", "put"), ("https://h/x/?sig=1", None), ("https://h/f.log#x", "f.log"),
    ],
)  # fmt: skip
def test_the_file_that_a_location_names(location: str, name: str | None) -> None:
    assert named_in(location) == name
