"""What keeps a server from working well, and what to do about it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import psutil

from colorizer.errors import ColorizerError
from colorizer.settings import DEFAULT_MODEL

from ..config import Config
from ..errors import QueueUnavailable, StorageUnavailable
from ..storage.disk import try_lock

State = Literal["ok", "warning", "broken"]

_MEMORY = 2_000_000_000  # bytes that a server takes while it colours one photograph
_CGROUP = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        state: "warning" works, but not for long or not well.
        advice: what to do; empty if all is well.
    """

    name: str
    state: State
    detail: str
    advice: str = ""


def examine(config: Config) -> Iterator[Finding]:
    """Look at everything, the cheapest first; what breaks is a finding, not an error."""
    checks: tuple[tuple[str, Callable[[Config], Finding]], ...] = (
        ("data folder", _folder),
        ("storage", _storage),
        ("disk", _disk),
        ("queue", _queue),
        ("memory", _memory),
        ("weights", _weights),
        ("words", _words),
        ("device", _device),
        ("engine", _engine),
    )
    for name, check in checks:
        try:
            yield check(config)
        except ColorizerError as error:
            yield Finding(name, "broken", str(error), _ADVICE[name])
        except Exception as error:
            yield Finding(name, "broken", f"{type(error).__name__}: {error}", _ADVICE[name])


_ADVICE = {
    "data folder": "Change its owner as said, or choose another folder with --data-dir.",
    "storage": "Use a local disk or NFS 4: files must be renamed and locked.",
    "disk": "Free some room, or choose another folder with --data-dir.",
    "queue": "Start Redis, and check COLORIZER_QUEUE_URL and the network in between.",
    "memory": "Give the machine or the container more memory.",
    "weights": "Install Colorizer again, or run `colorizer weights verify`.",
    "words": "Install Colorizer again, or take the file out of the folder of weights.",
    "device": "Set COLORIZER_DEVICE to cpu, or install what is missing.",
    "engine": "Run `colorizer info`, and install Colorizer again.",
}


def _folder(config: Config) -> Finding:
    from ..storage.folder import Storage

    Storage(config.data_dir)
    about = config.data_dir.stat()
    detail = f"{config.data_dir} can be written to; it belongs to user id {about.st_uid}."
    if about.st_mode & 0o077:
        advice = f"Run `chmod 700 {config.data_dir}`."
        return Finding("data folder", "warning", f"{detail} Others may look into it.", advice)
    return Finding("data folder", "ok", detail)


def _storage(config: Config) -> Finding:
    return _object_store(config) if config.storage_url else _folder_storage(config)


def _object_store(config: Config) -> Finding:
    from ..storage.bucket import Bucket

    try:
        Bucket(config.storage_url).try_out()
    except StorageUnavailable as error:
        advice = "Check COLORIZER_STORAGE_URL, the AWS_ variables and the network in between."
        return Finding("storage", "broken", _with_cause(error), advice)
    detail = f"Objects can be written, listed and read at {config.storage_url}."
    return Finding("storage", "ok", detail)


def _folder_storage(config: Config) -> Finding:
    from ..storage.folder import Storage

    probe = Storage(config.data_dir).root / "incoming" / f".doctor-{os.getpid()}"
    moved = probe.with_suffix(".moved")
    probe.write_bytes(b"x")
    try:
        os.rename(probe, moved)
        one, two = os.open(moved, os.O_RDWR), os.open(moved, os.O_RDWR)
        try:
            locks = try_lock(one) and not try_lock(two)
        finally:
            os.close(one)
            os.close(two)
    finally:
        moved.unlink(missing_ok=True)
        probe.unlink(missing_ok=True)
    if not locks:
        return Finding("storage", "broken", "Files cannot be locked there.", _ADVICE["storage"])
    return Finding("storage", "ok", "Files can be written, renamed and locked.")


