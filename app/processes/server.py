"""gunicorn, as a library: one process answers requests in threads and works the queue off.

The master process binds the port, holds the data folder and starts the worker process anew if it
is killed; it never imports a network.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication

from ..config import Config
from ..storage.folder import Storage
from ..watch.logs import Log, log_to_stderr
from ..work.memory import share_heaps
from .supervisor import close

if TYPE_CHECKING:
    from flask import Flask

    from ..service import Service

_SILENT_FOR = 120  # s without a sign of life after which the worker process is replaced
_STALLED_FOR = 60  # s without a byte after which a connection gives its thread back
_GRACE = 30  # s for requests and the photograph in hand to end


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
            "bind": f"[{config.host}]:{config.port}"
            if ":" in config.host
            else f"{config.host}:{config.port}",
            "proc_name": "colorizer",
            "workers": 1,  # it holds the model and the caches; threads do the rest
            "worker_class": "gthread",
            "threads": config.threads,
            "timeout": _SILENT_FOR,
            "graceful_timeout": _GRACE,
            "keepalive": 15,
            "logger_class": Log,
            "loglevel": "debug" if config.log_level == "debug" else "warning",
            "control_socket_disable": True,
            "secure_scheme_headers": {},  # proxies are the application's business
            "when_ready": self._listening,
            "pre_request": self._before,
            "post_worker_init": self._start_worker,
            "worker_exit": self._stop_worker,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application, in the worker process."""
        from .. import create_app
        from ..service import Service

        self._service = (self._make_service or Service)(self._config)
        return create_app(self._config, self._service)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            ServerBusy: if another process works on the data folder.
        """
        log_to_stderr(self._config)
        share_heaps()
        storage = Storage(self._config.data_dir)
        if self._config.embedded_worker and not self._config.queue_url:
            storage.hold()  # until this process ends
        storage.secret_key()
        super().run()

    def _listening(self, arbiter: Any) -> None:
        listener = arbiter.LISTENERS[0].sock
        limit = struct.pack("@ll", _STALLED_FOR, 0)  # for a request's head; the rest has its own
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        host, port = listener.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # nosec B104 # only shown
        self._announce(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")

    def _before(self, worker: Any, request: Any) -> None:
        from ..web.security import FORM_OVERHEAD

        _do_not_wait_for_ever(request)
        _close_after_large(self._config.max_upload_bytes + FORM_OVERHEAD, request)

    def _start_worker(self, worker: Any) -> None:
        if self._config.embedded_worker and self._service is not None:
            self._service.start_worker()

    def _stop_worker(self, arbiter: Any, worker: Any) -> None:
        if self._service is not None:
            close(self._service)


def _do_not_wait_for_ever(request: Any) -> None:
    """Limit how long a request's body, and whoever takes our answer, may stand still."""
    request.unreader.sock.settimeout(_STALLED_FOR)


def _close_after_large(most: int, request: Any) -> None:
    """Tell the client that its connection ends, if its body may not be read to the end.

    gunicorn cuts a connection whose body was left unread, but promises to keep it: the client's
    next request would be lost.

    Args:
        most: bytes that are read of whatever is refused.
    """
    headers = dict(request.headers)
    length = headers.get("CONTENT-LENGTH", "0")
    if "TRANSFER-ENCODING" in headers or not length.isdigit() or int(length) > most:
        request.force_close()
