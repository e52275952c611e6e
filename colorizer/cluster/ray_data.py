"""Rows through actors, by Ray Data; the only module that knows Ray."""

from __future__ import annotations

import json
import logging
import os
import socket
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from ..errors import ClusterUnavailable, InvalidSetting, PackageMissing
from ..threads import processors
from .actor import Actor, Work
from .collection import Job

#: What Ray's store of a cluster of our own may take, bytes: it holds names only, no photographs.
STORE = 200_000_000
#: A photograph whose actor dies is tried so many times again: it may be what kills the actor.
RETRIES = 2
#: Seconds that a cluster elsewhere has to answer.
PATIENCE = 10
#: Rows that are tasks of their own; in larger collections some share one.
MAX_BLOCKS = 10_000


@dataclass(frozen=True)
class Cluster:
    """Where actors run, and what each of them takes.

    Attributes:
        address: of a Ray cluster ("auto", "10.0.0.1:6379", "ray://…"); None starts one on this
            machine, for this run.
        actors: how many; None is as many as the cluster has room for.
        cpus: processors for each actor, above 0.
        gpus: graphics cards for each actor, 0 or more; with 0.25 four share one.
    """

    address: str | None = None
    actors: int | None = None
    cpus: float = 1.0
    gpus: float = 0.0


def results(jobs: Sequence[Job], work: Work, cluster: Cluster) -> Generator[dict[str, Any]]:
    """What :class:`.Actor` says of each job, as they are finished.

    The photograph of an actor that dies is given to its successor, :data:`RETRIES` times; after
    that there is no result for it.

    Raises:
        ClusterUnavailable: if the cluster does not answer, or breaks down.
        InvalidSetting: if it has no room for one actor.
        PackageMissing: if Ray is not installed.
    """
    with _connected(cluster.address) as ray:
        rows = [{"job": json.dumps(asdict(job))} for job in jobs]
        count = min(actors(ray.cluster_resources(), cluster), len(jobs))
        with warnings.catch_warnings():  # of Ray about itself, and about max_task_retries
            warnings.simplefilter("ignore", DeprecationWarning)
            data = _dataset(ray.data, rows, count, work, cluster)
        for row in data.iter_rows():
            yield json.loads(row["result"])


def _dataset(
    data: Any, rows: list[dict[str, str]], count: int, work: Work, cluster: Cluster
) -> Any:
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1  # who kills each actor has no result; the others go on
    return data.from_items(rows, override_num_blocks=min(len(rows), MAX_BLOCKS)).map(
        Actor,
        fn_constructor_args=(work,),
        # one task each: what waited for an actor that dies would count as tried, too
        compute=data.ActorPoolStrategy(size=count, max_tasks_in_flight_per_actor=1),
        num_cpus=cluster.cpus,
        num_gpus=cluster.gpus,
        max_restarts=-1,
        max_task_retries=RETRIES,
    )


def actors(has: Mapping[str, float], cluster: Cluster) -> int:
    """How many actors there are to be on a cluster that has so many "CPU" and "GPU".

    Raises:
        InvalidSetting: if there is no room for one.
    """
    room = has.get("CPU", 0) / cluster.cpus
    if cluster.gpus:
        room = min(room, has.get("GPU", 0) / cluster.gpus)
    room = int(room + 1e-6)  # 1 / 0.1 may be a little less than 10
    if room < 1:
        raise InvalidSetting(
            f"The cluster has {has.get('CPU', 0):g} processors and {has.get('GPU', 0):g} graphics "
            f"cards; one actor would need {cluster.cpus:g} and {cluster.gpus:g}."
        )
    return cluster.actors or room


@contextmanager
def _connected(address: str | None) -> Iterator[Any]:
    """The module ``ray``, connected; a connection that was there before is used and kept."""
    if find_spec("ray") is None:
        raise PackageMissing("Ray is not installed; it comes with: pip install 'colorizer[ray]'.")
    own = address in (None, "local")
    # Ray reads these when it is imported: no statistics to its makers, no tales on stderr
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_DATA_LOG_LEVEL", "CRITICAL")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    if own:  # it listens on 127.0.0.1; its ports would give the machine to everybody else
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    import ray

    if ray.is_initialized():
        yield ray
        return
    options: dict[str, Any] = {"address": address}
    if own:
        options = {
            "address": "local", "num_cpus": processors(), "object_store_memory": STORE,
            "include_dashboard": False,
        }  # fmt: skip
    try:
        if address is not None and not own:
            _reach(address)
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **options)
    except (OSError, RuntimeError, ValueError) as error:
        name, reason = address or "of this machine", str(error).rstrip(".")
        raise ClusterUnavailable(f"The Ray cluster {name} cannot be reached: {reason}.") from error
    try:
        yield ray
    except ray.exceptions.RayError as error:
        raise ClusterUnavailable(f"The Ray cluster broke down: {error}.") from error
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    """Try the port of an address that has one: Ray itself would try for minutes.

    Raises:
        OSError: if nothing answers there.
    """
    parts = urlsplit(address if "://" in address else f"//{address}")
    if parts.hostname and parts.port:
        socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE).close()
