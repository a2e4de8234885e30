"""The Local Authorization List: SendLocalList, GetLocalListVersion, looking up a card (§3.5.2, §5.10, §5.15)."""

from __future__ import annotations

from collections.abc import Callable

from ocpp16.messages.datetimes import to_seconds
from ocpp16.messages.local_list import (
    AuthorizationData,
    GetLocalListVersionConf,
    GetLocalListVersionReq,
    SendLocalListConf,
    SendLocalListReq,
)
from ocpp16.messages.types import AuthorizationStatus, UpdateStatus, UpdateType
from ocpp16.product import Product
from ocpp16.records import CachedTag, ListedTag, ListVersion
from ocpp16.state.context import Context
from ocpp16.state.id_tags import Verdict

VALID = (AuthorizationStatus.ACCEPTED, AuthorizationStatus.CONCURRENT_TX)
"""§3.5.2: a listed card with these may charge; ConcurrentTx was true of a moment that has passed."""
NOT_SUPPORTED = -1
"""§5.10: the listVersion of a station that has no list (or has it switched off)."""


class LocalAuthList:
    """Reads and replaces the list.

    `switched_on()`: the key LocalAuthListEnabled.  `on_reconciled()` is called when a list has come after the Central
    System contradicted the one before.
    """

    def __init__(
        self,
        context: Context,
        product: Product,
        switched_on: Callable[[], bool],
        on_reconciled: Callable[[], None],
    ) -> None:
        self.context = context
        self.product = product
        self.switched_on = switched_on
        self.on_reconciled = on_reconciled
        self._contradicted: set[str] = set()
        """Cards about which the Central System contradicted the list since it came."""

    @property
    def enabled(self) -> bool:
        """Whether the product has the list and it is switched on."""
        return self.product.has("LocalAuthListManagement") and self.switched_on()

    def lookup(self, id_tag: str) -> Verdict | None:
        """What the list says about a card; None: it is not listed, or there is no list."""
        if not self.enabled:
            return None
        listed = self.context.facts.of(ListedTag).get(id_tag.casefold())
        if listed is None:
            return None
        utc = self.context.utc
        status = listed.status
        if listed.expires_utc is not None and utc is not None and utc >= listed.expires_utc:
            status = AuthorizationStatus.EXPIRED
        elif status in VALID:
            status = AuthorizationStatus.ACCEPTED
        return Verdict(str(status), listed.parent_id_tag, "local list")

    # --- messages ---------------------------------------------------------------------------------------------------

    def contradicted(self, id_tag: str) -> bool:
        """§3.5.2: the Central System contradicts the list.  Returns whether that is new: once per card and list."""
        folded, known = id_tag.casefold(), len(self._contradicted)
        self._contradicted.add(folded)
        return len(self._contradicted) > known

    def on_get_version(self, request: GetLocalListVersionReq) -> GetLocalListVersionConf:
        if not self.enabled:
            return GetLocalListVersionConf(list_version=NOT_SUPPORTED)
        return GetLocalListVersionConf(list_version=self.version())

    def version(self) -> int:
        """§5.10: the one version, told and compared with; 0 while no card is listed, whatever was sent with that."""
        row = self.context.facts.of(ListVersion).get("list")
        return 0 if row is None or not self.context.facts.of(ListedTag) else row.version

    def on_send(self, request: SendLocalListReq) -> SendLocalListConf:
        status, why = self._send(request)
        if status is not UpdateStatus.ACCEPTED:
            self.context.note("list-refused", status=str(status), reason=why, version=request.list_version)
        return SendLocalListConf(status=status)

    def _send(self, request: SendLocalListReq) -> tuple[UpdateStatus, str]:
        entries = request.local_authorization_list or ()
        if not self.enabled:
            return UpdateStatus.NOT_SUPPORTED, "LocalAuthListEnabled is false"
        if not self.context.accepts_changes:
            return UpdateStatus.FAILED, "nothing can be recorded"
        if (wrong := self._wrong(request, entries)) is not None:
            return UpdateStatus.FAILED, wrong
        full = request.update_type is UpdateType.FULL
        if not full and request.list_version <= self.version():
            return UpdateStatus.VERSION_MISMATCH, f"version {self.version()} is stored already"
        kept = {} if full else dict(self.context.facts.of(ListedTag))
        size = len(kept.keys() | {e.id_tag.casefold() for e in entries if e.id_tag_info is not None})
        size -= sum(1 for e in entries if e.id_tag_info is None and e.id_tag.casefold() in kept)
        if size > self.product.local_list_max_length:
            return UpdateStatus.FAILED, f"{size} cards, LocalAuthListMaxLength is {self.product.local_list_max_length}"
        self._replace(entries, full)
        if self._contradicted:
            self._contradicted.clear()
            self.on_reconciled()
        self.context.save(ListVersion(version=max(0, request.list_version)))
        return UpdateStatus.ACCEPTED, ""

    def _wrong(self, request: SendLocalListReq, entries: tuple[AuthorizationData, ...]) -> str | None:
        """What is wrong with the message itself (then nothing of it is stored); None: nothing."""
        clears = request.update_type is UpdateType.FULL and not entries
        if request.list_version <= 0 and not clears:  # E 3.52; refused, the cards that were to go would stay valid
            return "listVersion must be above 0"
        if len(entries) > self.product.send_local_list_max_length:
            return f"{len(entries)} entries, SendLocalListMaxLength is {self.product.send_local_list_max_length}"
        if len({entry.id_tag.casefold() for entry in entries}) != len(entries):
            return "a card is listed twice"
        if request.update_type is UpdateType.FULL and any(entry.id_tag_info is None for entry in entries):
            return "an entry of a full list has no idTagInfo"
        return None

    def _replace(self, entries: tuple[AuthorizationData, ...], full: bool) -> None:
        if full:
            staying = {entry.id_tag.casefold() for entry in entries}
            for folded in [key for key in self.context.facts.of(ListedTag) if key not in staying]:
                self.context.delete(ListedTag, folded)
        for entry in entries:
            folded, info = entry.id_tag.casefold(), entry.id_tag_info
            if info is None:
                self.context.delete(ListedTag, folded)
                continue
            expires = None if info.expiry_date is None else to_seconds(info.expiry_date)
            self.context.save(
                ListedTag(id_tag=folded, status=str(info.status), expires_utc=expires, parent_id_tag=info.parent_id_tag)
            )
            if folded in self.context.facts.of(CachedTag):  # a listed card is never cached
                self.context.delete(CachedTag, folded)
