"""``colorizer worker``: a small process that starts the one which does the work, again and again.

The worker is a fork of a parent that has imported no network. It ends itself with an agreed exit
code when it has done enough (:mod:`.renewal`), and a fresh one takes its place at once. One that
ends in any other way is replaced after a pause, which grows while this goes on. Whoever kills the
parent ends the worker too, after the photograph in hand.

This is ``multiprocessing`` and not gunicorn's arbiter, which replaces a process without a pause
and wants a port to listen at. It is ``fork`` and not ``spawn``, so that the lock of the data folder
is the worker's as well, and no third process is needed to look after the two.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, NoReturn

from ..config import Config
from ..storage.folder import Storage
from ..watch.logs import log_to_stderr
from ..work.memory import share_heaps

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from ..service import Service

_SIGNALS = {signal.SIGTERM, signal.SIGINT}
_RENEW = 75  # exit code of a worker that has done enough
_BROKEN = 70  # exit code of one that does not work any more, and says so
_LOOK = 0.1  # s between looks at whether the worker has done enough
_GRACE = 30.0  # s for the photograph in hand to end
_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # s until a worker that crashed is replaced
_STEADY = 60.0  # s after which a worker counts as sound, and the pause is short again

MakeService = Callable[[Config], "Service"]

logger = logging.getLogger(__name__)


def work(
    config: Config,
    make_service: MakeService | None = None,
    announce: Callable[[str], None] = print,
) -> None:
    """Only work the queue off, until SIGTERM or SIGINT.

    Args:
        config, make_service: as for :class:`app.processes.server.Server`.
        announce: told where the photographs lie, once they are this process's to work on.

    Raises:
        ServerBusy: if another process works on the data folder and the queue is a file in it.
        DataFolderUnusable: if the data folder cannot be made or written to.
    """
    log_to_stderr(config)
    share_heaps()
    storage = Storage(config.data_dir)
    if not config.queue_url:
        storage.hold()  # until this process and its worker have ended
    bell = _Bell()
    announce(config.storage_url or str(config.data_dir))
    pause = 0.0
    while not bell.rings(within=pause):
        if not storage.is_there():  # a new worker would make an empty one
            pause = _longer(pause)
            logger.error("the data folder is not there; looking again in %g s", pause)
            continue
        started = time.monotonic()
        worker = _start(config, make_service)
        wait([worker.sentinel, bell.ear])
        if bell.rings():
            _stop(worker)
            return
        worker.join()
        if worker.exitcode == _RENEW:
            pause = 0.0
        else:
            steady = time.monotonic() - started >= _STEADY
            pause = _PAUSE if steady else _longer(pause)
            how = _how_it_ended(worker.exitcode or 0)
            logger.error("the worker process %s; another starts in %g s", how, pause)


class _Bell:
    """SIGTERM and SIGINT as something to wait for; they interrupt nothing."""

    def __init__(self) -> None:
        self.ear, self._hammer = socket.socketpair()
        self._hammer.setblocking(False)
        for number in _SIGNALS:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._hammer.fileno(), warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

    def rings(self, within: float = 0.0) -> bool:
        """Whether a signal came, or comes in so many seconds."""
        return bool(wait([self.ear], within))


def _start(config: Config, make_service: MakeService | None) -> BaseProcess:
    """Fork; signals wait until the child has a bell of its own."""
    context = multiprocessing.get_context("fork")
    worker = context.Process(target=_work, args=(config, make_service), daemon=True)
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        worker.start()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    return worker


def _stop(worker: BaseProcess) -> None:
    worker.terminate()
    worker.join(_GRACE)
    if worker.exitcode is None:
        logger.error("the worker process did not end in %g s and is killed", _GRACE)
        worker.kill()
        worker.join()


def _longer(pause: float) -> float:
    return min(max(2 * pause, _PAUSE), _LONGEST_PAUSE)


def _how_it_ended(code: int) -> str:
    if code == -signal.SIGKILL:
        return "was killed, perhaps for want of memory"
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _work(config: Config, make_service: MakeService | None) -> NoReturn:
    """The worker process."""
    bell = _Bell()
    try:
        code = _work_off(config, make_service, bell)
    except Exception:
        logger.exception("the worker process failed")
        code = _BROKEN
    sys.exit(code)


def _work_off(config: Config, make_service: MakeService | None, bell: _Bell) -> int:
    """Work until a signal, the end of the parent, or having done enough; the exit code."""
    from ..service import Service
    from .renewal import Renewal

    service = (make_service or Service)(config)
    if config.worker_metrics_port:
        _serve_metrics(service, config)
    renewal = Renewal(config.worker_photos, config.worker_memory_mb)
    service.start_worker(renewal.is_due)
    parent = multiprocessing.parent_process()
    assert parent is not None
    stopped = False
    while not stopped and service.is_working:
        stopped = bool(wait([bell.ear, parent.sentinel], _LOOK))
    if stopped:
        code = 0
    elif renewal.reason:
        code = _RENEW
        logger.info("a fresh worker takes over: %s", renewal.reason)
    else:
        code = _BROKEN
    close(service, code)
    return code


def _serve_metrics(service: Service, config: Config) -> None:
    try:
        service.serve_metrics(config.host, config.worker_metrics_port)
    except OSError as error:  # the photographs matter more
        port = config.worker_metrics_port
        logger.error("there are no metrics at port %d: %s", port, error.strerror)


def close(service: Service, code: int = 0) -> None:
    """Stop; end the process at once if the network is still busy, which Python would trip over.

    Args:
        code: the exit code in that case.
    """
    if not service.close():
        logging.shutdown()
        os._exit(code)