def _disk(config: Config) -> Finding:
    from ..storage.quota import folder_bytes

    free, used = shutil.disk_usage(config.data_dir).free, folder_bytes(config.data_dir)
    detail = f"{free / 1e9:.1f} GB are free; the data folder has {used / 1e9:.1f} GB."
    most = config.max_data_gb * 1e9
    if free < config.min_free_disk_mb * 1e6:
        return Finding("disk", "broken", f"{detail} Uploads are refused.", _ADVICE["disk"])
    if most and used > 0.9 * most:
        advice = "Raise COLORIZER_MAX_DATA_GB, or lower COLORIZER_TIME_TO_LIVE_HOURS."
        return Finding("disk", "warning", f"{detail} {config.max_data_gb:g} GB is all.", advice)
    return Finding("disk", "ok", detail)


def _queue(config: Config) -> Finding:
    from ..work.queue import waiting_in

    kind = "Redis" if config.queue_url else "A SQLite file"
    try:
        return Finding("queue", "ok", f"{kind}; {waiting_in(config)} jobs wait.")
    except QueueUnavailable as error:
        detail = _with_cause(error)
        for secret in _secrets_of(config.queue_url):
            detail = detail.replace(secret, "…")
        return Finding("queue", "broken", detail, _ADVICE["queue"])


def _with_cause(error: Exception) -> str:
    cause = error.__cause__
    return str(error) if cause is None else f"{error} ({str(cause) or type(cause).__name__})"


def _secrets_of(url: str) -> list[str]:
    """The passwords of an address, as they are written and as they are meant."""
    parts = urlsplit(url)
    written = [parts.password, *parse_qs(parts.query).get("password", [])]
    return [form for secret in written if secret for form in (secret, unquote(secret))]


def _memory(config: Config) -> Finding:
    total = psutil.virtual_memory().total
    if _CGROUP.is_file() and (limit := _CGROUP.read_text().strip()).isdigit():
        total = min(total, int(limit))
    detail = f"{total / 1e9:.1f} GB in all."
    if total < _MEMORY:
        return Finding("memory", "warning", f"{detail} 2 GB are needed.", _ADVICE["memory"])
    return Finding("memory", "ok", detail)


def _weights(config: Config) -> Finding:
    from colorizer import weights

    found = weights.verify(DEFAULT_MODEL)
    return Finding("weights", "ok", f"{found.path} is whole (sha256 {found.sha256[:12]}…).")


def _words(config: Config) -> Finding:
    from colorizer import weights
    from colorizer.words.vocabulary import model_file, model_files, of_file

    ours = weights.load(DEFAULT_MODEL).features_id
    file = model_file(ours)
    known = of_file(file)
    if known.features_id != ours:
        detail = f"{file} was trained for another refiner than that of {DEFAULT_MODEL}."
        return Finding("words", "warning", detail, _ADVICE["words"])
    others = [one for one in model_files() if of_file(one).features_id != ours]
    for other in others:
        if of_file(other).features_id not in _features_of_models():
            detail = f"{other} was trained for a refiner that no model here has; it is not used."
            return Finding("words", "warning", detail, "Take it away, or import its weights.")
    return Finding("words", "ok", f"{file} knows {len(known.things):,} things.")


def _features_of_models() -> Iterator[str]:
    from colorizer import weights

    for status in weights.statuses():
        with suppress(ColorizerError):  # one that is not here, or cannot be read
            yield weights.load(status.name).features_id


def _device(config: Config) -> Finding:
    from colorizer.engines import device_of
    from colorizer.engines.devices import may_have_cuda
    from colorizer.optional import has_torch

    detail = f"Networks run on {device_of(config.device)}."
    if config.device == "auto" and may_have_cuda() and not has_torch():
        advice = "If it is to be used: pip install 'colorizer[torch]'."
        return Finding("device", "warning", f"{detail} A graphics card needs torch.", advice)
    return Finding("device", "ok", detail)


def _engine(config: Config) -> Finding:
    from colorizer.photo import Photo
    from colorizer.pipeline import Colorizer

    model = Colorizer.load(DEFAULT_MODEL, device=config.device, engine=config.engine)
    start = time.perf_counter()
    model.predict(Photo(np.zeros((256, 256), np.uint8)))
    return Finding("engine", "ok", f"It coloured a test in {time.perf_counter() - start:.2f} s.")
