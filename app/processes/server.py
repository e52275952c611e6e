"""gunicorn, as a library: one process answers requests in threads and works the queue off.

The master process binds the port, holds the data folder and starts the worker process anew if it
is killed; it never imports a network. The worker process receives and sends in an event loop
(:mod:`.connections`) and hands whole requests to threads (:mod:`.gateway`).
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication

from ..config import Config
from ..storage.folder import Storage
from ..watch.logs import Log, log_to_stderr
from ..work.memory import share_heaps
from .listening import allow_many_connections, listen
from .supervisor import close

if TYPE_CHECKING:
    from ..service import Service
    from .gateway import Gateway

_SILENT_FOR = 120  # s without a sign of life after which the worker process is replaced
_GRACE = 30  # s for requests and the photograph in hand to end
_ANSWERS_GRACE = 15  # s of it for requests
_IDLE_FOR = 15  # s that a connection is kept for the next request
_BODIES = 4  # times the largest request is received at the same time
_NOT_OURS = ("hup", "ttin", "ttou", "usr2")  # signals that mean something to gunicorn
_LONGEST_LINE = 32_768  # bytes of a head: 200 hints are in an address


logger = logging.getLogger(__name__)


class Server(BaseApplication):  # type: ignore[misc]
    """The web application on a port.

    Args:
        config: the server's settings.
        make_service: called in the worker process; the default is the service as it is.
        announce: told the address, when the server listens.
    """

    def __init__(
        self,
        config: Config,
        make_service: Callable[[Config], Service] | None = None,
        announce: Callable[[str], None] = print,
    ) -> None:
        self._config = config
        self._make_service = make_service
        self._announce = announce
        self._service: Service | None = None
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn."""
        config = self._config
        settings = {
            "proc_name": "colorizer",
            "workers": 1,  # it holds the model and the caches; threads do the rest
            "worker_class": "app.processes.connections.Worker",
            "asgi_loop": "asyncio",
            "asgi_lifespan": "off",
            "http_parser": "python",
            "limit_request_line": _LONGEST_LINE,
            "limit_request_field_size": _LONGEST_LINE,  # the address of a page, as Referer
            "timeout": _SILENT_FOR,
            "graceful_timeout": _GRACE,
            "keepalive": _IDLE_FOR,
            "logger_class": Log,
            "loglevel": "debug" if config.log_level == "debug" else "warning",
            "control_socket_disable": True,
            "secure_scheme_headers": {},  # proxies are the application's business
            "when_ready": self._listening,
            "post_worker_init": self._start_worker,
            "worker_exit": self._stop_worker,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    @property
    def patience(self) -> float:
        """Seconds that a client may stand still."""
        return self._config.client_timeout_seconds

    def load(self) -> Gateway:
        """Make the application, in the worker process."""
        from .. import create_app
        from ..service import Service
        from ..watch.health import PATHS
        from ..web.security import largest_body
        from .gateway import Doors, Gateway

        service = self._service = (self._make_service or Service)(self._config)
        app = create_app(self._config, service)
        doors = Doors(
            application=app,
            largest=partial(largest_body, app),
            check_room=service.check_room,
            spool=service.spool,
            health=PATHS,
        )
        config = self._config
        most = _BODIES * max(
            config.max_request_mb * 1_000_000, config.max_film_bytes, config.max_upload_bytes
        )
        return Gateway(doors, self._config.threads, self.patience, most)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            ServerBusy: if another process works on the data folder.
            AddressUnusable: if the port is in use, or not for us.
        """
        log_to_stderr(self._config)
        share_heaps()
        storage = Storage(self._config.data_dir)
        if self._config.embedded_worker and not self._config.queue_url:
            storage.hold()  # until this process ends
        storage.secret_key()
        allow_many_connections()
        listener = listen(self._config.host, self._config.port)
        self.cfg.set("bind", f"fd://{listener.detach()}")
        super().run()

    def _listening(self, arbiter: Any) -> None:
        for name in _NOT_OURS:  # there is one process, its settings are those of its start
            setattr(arbiter, f"handle_{name}", lambda name=name: logger.info("%s: ignored", name))
        host, port = arbiter.LISTENERS[0].sock.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # nosec B104 # only shown
        self._announce(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")

    def _start_worker(self, worker: Any) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        worker.cfg.set("graceful_timeout", _ANSWERS_GRACE)  # of this process; the master has _GRACE
        if self._config.embedded_worker and self._service is not None:
            self._service.start_worker()

    def _stop_worker(self, arbiter: Any, worker: Any) -> None:
        if self._service is not None:
            close(self._service)
