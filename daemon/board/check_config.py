"""`--check-config`: whom the station asks, where it writes, what it offers to measure, what is missing and why."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from daemon.board.translation import shape_of
from daemon.config.model import Config
from daemon.config.surroundings import missing
from daemon.csms.endpoint import central_system_url
from ocpp16.configuration.keys import DERIVED
from ocpp16.events import ConnectorShape
from ocpp16.station.recovery import contradictions

BOARD_S = 1.0
"""A board behind a socket has so long to say what it is."""


def shapes_of(config: Config) -> tuple[list[ConnectorShape], str]:
    """The connectors of the board, or why there are none."""
    if config.board.kind == "simulated":
        from daemon.board.simulation import make_board

        greeting = make_board(config, None, 0).greet(0.0)
        return [shape_of(message) for message in greeting if message["type"] == "connector"], ""
    try:
        return asyncio.run(_asked(config.board.socket)), ""
    except (OSError, ValueError) as error:
        return [], f"no board answers at {config.board.socket} ({str(error) or 'no answer'})"


async def _asked(path: str) -> list[ConnectorShape]:
    """What a board tells everybody who connects; nothing is asked of it."""
    from drivers.board_protocol import MAX_BYTES, decode

    loop = asyncio.get_running_loop()
    shapes: list[ConnectorShape] = []
    wanted = 1
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK) as sock:
        async with asyncio.timeout(BOARD_S):
            await loop.sock_connect(sock, path)
            while len(shapes) < wanted:
                message = decode(await loop.sock_recv(sock, MAX_BYTES + 1), "from_board")
                if message["type"] == "refused":
                    raise ValueError(f"it is taken: {message['reason']}")
                if message["type"] == "hello":
                    wanted = message["connectors"]
                if message["type"] == "connector":
                    shapes.append(shape_of(message))
    return shapes


def compared(config: Config, shapes: Sequence[ConnectorShape]) -> list[str]:
    """What will be measured, and what is missing and why, a line each."""
    product, lines = config.product, []
    for shape in shapes:
        number = shape.connector
        for measurand in product.measurands:
            has = measurand in shape.measurands or measurand in DERIVED
            verdict = "offered" if has else "NOT offered, the board does not measure it"
            lines.append(f"connector {number}: {measurand}: {verdict}")
        for measurand in shape.measurands:
            if measurand not in product.measurands:
                lines.append(
                    f"connector {number}: {measurand}: not offered, the board could, the product does not name it"
                )
    return lines


def report(config: Config) -> tuple[str, bool]:
    """For a person: whether configuration, machine and board fit together; whom it asks, where it writes, what it
    will offer to measure."""
    if lacking := list(missing(config)):
        return "\n".join(lacking), False
    shapes, unknown = shapes_of(config)
    head = "\n".join(
        [
            f"configuration OK: station {config.station.id}, product {config.product.name}",
            f"central system: {central_system_url(config.csms.url, config.station.id)}",
            f"store: {config.store_dir}",
        ]
    )
    if config.station.free_vend:
        head += "\nfree vend: a car that is plugged in charges without a card, under the idTag of [station] free_vend"
    if unknown:
        return f"{head}\n{unknown}: what it can measure is not known", True
    if wrong := contradictions(config.product, shapes):
        remedy = f"choose another [station] product than {config.product.name}, or mend the board's own configuration"
        return "\n".join([*(f"product and board contradict each other: {line}" for line in wrong), remedy]), False
    return "\n".join([head, *compared(config, shapes)]), True
