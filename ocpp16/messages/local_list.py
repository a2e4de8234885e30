"""Messages of the profile LocalAuthListManagement, with the spec's limits.  No behaviour."""

from __future__ import annotations

from ocpp16.messages.types import IdTagInfo, Integer, Message, Text20, UpdateStatus, UpdateType, WireStruct

# --- sent by the Central System -------------------------------------------------------------------------------------


class GetLocalListVersionReq(Message, frozen=True):
    pass


class GetLocalListVersionConf(Message, frozen=True):
    list_version: Integer


class AuthorizationData(WireStruct, frozen=True):
    id_tag: Text20
    id_tag_info: IdTagInfo | None = None
    """None: take the card off the list (Differential only)."""


class SendLocalListReq(Message, frozen=True):
    list_version: Integer
    update_type: UpdateType
    local_authorization_list: tuple[AuthorizationData, ...] | None = None


class SendLocalListConf(Message, frozen=True):
    status: UpdateStatus


# --- who sends what: request and its confirmation, by action --------------------------------------------------------

OUTGOING: dict[str, tuple[type[Message], type[Message]]] = {}

INCOMING: dict[str, tuple[type[Message], type[Message]]] = {
    "GetLocalListVersion": (GetLocalListVersionReq, GetLocalListVersionConf),
    "SendLocalList": (SendLocalListReq, SendLocalListConf),
}
