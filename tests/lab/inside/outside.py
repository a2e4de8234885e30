"""In the guest: plays the world until it ends, as asked at TCP port 7000: words a line, JSON a line back."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import sys

from world import World, become_punctual

PORT = 7000
TURN_MS = 2


def answer(world: World, words: list[str]) -> object:
    """What is done and said at one request."""
    match words:
        case ["car", state]:
            return world.car(state)
        case ["car", state, "no-diode"]:
            return world.car(state, diode=False)
        case ["adc", there]:
            world.converter(there == "on")
        case ["trip", tripped]:
            world.tripped = tripped == "on"
        case ["emergency", pressed]:
            world.emergency.drive(pressed == "on")
        case ["look"]:
            seen = {"coil": world.coil, "opened_at": world.opened_at, "closed_at": world.closed_at}
            return {**seen, "duty": world.duty(), "car": world.state}
        case _:
            return {"refused": words}
    return True


def main(pump: bool) -> None:
    """Never ends by itself."""
    world = World(pump)
    become_punctual()
    server = socket.create_server(("0.0.0.0", PORT))
    peers: list[socket.socket] = []
    while True:
        ready, _, _ = select.select([server, *peers], [], [], TURN_MS / 1000)
        world.step()
        for each in ready:
            if each is server:
                peers.append(server.accept()[0])
                continue
            text = b""
            with contextlib.suppress(OSError):
                text = each.recv(4096)
            if not text:
                peers.remove(each)
                continue
            for line in text.decode().splitlines():
                each.sendall(json.dumps(answer(world, line.split())).encode() + b"\n")


if __name__ == "__main__":
    main("pump" in sys.argv[1:])
