"""One life of the process: the store is opened on its own thread while the rest is imported, then the loop runs."""

from __future__ import annotations

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from daemon.journal import journal
from daemon.store.store import Store, StoreBusy

if TYPE_CHECKING:
    from daemon.config.model import Config


async def _live(config: Config, thread: ThreadPoolExecutor, store: Store, lines: journal.Journal) -> int:
    from daemon.station import Station

    station = Station(config, store, thread, lines)
    try:
        return await station.run()
    finally:
        if station.recorder is not None:
            await asyncio.wrap_future(thread.submit(station.recorder.flush))


def run(config: Config) -> int:
    """A life of the station; the exit code."""
    gc.disable()  # nothing that is made at the start is garbage; `Station` lets it work again
    lines = journal.Journal(journal.choose())
    with ThreadPoolExecutor(1, "disk") as thread:  # SQLite stays on the thread that opened it
        opening = thread.submit(Store.open, config.store_dir)
        import daemon.station  # noqa: F401  meanwhile

        try:
            store = opening.result()
        except StoreBusy as busy:
            lines.log("store-busy", detail=str(busy))
            return 1
        try:
            return asyncio.run(_live(config, thread, store, lines))
        finally:
            thread.submit(store.close).result()
