"""An object store that speaks S3: a server of our own, to be started and stopped."""

from __future__ import annotations

import threading

import requests
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing: there are many requests."""


class ObjectStore:
    """An S3 server in a thread, at a free port of this machine; it keeps its objects when it is
    stopped and started again."""

    def __init__(self) -> None:
        self._application = DomainDispatcherApplication(create_backend_app)
        self._server: BaseWSGIServer | None = None
        self._thread = threading.Thread()
        self._port = 0
        self._buckets = 0
        self.start()

    @property
    def address(self) -> str:
        """http://127.0.0.1:port"""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """At the same port as before."""
        self._server = make_server(
            "127.0.0.1", self._port, self._application, threaded=True, request_handler=_Silent
        )
        self._port = self._server.port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        """Connections are refused from now on; may be called twice."""
        if self._server is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None

    def is_running(self) -> bool:
        """Whether it answers."""
        return self._server is not None

    def new_bucket(self) -> str:
        """The name of a new, empty bucket."""
        self._buckets += 1
        name = f"bucket-{self._buckets}"
        requests.put(f"{self.address}/{name}", timeout=30).raise_for_status()
        return name
