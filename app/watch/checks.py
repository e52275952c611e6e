"""What must be well for the server to do its work."""

from __future__ import annotations

from colorizer.settings import DEFAULT_MODEL

from ..config import Config
from ..errors import QueueUnavailable, StorageUnavailable
from ..storage.folder import Storage
from ..work.intake import installed_models
from ..work.queue import Queue
from ..work.worker import Worker


def checks(
    config: Config, storage: Storage, queue: Queue, worker: Worker
) -> dict[str, tuple[bool, str]]:
    """Checks by name: whether all is well, and a sentence."""
    found = {}
    try:
        free, least = storage.free(), storage.min_free
        found["disk"] = (free >= least, f"{free / 1e9:.1f} GB are free.")
    except OSError:
        found["disk"] = (False, "The data folder cannot be reached.")
    try:
        if sentence := storage.about_store():
            found["storage"] = (True, sentence)
    except StorageUnavailable as error:
        found["storage"] = (False, str(error))
    try:
        found["queue"] = (True, f"{queue.length()} photographs wait.")
        queue.check()
    except QueueUnavailable as error:
        found["queue"] = (False, str(error))
    if config.embedded_worker:
        running = queue.is_consumed
        found["worker"] = (running, "It runs." if running else "It does not run.")
        found["model"] = (worker.is_ready, worker.state)
    else:
        installed = DEFAULT_MODEL in installed_models()
        found["model"] = (installed, "Installed." if installed else "Not installed.")
    return found
