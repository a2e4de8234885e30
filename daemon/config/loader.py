"""Reads TOML files, environment file, credentials and environment into one Config, or reports every problem at once.

The only file that imports dotenv.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from daemon.config.file_modes import exposures
from daemon.config.keys import ENV, IDENTITY, NEEDED, SECTIONS, env_name, from_text, ocpp_text, why_wrong
from daemon.config.model import (
    ENVIRONMENT,
    BoardSettings,
    Config,
    ConfigError,
    Csms,
    Draft,
    Firmware,
    Hooks,
    Problem,
    StationSettings,
    Transfers,
)
from daemon.config.product_profile import read_product
from daemon.config.security import misfits
from daemon.config.spelling import nearest
from daemon.config.toml_reader import byte_order_mark, read_toml
from daemon.filesystem import read_followed
from ocpp16.configuration.key_names import Key
from ocpp16.product import Identity, Product

DEFAULT_FILE = Path("/etc/evsed/evsed.toml")
NO_FILE = "there is no such file; write it, or name another one: --config FILE"
OTHER_ENV = frozenset({"EVSED_BOOT_ID"})
"""Environment variables of evsed that are not settings."""


def read(files: Sequence[Path] = (), environ: Mapping[str, str] = os.environ) -> Draft:
    """The values of all files, the environment file beside each, credentials and environment: the later wins.

    Problems are collected in the draft; nothing is raised.
    """
    draft = Draft()
    given = list(files) or [DEFAULT_FILE]
    for file in given:
        read_toml(draft, file, needed=bool(files))
    for file in given:
        _read_env_file(draft, file.parent / "evsed.env")
    _read_credentials(draft, environ.get("CREDENTIALS_DIRECTORY", ""))
    for name, text in environ.items():
        if name.startswith("EVSED_"):
            _put_env(draft, name, text, ENVIRONMENT, 0)
    return draft


def _read_env_file(draft: Draft, file: Path) -> None:
    try:
        text = read_followed(file).decode()
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        draft.problems.append(Problem(str(file), 0, "", f"cannot be read: {why}"))
        return
    draft.files.append(str(file))
    if text.startswith("\ufeff"):
        draft.problems.append(byte_order_mark(file))
        return
    from io import StringIO

    from dotenv import dotenv_values  # imported late: most stations have no such file

    lines: dict[str, int] = {}
    entries = []
    for number, line in enumerate(text.splitlines(), 1):
        entry = re.match(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=", line)
        if entry:
            lines[entry.group(1)] = number
            entries.append(line)
        elif line.strip() and not line.lstrip().startswith("#"):
            draft.problems.append(Problem(str(file), number, "", "expected NAME=value"))
    for name, value in dotenv_values(stream=StringIO("\n".join(entries)), interpolate=False).items():
        if value is not None:
            _put_env(draft, name, value, str(file), lines.get(name, 0))


def _put_env(draft: Draft, name: str, text: str, file: str, line: int) -> None:
    if name in ENV:
        section, key = ENV[name]
        draft.put(section, key, from_text(SECTIONS[section][key], text), file, line)
    elif name not in OTHER_ENV:
        draft.problems.append(Problem(file, line, name, "unknown name", ", ".join(ENV), nearest(name, ENV)))


def _read_credentials(draft: Draft, folder: str) -> None:
    """Reads systemd credentials: files of `folder` named like the secret keys."""
    for section, keys in SECTIONS.items() if folder else ():
        for name, key in keys.items():
            file = Path(folder) / name
            if key.secret and file.is_file():
                try:
                    draft.put(section, name, read_followed(file).decode().strip(), str(file), 1)
                except (OSError, UnicodeDecodeError) as error:
                    what = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error.strerror)
                    draft.problems.append(Problem(str(file), 0, f"[{section}] {name}", f"cannot be read: {what}"))


def load(files: Sequence[Path] = (), environ: Mapping[str, str] = os.environ, board_kind: str = "") -> Config:
    """The checked configuration; `board_kind`, if given, overrides `[board] kind`.  Raises ConfigError."""
    draft = read(files, environ)
    if draft.unread:  # its values are missing: further problems would mislead
        raise ConfigError(draft.problems)
    if board_kind:
        draft.put("board", "kind", board_kind, "--board", 0)
    config = build(draft)
    if draft.problems and not files and not DEFAULT_FILE.exists():
        if not draft.values.keys() - {("board", "kind")}:  # nothing was configured: what is missing would be everything
            draft.problems.clear()
        draft.problems.append(Problem(str(DEFAULT_FILE), 0, "", NO_FILE))
    if draft.problems:
        raise ConfigError(draft.problems)
    return config


def build(draft: Draft) -> Config:
    """The Config of a draft.  A wrong value is replaced by its default and added to the problems of the draft."""
    found = {section: _section(draft, section) for section in SECTIONS}
    _check_needed(draft)
    _check_security(draft, found["csms"])
    product = _product(draft, found["station"]["product"])
    if found["station"]["free_vend"] and product.lock_before_authorization:
        what = f"product {product.name} locks its outlet until a card is authorized"
        draft.refuse("station", "free_vend", what, "a product with lock_before_authorization = false")
    connectors = found["board"]["connectors"]
    if connectors and connectors != product.connectors and found["board"]["kind"] == "simulated":
        draft.refuse("board", "connectors", f"product {product.name} has {product.connectors}", "remove the key")
    found["board"]["connectors"] = connectors or product.connectors
    found["station"]["id"] = found["station"]["id"] or ""
    found["csms"]["url"] = found["csms"]["url"] or ""
    station = StationSettings(**found["station"])
    warnings = exposures(draft)
    return Config(
        station=station,
        csms=Csms(**found["csms"]),
        store_dir=Path(found["store"]["dir"]),
        board=BoardSettings(**found["board"]),
        state_dir=Path(found["simulated"]["state_dir"] or found["store"]["dir"]),
        meter_wh=found["simulated"]["meter_wh"],
        control_socket=Path(found["control"]["socket"]),
        jobs_socket=found["jobs"]["socket"],
        hooks=msgspec.convert(found["hooks"], Hooks),
        transfers=msgspec.convert(found["transfers"], Transfers),
        firmware=msgspec.convert(found["firmware"], Firmware),
        ocpp=_initial_values(draft, product, found["csms"]["security_profile"]),
        product=product,
        identity=_identity(station),
        warnings=warnings,
        doubts=_doubts(draft, found["csms"]["url"], station.id),
    )


def _section(draft: Draft, section: str) -> dict[str, Any]:
    values = {}
    for name, key in SECTIONS[section].items():
        values[name] = key.first
        if (section, name) in draft.values:
            value = draft.values[section, name]
            if key.path and isinstance(value, str) and value not in ("", key.word):
                value = str(draft.folder(section, name) / value)
            reason = why_wrong(key, value)
            if reason:
                draft.refuse(section, name, reason, key.allowed)
            else:
                values[name] = value
    return values


def _check_needed(draft: Draft) -> None:
    for section, name in NEEDED:
        if (section, name) not in draft.values:
            what = f"missing: set it in the file or as {env_name(section, name)}"
            draft.refuse(section, name, what, SECTIONS[section][name].allowed)


def _check_security(draft: Draft, csms: Mapping[str, Any]) -> None:
    """Refuses a configuration that would connect with less protection than it asks for."""
    for misfit in misfits(csms, ("csms", "security_profile") in draft.values):
        draft.refuse("csms", misfit.key, misfit.what, misfit.allowed)


def _doubts(draft: Draft, url: str, identity: str) -> tuple[Problem, ...]:
    """That the identity stands twice in the address: the most frequent reason for a connection that is refused."""
    before = unquote(urlsplit(url).path.partition(IDENTITY)[0]).rstrip("/").casefold()
    if not identity or not before.endswith(f"/{identity.casefold()}"):
        return ()
    file, line = draft.origin["csms", "url"]
    what = (
        f"it ends with the identity {identity} already, which evsed appends, so that it would stand there twice: "
        f"remove it from the URL, or write {IDENTITY} in its place"
    )
    return (Problem(file, line or draft.line(file, "csms", "url"), "[csms] url", what),)


def _product(draft: Draft, name: str) -> Product:
    product, problems = read_product(name, draft.folder("station", "product"))
    for problem in problems:
        if problem.file:
            draft.problems.append(problem)
        else:
            draft.refuse("station", "product", problem.what, problem.allowed, problem.nearest)
    return product


def _initial_values(draft: Draft, product: Product, profile: int) -> dict[str, str]:
    """Those of [ocpp], and the security profile as its key reads it back (W A00.FR.001)."""
    if not product.security_profiles:
        return _first_values(draft, product)
    if profile and profile not in product.security_profiles:
        allowed = ", ".join(map(str, product.security_profiles))
        draft.refuse("csms", "security_profile", f"product {product.name} does not have profile {profile}", allowed)
    return {**_first_values(draft, product), Key.SecurityProfile: str(profile)}


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
            draft.refuse("ocpp", name, "unknown key", "see docs/configuration-keys.md", nearest(name, names))
        elif text is None:
            draft.refuse("ocpp", name, "must be a string, a whole number, true, false or a list of these")
        elif reason := check_first_value(name, text, product):
            draft.refuse("ocpp", name, reason)
        elif first.setdefault((key.name, draft.origin["ocpp", name][0]), name) != name:
            draft.refuse("ocpp", name, f"{key.name} is set twice: upper and lower case are equal")
        else:
            values[key.name] = text
    return values


def _identity(station: StationSettings) -> Identity:
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
    """Only the hooks of the configuration (for evsed-job); mistakes elsewhere are ignored, a wrong hook is empty."""
    draft = Draft()
    for file in list(files) or [DEFAULT_FILE]:
        read_toml(draft, file, needed=bool(files))
    return {name: tuple(argv) for name, argv in _section(draft, "hooks").items()}


def firmware_of(files: Sequence[Path]) -> dict[str, Any]:
    """For evsed-job: [firmware], and whether the product takes signed images only.  Raises ConfigError."""
    draft = Draft()
    for file in list(files) or [DEFAULT_FILE]:
        read_toml(draft, file, needed=bool(files))
    found = _section(draft, "firmware")
    found["signed_only"] = _product(draft, _section(draft, "station")["product"]).secure_firmware
    if draft.problems:
        raise ConfigError(draft.problems)
    return found


def transfers_of(files: Sequence[Path], environ: Mapping[str, str]) -> tuple[Transfers, Path, str, tuple[str, ...]]:
    """For evsed-job: [transfers], the folder of the store, the CA file, the transfer protocols of the product.

    Raises ConfigError for any problem: an unreadable list of hosts must not become "any host".
    """
    draft = Draft()
    for file in list(files) or [DEFAULT_FILE]:
        read_toml(draft, file, needed=bool(files))
    for name in {"EVSED_STORE_DIR", "EVSED_CSMS_CA_FILE", "EVSED_TRANSFERS_ALLOW_LOOPBACK"} & environ.keys():
        _put_env(draft, name, environ[name], ENVIRONMENT, 0)
    transfers = msgspec.convert(_section(draft, "transfers"), Transfers)
    store, ca_file = _section(draft, "store")["dir"], _section(draft, "csms")["ca_file"]
    protocols = _product(draft, _section(draft, "station")["product"]).transfer_protocols
    if draft.problems:
        raise ConfigError(draft.problems)
    return transfers, Path(store), ca_file, protocols
