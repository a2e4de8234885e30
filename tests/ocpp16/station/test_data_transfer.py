"""DataTransfer: the vendor and the message that are not known (§5.6)."""

from __future__ import annotations

import pytest

from tests.ocpp16.rig import Station


@pytest.mark.parametrize(
    ("vendor", "status"),
    [("com.nobody", "UnknownVendorId"), ("evsed", "UnknownMessageId"), ("EVSED", "UnknownMessageId")],
)
def test_data_transfer(vendor: str, status: str) -> None:
    """§5.6: an unknown vendor: UnknownVendorId without data; our own with an unknown message: UnknownMessageId."""
    station = Station().online()
    assert station.request("DataTransfer", vendorId=vendor, messageId="x", data="y") == {"status": status}
