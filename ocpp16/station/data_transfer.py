"""DataTransfer: no vendor's messages are known here, and the answer says what is unknown: vendor or message (§5.6)."""

from __future__ import annotations

from ocpp16.messages.core import DataTransferConf, DataTransferReq
from ocpp16.messages.types import DataTransferStatus


class DataTransfer:
    """`vendor`: our own vendorId, compared case-insensitively."""

    def __init__(self, vendor: str) -> None:
        self.vendor = vendor

    def on_data_transfer(self, request: DataTransferReq) -> DataTransferConf:
        """UnknownMessageId for our own vendorId, UnknownVendorId for any other; never data."""
        ours = request.vendor_id.casefold() == self.vendor.casefold()
        unknown = DataTransferStatus.UNKNOWN_MESSAGE_ID if ours else DataTransferStatus.UNKNOWN_VENDOR_ID
        return DataTransferConf(status=unknown)
