"""The start of the process: the store is opened on its own thread while the rest is imported, then the station runs."""

from __future__ import annotations

import asyncio
import gc
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from daemon.control.presence import answers
from daemon.journal import journal, log_queue, stray_errors
from daemon.store.store import Store, StoreBusy

if TYPE_CHECKING:
    from daemon.config.model import Config


async def _run_station(config: Config, thread: ThreadPoolExecutor, store: Store, log: journal.Journal) -> int:
    from daemon.station import Station

    stray_errors.capture_loop(asyncio.get_running_loop(), log.log)
    station = Station(config, store, thread, log)
    try:
        return await station.run()
    finally:
        if station.recorder is not None:
            await asyncio.wrap_future(thread.submit(station.recorder.flush))


def run(config: Config) -> int:
    """Run the station until it ends; the process's exit code (see `Station.run`; 1 also where the store is busy)."""
    mask = os.umask(0o077)  # every file that is made is readable by its owner only
    gc.disable()  # nothing that is made at the start is garbage; `Station` enables it again
    log_queue.keep_standard_descriptors()
    queue = journal.queued(journal.choose())
    log = journal.Journal(queue)
    give_back = stray_errors.capture(log.log)
    try:
        return _run(config, log)
    finally:
        log.end()
        queue.close()
        give_back()
        os.umask(mask)


def _run(config: Config, log: journal.Journal) -> int:
    if answers(config.control_socket):  # the station is running: a second connection would throw it out
        log.log("control-busy", path=str(config.control_socket))
        return 1
    with ThreadPoolExecutor(1, "disk") as thread:  # SQLite stays on the thread that opened it
        opening = thread.submit(Store.open, config.store_dir)
        import daemon.station  # noqa: F401  meanwhile

        try:
            store = opening.result()
        except StoreBusy as busy:
            log.log("store-busy", detail=str(busy))
            return 1
        try:
            return asyncio.run(_run_station(config, thread, store, log))
        finally:
            thread.submit(store.close).result()
