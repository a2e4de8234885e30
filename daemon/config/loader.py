"""Files, environment file and environment -> one frozen Config, or every problem at once.  The only door for dotenv.

A problem names the file, the line, the key, what is wrong, what is allowed and the nearest known name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from daemon.config.keys import ENV, NEEDED, SECTIONS, env_name, from_text, ocpp_text, why_wrong
from daemon.config.model import NOT_BUILT, Board, Config, ConfigError, Csms, Draft, Hooks, Problem, Station, Transfers
from daemon.config.product_profile import read_product
from daemon.config.toml_reader import nearest_late, read_toml
from ocpp16.product import Identity, Product

DEFAULT_FILE = Path("/etc/evsed/evsed.toml")
OTHER_ENV = frozenset({"EVSED_BOOT_ID"})
"""Names of ours in the environment that are no settings."""


def read(files: Sequence[Path] = (), environ: Mapping[str, str] = os.environ) -> Draft:
    """All files in turn (the later wins), the environment file beside each, credentials, then the environment."""
    draft = Draft()
    given = list(files) or [DEFAULT_FILE]
    for file in given:
        read_toml(draft, file, needed=bool(files))
        draft.folder = file.parent
    for file in given:
        _read_env_file(draft, file.parent / "evsed.env")
    _read_credentials(draft, environ.get("CREDENTIALS_DIRECTORY", ""))
    for name, text in environ.items():
        if name.startswith("EVSED_"):
            _put_env(draft, name, text, "environment", 0)
    return draft


def _read_env_file(draft: Draft, file: Path) -> None:
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        draft.problems.append(Problem(str(file), 0, "", f"cannot be read: {error}"))
        return
    from io import StringIO

    from dotenv import dotenv_values  # late: a station without the file starts without it

    lines: dict[str, int] = {}
    well = []
    for number, line in enumerate(text.splitlines(), 1):
        entry = re.match(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=", line)
        if entry:
            lines[entry.group(1)] = number
            well.append(line)
        elif line.strip() and not line.lstrip().startswith("#"):
            draft.problems.append(Problem(str(file), number, "", "it is no line of the form NAME=value"))
    for name, value in dotenv_values(stream=StringIO("\n".join(well)), interpolate=False).items():
        if value is not None:
            _put_env(draft, name, value, str(file), lines.get(name, 0))


def _put_env(draft: Draft, name: str, text: str, file: str, line: int) -> None:
    if name in ENV:
        section, key = ENV[name]
        draft.put(section, key, from_text(SECTIONS[section][key], text), file, line)
    elif name not in OTHER_ENV:
        draft.problems.append(
            Problem(file, line, name, "there is no such name", ", ".join(ENV), nearest_late(name, list(ENV)))
        )


def _read_credentials(draft: Draft, folder: str) -> None:
    """systemd credentials: files of a private folder, named like the secret keys."""
    for section, keys in SECTIONS.items() if folder else ():
        for name, key in keys.items():
            file = Path(folder) / name
            if key.secret and file.is_file():
                try:
                    draft.put(section, name, file.read_text("utf-8").strip(), str(file), 1)
                except (OSError, UnicodeDecodeError) as error:
                    what = "it is no UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error.strerror)
                    draft.problems.append(Problem(str(file), 0, f"[{section}] {name}", f"cannot be read: {what}"))


def load(files: Sequence[Path] = (), environ: Mapping[str, str] = os.environ, board_kind: str = "") -> Config:
    """The checked configuration; `board_kind` is that of the command line.  Raises ConfigError with every problem."""
    draft = read(files, environ)
    if draft.unread:  # nobody knows what it says: more complaints would only mislead
        raise ConfigError(draft.problems)
    if board_kind:
        draft.put("board", "kind", board_kind, "--board", 0)
    config = build(draft)
    if draft.problems and not files and not DEFAULT_FILE.exists():
        draft.problems.append(Problem(str(DEFAULT_FILE), 0, "", "there is no such file, and --config names no other"))
    if draft.problems:
        raise ConfigError(draft.problems)
    return config


def build(draft: Draft) -> Config:
    """A Config of what was read; wrong values stand in it with their first ones, and among the draft's problems."""
    found = {section: _section(draft, section) for section in SECTIONS}
    _check_needed(draft)
    _check_security(draft, found["csms"])
    product = _product(draft, found["station"]["product"])
    told = found["board"]["connectors"]
    if told and told != product.connectors and found["board"]["kind"] == "simulated":
        draft.wrong("board", "connectors", f"product {product.name} has {product.connectors}", "leave it out")
    found["board"]["connectors"] = told or product.connectors
    found["station"]["id"] = found["station"]["id"] or ""
    found["csms"]["url"] = found["csms"]["url"] or ""
    station = Station(**found["station"])
    return Config(
        station=station,
        csms=Csms(**found["csms"]),
        store_dir=Path(found["store"]["dir"]),
        board=Board(**found["board"]),
        state_dir=Path(found["simulated"]["state_dir"] or found["store"]["dir"]),
        control_socket=Path(found["control"]["socket"]),
        jobs_socket=found["jobs"]["socket"],
        hooks=msgspec.convert(found["hooks"], Hooks),
        transfers=msgspec.convert(found["transfers"], Transfers),
        ocpp=_first_values(draft, product),
        product=product,
        identity=_identity(station),
    )


