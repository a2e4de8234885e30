"""AuthorizationKey, SecurityProfile and `csms.url`: asked for by the Central System or a technician, then proposed."""

from __future__ import annotations

from functools import partial

from ocpp16.configuration.key_names import Key
from ocpp16.events import SettingAsked
from ocpp16.messages.core import ChangeConfigurationConf, ChangeConfigurationReq
from ocpp16.messages.types import ConfigurationStatus
from ocpp16.profiles.security.authorization_key import key_hex
from ocpp16.rpc.pending_calls import POSTPONED, CallId, Postponed
from ocpp16.rpc.session import Session
from ocpp16.state.context import Context
from ocpp16.station.connection_sets import ConnectionSets
from ocpp16.step import Reply

URL = "csms.url"
OVER_OCPP = {Key.AuthorizationKey.casefold(): "authorization_key", Key.SecurityProfile.casefold(): "security_profile"}
AT_THE_DESK = {**OVER_OCPP, URL: "url"}


class ConnectionKeys:
    """Answers when the change is durable: what is tried afterwards outlives a power cut."""

    def __init__(self, context: Context, session: Session, sets: ConnectionSets, security_extension: bool) -> None:
        self._context = context
        self._session = session
        self._sets = sets
        self._over_ocpp = OVER_OCPP if security_extension else {}

    def changes(self, request: ChangeConfigurationReq) -> bool:
        """Whether the request is about a key of the connection."""
        return request.key.casefold() in self._over_ocpp

    def on_change_configuration(self, request: ChangeConfigurationReq, call_id: CallId) -> Postponed:
        self._propose(OVER_OCPP, request.key, request.value, partial(self._answer, request.key, call_id))
        return POSTPONED

    def asks(self, event: SettingAsked) -> bool:
        """Whether the technician asks for what belongs to the connection."""
        return event.key.casefold() in AT_THE_DESK

    def setting_asked(self, event: SettingAsked) -> None:
        self._propose(AT_THE_DESK, event.key, event.value, partial(self._reply, event))

    def _propose(self, names: dict[str, str], key: str, value: str, then: partial[None]) -> None:
        name = names[key.casefold()]
        try:
            value = key_hex(value) if name == "authorization_key" else value.strip()
        except ValueError as error:
            then(str(error))
            return
        self._sets.propose({name: value}, then)

    def _answer(self, key: str, call_id: CallId, why: str) -> None:
        status = ConfigurationStatus.REJECTED if why else ConfigurationStatus.ACCEPTED
        self._context.note("setting-changed", key=key, value="", status=str(status), reason=why)
        self._session.answer(call_id, ChangeConfigurationConf(status=status))

    def _reply(self, event: SettingAsked, why: str) -> None:
        done = "stored; it is tried as soon as nothing is under way, and kept once it works: see `evsectl log`"
        self._context.replies.append(Reply(event.ref, not why, f"{event.key}: {why}" if why else done))
