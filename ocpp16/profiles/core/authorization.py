"""Authorization of id tags: Authorize.req, the cache and ClearCache, offline authorization (§3.5, §4.1, §5.4).

The local list, where the product has one, is asked through `local_list`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.messages.core import AuthorizeConf, AuthorizeReq, ClearCacheConf, ClearCacheReq
from ocpp16.messages.datetimes import to_seconds
from ocpp16.messages.types import AuthorizationStatus, ClearCacheStatus, IdTagInfo
from ocpp16.product import Product
from ocpp16.records import CachedTag
from ocpp16.rpc.call_outcome import Failure, FailureKind
from ocpp16.rpc.session import Session
from ocpp16.state.context import Context
from ocpp16.state.id_tags import CENTRAL_SYSTEM, Verdict

CACHE_CAP = 1000
"""Cached id tags; beyond it those that are not Accepted are deleted first, then the longest unused."""
NOT_KNOWN = "the station itself, for nobody could be asked"
"""Source of a verdict."""
MAX_ASKED = 8
"""Id tags whose Authorize.req waits at the same time; a further one is refused."""

Listener = Callable[[str, Verdict], None]
"""Called once with the id tag and the verdict about it."""


class Authorization:
    """Gives verdicts, at once or after the Central System has answered."""

    def __init__(
        self,
        context: Context,
        session: Session,
        configuration: Configuration,
        product: Product,
        *,
        local_list: Callable[[str], Verdict | None],
        on_conflict: Callable[[str], None],
    ) -> None:
        self.context = context
        self.session = session
        self.configuration = configuration
        self.product = product
        self.local_list = local_list
        self.on_conflict = on_conflict
        self._asked: dict[str, list[Listener]] = {}
        self._used = max((tag.used for tag in context.facts.of(CachedTag).values()), default=0)

    @property
    def online(self) -> bool:
        """Connected and accepted: the Central System can be asked."""
        return self.session.is_open

    @property
    def cache_enabled(self) -> bool:
        return self.product.authorization_cache and self.configuration.flag(Key.AuthorizationCacheEnabled)

    # --- verdicts ---------------------------------------------------------------------------------------------------

    def ask(self, id_tag: str, then: Listener) -> None:
        """Whether the id tag may charge (§3.5): `then(id_tag, verdict)` is called once, now or later."""
        known = self.known(id_tag)
        if not self.online:
            then(id_tag, self.offline(id_tag, known))
        elif known is not None and known.accepted and self.configuration.flag(Key.LocalPreAuthorize):
            then(id_tag, known)
        else:
            self.ask_central_system(id_tag, then)

    def ask_central_system(self, id_tag: str, then: Listener) -> None:
        """Send Authorize.req; one for all that ask about the same id tag before it is answered."""
        folded = id_tag.casefold()
        if folded in self._asked:
            self._asked[folded].append(then)
        elif len(self._asked) >= MAX_ASKED:
            then(id_tag, Verdict(AuthorizationStatus.INVALID, None, "the station itself: too many cards at once"))
        else:
            self._asked[folded] = [then]
            self.session.call(AuthorizeReq(id_tag=id_tag), partial(self._answered, id_tag))

    def _answered(self, id_tag: str, answer: AuthorizeConf | Failure) -> None:
        listeners = self._asked.pop(id_tag.casefold(), [])
        if isinstance(answer, Failure):
            verdict = self._unanswered(id_tag, answer)
        else:
            verdict = self.learn(id_tag, answer.id_tag_info)
        for then in listeners:
            then(id_tag, verdict)

    def _unanswered(self, id_tag: str, failure: Failure) -> Verdict:
        """No verdict came: as if offline.  But an answer that cannot be used is one, and no offline rule applies."""
        if failure.kind is FailureKind.UNUSABLE:
            return Verdict(AuthorizationStatus.INVALID, None, failure.told())
        verdict = self.offline(id_tag, self.known(id_tag))
        return verdict._replace(source=failure.told()) if verdict.source == NOT_KNOWN else verdict

    def offline(self, id_tag: str, known: Verdict | None) -> Verdict:
        """§3.5.3, §3.5.4: the verdict without the Central System; `known`: what list and cache say."""
        unknown_allowed = self.configuration.flag(Key.AllowOfflineTxForUnknownId)
        if not self.product.offline_authorization:
            return Verdict(AuthorizationStatus.INVALID, None, NOT_KNOWN)
        if known is not None and not known.accepted:
            return known
        if known is not None and self.configuration.flag(Key.LocalAuthorizeOffline):
            return known
        if unknown_allowed:
            parent = known.parent_id_tag if known is not None else None
            return Verdict(AuthorizationStatus.ACCEPTED, parent, "unknown, allowed offline")
        return Verdict(AuthorizationStatus.INVALID, None, NOT_KNOWN)

    def known(self, id_tag: str) -> Verdict | None:
        """The verdict of list or cache, None where neither knows the id tag; the list has priority (§3.5.2)."""
        if (listed := self.local_list(id_tag)) is not None:
            return listed
        cached = self.context.facts.of(CachedTag).get(id_tag.casefold()) if self.cache_enabled else None
        if cached is None:
            return None
        status = cached.status
        utc = self.context.utc
        if cached.expires_utc is not None and utc is not None and utc >= cached.expires_utc:
            status = AuthorizationStatus.EXPIRED  # §3.5.1
        return Verdict(status, cached.parent_id_tag, "cache")

    # --- the cache --------------------------------------------------------------------------------------------------

    def learn(self, id_tag: str, info: IdTagInfo) -> Verdict:
        """The verdict of an IdTagInfo that was received.  It updates the cache (§3.5.1); a listed tag is not cached."""
        verdict = Verdict(str(info.status), info.parent_id_tag, CENTRAL_SYSTEM)
        listed = self.local_list(id_tag)
        if listed is not None and listed.accepted != verdict.accepted:
            self.on_conflict(id_tag)  # §3.5.2: the list stays as it is
        if not self.cache_enabled or listed is not None:
            return verdict
        folded = id_tag.casefold()
        old = self.context.facts.of(CachedTag).get(folded)
        if old is None or old.used < self._used:  # the tag used last keeps its number
            self._used += 1
        if info.status == AuthorizationStatus.CONCURRENT_TX and old is not None:
            return verdict  # says something about the moment, not about the tag
        expires = None if info.expiry_date is None else to_seconds(info.expiry_date)
        fresh = CachedTag(
            id_tag=folded,
            status=str(info.status),
            expires_utc=expires,
            parent_id_tag=info.parent_id_tag,
            used=self._used,
        )
        if old is not None and replace(old, used=0) == replace(fresh, used=0):
            self.context.save(fresh, within_s=3600.0)  # only `used` changed: save writes to the SD card
        else:
            self.context.save(fresh)
            self._trim()
        return verdict

    def _trim(self) -> None:
        tags = self.context.facts.of(CachedTag)
        while len(tags) > CACHE_CAP:
            deleted = min(tags.values(), key=lambda tag: (tag.status == AuthorizationStatus.ACCEPTED, tag.used))
            self.context.delete(CachedTag, deleted.id_tag)

    def on_clear_cache(self, request: ClearCacheReq) -> ClearCacheConf:
        """§5.4: Rejected where the product has no cache (E 3.23) or nothing can be written."""
        if not self.product.authorization_cache or not self.context.writable:
            return ClearCacheConf(status=ClearCacheStatus.REJECTED)
        for folded in list(self.context.facts.of(CachedTag)):
            self.context.delete(CachedTag, folded)
        return ClearCacheConf(status=ClearCacheStatus.ACCEPTED)
