"""Which storage the settings ask for: the data folder, or an object store with it as a cache."""

from __future__ import annotations

from ..config import Config
from .folder import Storage


def open_storage(config: Config) -> Storage:
    """The storage of a service.

    Raises:
        DataFolderUnusable: if the data folder cannot be made or written to.
        InvalidSetting: if a library for the object store is not installed.
    """
    min_free, most = config.min_free_disk_mb * 1_000_000, round(config.max_data_gb * 1e9)
    time_to_live = config.time_to_live_hours * 3600
    if not config.storage_url:
        return Storage(config.data_dir, min_free, most, time_to_live)
    from .object_storage import ObjectStorage

    return ObjectStorage(
        config.data_dir,
        config.storage_url,
        config.queue_url,
        min_free=min_free,
        most=most,
        time_to_live=time_to_live,
        most_copies=round(config.storage_cache_gb * 1e9),
    )
