"""docs/settings.md: every key of evsed.toml and board.toml, made from the tables that their readers use."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from daemon.config.keys import SECTIONS, FileKey, env_name
from drivers.board_file import file_keys, reader
from drivers.process.config import KEYS, BoardKey

WHAT: Mapping[str, str] = {
    "station.id": "identity at the Central System: in the URL, and the user of HTTP Basic",
    "station.vendor": "chargePointVendor",
    "station.model": "chargePointModel",
    "station.serial": "chargePointSerialNumber",
    "station.box_serial": "chargeBoxSerialNumber",
    "station.iccid": "ICCID of the SIM card",
    "station.imsi": "IMSI of the SIM card",
    "station.meter_type": "meterType; empty: what the meter says of itself",
    "station.meter_serial": "meterSerialNumber; empty: what the meter says of itself",
    "station.free_vend": "a car that is plugged in charges under this idTag, without a card",
    "station.product": "product profile: what the station declares and its limits (docs/products.md)",
    "csms.url": "address of the Central System",
    "csms.security_profile": "1 password, 2 TLS and password, 3 TLS and certificate, 0 none",
    "csms.allow_insecure": "needed for profile 0",
    "csms.reconnect_max_s": "ceiling of the wait between attempts to connect",
    "csms.authorization_key": "key of HTTP Basic, as hexadecimal bytes",
    "csms.password": "key of HTTP Basic, as plain text",
    "csms.ca_file": "roots that vouch for the Central System; `system`: the public authorities",
    "csms.cert_file": "profile 3: the station's certificate, then its chain",
    "csms.key_file": "profile 3: its private key, mode 0600",
    "csms.station_key": "the kind of key that the station makes for its own certificate",
    "csms.certificates_over_ws": "whether the Central System may install certificates on a connection without TLS",
    "csms.wildcards": "whether a certificate for *.example counts",
    "store.dir": "the state directory, the only place that evsed writes to",
    "board.kind": "evsed-board at its socket, or a simulated board in this process",
    "board.socket": "socket of evsed-board",
    "board.users": "who may be the board, besides root and the user of evsed",
    "board.connectors": "connectors of the simulated board",
    "simulated.state_dir": "folder of the simulated world; empty: that of the store",
    "simulated.meter_wh": "register of connector 1 in a new simulated world",
    "control.socket": "control socket, for evsectl and display processes",
    "jobs.socket": "socket of evsed-job",
    "hooks.install": "program that installs firmware; it gets the path of the file",
    "hooks.reboot": "program that restarts the unit",
    "hooks.trial": "program that tells whether the unit runs a version on trial",
    "hooks.commit": "program that keeps the version on trial",
    "hooks.rollback": "program that goes back to the version before",
    "hooks.version": "program that prints the version of an image",
    "firmware.roots": "folder of manufacturer roots (*.pem) and revocation lists (*.crl)",
    "firmware.allow_downgrade": "whether an older version may be installed",
    "firmware.pkcs1_v15": "whether RSA signatures of the older kind count, too",
    "transfers.schemes": "kinds of file servers that may be used",
    "transfers.allow_hosts": "file servers that may be used; empty: any but this machine",
    "transfers.allow_loopback": "whether this machine and link-local addresses may be used",
}
"""What each key of evsed.toml is for."""

BOARD: Mapping[str, str] = {
    "kind": "a simulated board, or one of parts",
    "socket": "where evsed connects",
    "connectors": "connectors of the simulated board",
    "lease_s": "an offer that evsed does not renew ends after this",
    "client_users": "who may connect, besides root",
    "socket_group": "group of the socket",
    "state_dir": "folder of the simulated world",
    "phases": "1 or 3 phases",
    "outlet": "a fixed cable or a socket outlet",
    "min_amps": "least current",
    "max_amps": "greatest current of connector and wiring",
    "ventilated": "whether a car that wants ventilation may charge",
    "wake": "whether a car that sleeps is woken by a short state E or F of the pilot",
    "meter_wh": "register of connector 1 in a new simulated world",
    "name": "name of the board, told to evsed",
    "fail_safe": "layers of fail-safe hardware that the board has",
    "port": "serial port, by-id or by-path",
    "baud": "baud rate",
    "parity": "N none, E even, O odd",
    "stop_bits": "stop bits",
    "direction": "what switches an RS-485 line to sending: the adapter itself, the kernel, or RTS",
    "device": "device of the I2C bus",
}
"""What each key of board.toml is for; those of the drivers are in docs/drivers.md."""

HEAD = """# Settings

Written by `make docs` from the tables that the readers of both files use; do not edit. An unknown key is refused with
the nearest known name. `evsed --check-config` and `evsed-board --check-config` name file, line and remedy of each
mistake.
OCPP configuration keys, which may stand under `[ocpp]`, are in [configuration-keys.md](configuration-keys.md).

## evsed.toml"""
TABLE = ["| key | first value | allowed | environment | what it does |", "| --- | --- | --- | --- | --- |"]
BOARD_TABLE = ["| key | first value | allowed | what it does |", "| --- | --- | --- | --- |"]


def first_value(value: Any) -> str:
    """A default as it would stand in the file."""
    if value is None or value is file_keys.REQUIRED:
        return "(none)"
    return f"`{json.dumps(value)}`"


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    for section, keys in SECTIONS.items():
        lines += ["", f"### [{section}]", "", *TABLE, *(_row(section, name, key) for name, key in keys.items())]
    lines += ["", "## board.toml", ""]
    lines.append("What parts a board of parts has, and the parameters of each driver: [boards.md](boards.md).")
    for title, table in board_tables().items():
        lines += ["", f"### {title}", "", *BOARD_TABLE, *_board_rows(table)]
    return "\n".join([*lines, ""])


def board_tables() -> dict[str, Mapping[str, BoardKey | file_keys.FileKey]]:
    """The tables of both kinds of board file, by their title."""
    return {
        'kind = "simulated"': dict(KEYS[""]),
        '[simulated], with kind = "simulated"': dict(KEYS["simulated"]),
        'kind = "parts"': dict(reader.BOARD_KEYS),
        "[bus.NAME], a serial line": dict(reader.SERIAL_KEYS),
        "[bus.NAME], I2C": dict(reader.I2C_KEYS),
        "[connector.N]": dict(reader.CONNECTOR_KEYS),
    }


def _row(section: str, name: str, key: FileKey) -> str:
    env = f"`{env_name(section, name)}`" if env_name(section, name) else ""
    what = WHAT.get(f"{section}.{name}", "")
    return f"| `{name}` | {first_value(key.first)} | {key.allowed.replace('|', '/')} | {env} | {what} |"


def _board_rows(table: Mapping[str, BoardKey | file_keys.FileKey]) -> Iterator[str]:
    for name, key in table.items():
        yield f"| `{name}` | {first_value(key.first)} | {key.allowed.replace('|', '/')} | {BOARD.get(name, '')} |"
