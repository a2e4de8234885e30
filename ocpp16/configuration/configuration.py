"""The configuration values in force; ChangeConfiguration (§5.3) and GetConfiguration (§5.8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ocpp16.configuration.key_names import Key
from ocpp16.configuration.keys import DERIVED, KeyRow, core_keys
from ocpp16.configuration.values import CheckedValue, check_value, items_of
from ocpp16.messages.call_error import Refusal
from ocpp16.messages.core import (
    ChangeConfigurationConf,
    ChangeConfigurationReq,
    GetConfigurationConf,
    GetConfigurationReq,
)
from ocpp16.messages.types import ConfigurationStatus, KeyValue
from ocpp16.product import Product
from ocpp16.records import Setting
from ocpp16.state.context import Context

MAX_KEYS_ASKED = 100
"""Keys in one GetConfiguration.req.  The declared GetConfigurationMaxKeys may be less; more are answered up to here."""


class Configuration:
    """The values in force: defaults, then `[ocpp]` of `evsed.toml`, then what was changed later (`Setting` records)."""

    def __init__(self, context: Context, product: Product, first_values: Mapping[str, str]) -> None:
        self.context = context
        self.keys = core_keys(product)
        self._values = {folded: key.default for folded, key in self.keys.items()}
        self._numbers: dict[Key, int] = {}
        self._lists: dict[Key, tuple[str, ...]] = {}
        self.on_change: list[Callable[[Key], None]] = []
        self.measurable: frozenset[str] | None = None
        """Measurands of the board; None: not known yet."""
        for name, text in first_values.items():
            key = self.keys[name.casefold()]
            value, refusal = check_value(key, text)
            assert value is not None, f"{name}: {refusal}"
            self._values[name.casefold()] = value
        for setting in list(context.facts.of(Setting).values()):
            self._load(setting)

    def _load(self, setting: Setting) -> None:
        """A value that an earlier version stored and this one refuses is dropped: the first value is in force."""
        key = self.keys.get(setting.name.casefold())
        value, refusal = CheckedValue(None, "unknown key") if key is None else check_value(key, setting.value)
        if value is None:
            self.context.note("setting-dropped", key=setting.name, reason=refusal)
        else:
            self._values[setting.name.casefold()] = value

    # --- reading ----------------------------------------------------------------------------------------------------

    def text(self, name: Key) -> str:
        """The value as text."""
        return self._values[name.casefold()]

    def flag(self, name: Key, absent: bool = False) -> bool:
        """The value of a boolean key; `absent` where the product does not have the key."""
        value = self._values.get(name.casefold())
        return absent if value is None else value == "true"

    def number(self, name: Key, absent: int = 0) -> int:
        """The value of an integer key, in its unit; `absent` where the product does not have the key."""
        if (number := self._numbers.get(name)) is None:
            value = self._values.get(name.casefold())
            number = self._numbers[name] = absent if value is None else int(value)
        return number

    def items(self, name: Key) -> tuple[str, ...]:
        """The items of a list."""
        if (items := self._lists.get(name)) is None:
            items = self._lists[name] = items_of(self._values[name.casefold()])
        return items

    def rows(self) -> list[dict[str, object]]:
        """Every key with its row of the table, as `evsectl config get` shows it; `value` None: write-only."""
        return [
            {
                "key": key.name,
                "value": None if key.write_only else self._values[folded],
                "readonly": key.read_only,
                "type": key.kind,
                "unit": key.unit,
                "min": key.lowest,
                "max": key.highest,
                "allowed": list(key.allowed),
                "reboot": key.reboot,
                "what": key.what,
            }
            for folded, key in self.keys.items()
        ]

    # --- changing ---------------------------------------------------------------------------------------------------

    def change(self, name: str, text: str, within_s: float = 0.0) -> tuple[ConfigurationStatus, str]:
        """§5.3: check and set a value.  Returns the status and, where the value is refused, why."""
        key = self.keys.get(name.casefold())
        if key is None:
            return ConfigurationStatus.NOT_SUPPORTED, "unknown key"
        if key.read_only:
            return ConfigurationStatus.REJECTED, "read-only"
        if not self.context.accepts_changes:
            return ConfigurationStatus.REJECTED, "nothing more can be kept: see the store's fault"
        value, refusal = check_value(key, text)
        if value is None:
            return ConfigurationStatus.REJECTED, refusal
        if (unmeasured := self._not_measured(key, value)) is not None:
            return ConfigurationStatus.REJECTED, f"the board cannot measure {unmeasured}"
        self.put(key.name, value, within_s)
        return (ConfigurationStatus.REBOOT_REQUIRED if key.reboot else ConfigurationStatus.ACCEPTED), ""

    def _not_measured(self, key: KeyRow, value: str) -> str | None:
        """The first item of a list of measurands that the board does not measure; None: there is none."""
        if self.measurable is None or not key.name.endswith("Data"):
            return None
        measured = self.measurable | DERIVED
        for item in items_of(value):
            if item not in measured and item.rpartition(".")[0] not in measured:
                return item
        return None

    def put(self, name: Key, value: str, within_s: float = 0.0) -> None:
        """Set a valid value, written within `within_s` seconds.  An equal value writes and notifies nothing."""
        folded = name.casefold()
        if self._values[folded] == value:
            return
        self._values[folded] = value
        self._numbers.pop(name, None)
        self._lists.pop(name, None)
        self.context.save(Setting(name=name, value=value), within_s)
        for listener in self.on_change:
            listener(name)

    def show(self, name: Key, value: str) -> None:
        """A value that other records hold: in force, and not written as a setting.  A key that is not there is not."""
        if name.casefold() in self._values:
            self._values[name.casefold()] = value
            self._numbers.pop(name, None)

    def on_change_configuration(self, request: ChangeConfigurationReq) -> ChangeConfigurationConf:
        status, why = self.change(request.key, request.value)
        self.context.note("setting-changed", key=request.key, value=request.value, status=str(status), reason=why)
        return ChangeConfigurationConf(status=status)

    def on_get_configuration(self, request: GetConfigurationReq) -> GetConfigurationConf | Refusal:
        asked = request.key
        if not asked:  # §5.8: every key, however low GetConfigurationMaxKeys is
            listed = [key for key in self.keys.values() if not key.write_only]
            return GetConfigurationConf(configuration_key=tuple(map(self._entry, listed)))
        if len(asked) > MAX_KEYS_ASKED:
            return Refusal("OccurenceConstraintViolation", f"key: {len(asked)} items, at most {MAX_KEYS_ASKED}")
        known: dict[str, KeyValue] = {}
        unknown: dict[str, str] = {}
        for name in asked:
            folded = name.casefold()
            if (key := self.keys.get(folded)) is not None:
                known.setdefault(folded, self._entry(key))
            else:
                unknown.setdefault(folded, name)
        return GetConfigurationConf(
            configuration_key=tuple(known.values()) or None, unknown_key=tuple(unknown.values()) or None
        )

    def _entry(self, key: KeyRow) -> KeyValue:
        value = None if key.write_only else self._values[key.name.casefold()]
        return KeyValue(key=key.name, readonly=key.read_only, value=value)