def _section(draft: Draft, section: str) -> dict[str, Any]:
    values = {}
    for name, key in SECTIONS[section].items():
        values[name] = key.first
        if (section, name) in draft.values:
            value = draft.values[section, name]
            reason = why_wrong(key, value)
            if reason:
                draft.wrong(section, name, reason, key.allowed)
            else:
                values[name] = value
    return values


def _check_needed(draft: Draft) -> None:
    for section, name in NEEDED:
        if (section, name) not in draft.values:
            what = f"it is missing: give it in the file or as {env_name(section, name)}"
            draft.wrong(section, name, what, SECTIONS[section][name].allowed)


def _check_security(draft: Draft, csms: Mapping[str, Any]) -> None:
    """Nothing ever connects with less protection than was asked for."""
    profile = csms["security_profile"]
    if profile:
        what = f"security profile {profile} is {NOT_BUILT}"
        if ("csms", "security_profile") not in draft.values:
            what += " (2 is meant where none is given)"
        draft.wrong("csms", "security_profile", what, "0, together with allow_insecure = true")
    elif not csms["allow_insecure"]:
        draft.wrong("csms", "security_profile", "profile 0 has no security at all", "0 only with allow_insecure = true")
    if str(csms["url"]).startswith("wss:"):
        draft.wrong("csms", "url", f"wss:// is {NOT_BUILT}", "ws://HOST[:PORT]/PATH")
    if csms["authorization_key"] and csms["password"]:
        draft.wrong("csms", "password", "authorization_key is given as well", "one of the two")


def _product(draft: Draft, name: str) -> Product:
    file, _ = draft.origin.get(("station", "product"), ("", 0))
    product, troubles = read_product(name, Path(file).parent if file in draft.texts else draft.folder)
    for trouble in troubles:
        if trouble.file:
            draft.problems.append(
                Problem(trouble.file, trouble.line, trouble.key, trouble.what, trouble.allowed, trouble.nearest)
            )
        else:
            draft.wrong("station", "product", trouble.what, trouble.allowed, trouble.nearest)
    return product


def _first_values(draft: Draft, product: Product) -> dict[str, str]:
    if not any(section == "ocpp" for section, _ in draft.values):
        return {}
    from ocpp16.configuration.keys import core_keys
    from ocpp16.configuration.values import check_first_value

    known = core_keys(product)
    values: dict[str, str] = {}
    first: dict[tuple[str, str], str] = {}
    for (section, name), value in draft.values.items():
        if section != "ocpp":
            continue
        text = ocpp_text(value)
        key = known.get(name.casefold())
        if key is None:
            names = [row.name for row in known.values()]
            draft.wrong(
                "ocpp", name, "there is no such key", "see docs/configuration-keys.md", nearest_late(name, names)
            )
        elif text is None:
            draft.wrong("ocpp", name, "it must be a text, a whole number, true, false or a list of them")
        elif reason := check_first_value(name, text, product):
            draft.wrong("ocpp", name, reason)
        elif first.setdefault((key.name, draft.origin["ocpp", name][0]), name) != name:
            draft.wrong("ocpp", name, f"{key.name} stands here twice: upper and lower case are the same")
        else:
            values[key.name] = text
    return values


def _identity(station: Station) -> Identity:
    from daemon import __version__

    return Identity(
        vendor=station.vendor,
        model=station.model,
        serial=station.serial or None,
        box_serial=station.box_serial or None,
        firmware_version=__version__,
        iccid=station.iccid or None,
        imsi=station.imsi or None,
        meter_type=station.meter_type or None,
        meter_serial=station.meter_serial or None,
    )


def hooks_of(files: Sequence[Path]) -> dict[str, tuple[str, ...]]:
    """Only the hooks: all that evsed-job may know of a configuration, right or wrong in other places."""
    draft = Draft()
    for file in list(files) or [DEFAULT_FILE]:
        read_toml(draft, file, needed=bool(files))
    return {name: tuple(words) for name, words in _section(draft, "hooks").items()}


def transfers_of(files: Sequence[Path], environ: Mapping[str, str]) -> tuple[Transfers, Path, str, tuple[str, ...]]:
    """What evsed-job may know besides: [transfers], the store's folder, the CA file, the product's protocols.

    Raises ConfigError: a list of hosts that cannot be read must not become "any host".
    """
    draft = Draft()
    for file in list(files) or [DEFAULT_FILE]:
        read_toml(draft, file, needed=bool(files))
        draft.folder = file.parent
    for name in {"EVSED_STORE_DIR", "EVSED_CSMS_CA_FILE", "EVSED_TRANSFERS_ALLOW_LOOPBACK"} & environ.keys():
        _put_env(draft, name, environ[name], "environment", 0)
    transfers = msgspec.convert(_section(draft, "transfers"), Transfers)
    store, ca_file = _section(draft, "store")["dir"], _section(draft, "csms")["ca_file"]
    protocols = _product(draft, _section(draft, "station")["product"]).transfer_protocols
    if draft.problems:
        raise ConfigError(draft.problems)
    return transfers, Path(store), ca_file, protocols
