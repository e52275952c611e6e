"""gunicorn's asyncio worker, with a deadline for whoever stands still.

gunicorn waits without end for the first head of a connection, and for whoever does not take the
answer. Both cost no thread here, but a connection each. The body of a request has its deadline in
:mod:`.gateway`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi

_LOOK = 0.5  # s between looks at all connections
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Connection(ASGIProtocol):  # type: ignore[misc] # gunicorn has no types
    """A connection that knows since when nothing happens on it."""

    def __init__(self, worker: Worker) -> None:
        super().__init__(worker)
        self._has_begun = False  # a head
        self._waits_since: float | None = None  # for a head
        self._unsent, self._unsent_since = 0, 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.worker.connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.worker.connections.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._has_begun = True
        super().data_received(data)

    def look(self, now: float, patience: float, *, stops: bool) -> None:
        """End the connection if it has stood still for ``patience`` seconds.

        Args:
            now: of the event loop's clock, s.
            patience: s.
            stops: whether the server does, so that nothing new is waited for.
        """
        unsent = self.transport.get_write_buffer_size()
        if unsent != self._unsent or not unsent:
            self._unsent, self._unsent_since = unsent, now
        elif now - self._unsent_since > patience:
            self.transport.abort()
            return
        if self._current_request is not None:
            self._has_begun, self._waits_since = False, None
            return
        if self._waits_since is None:
            self._waits_since = now
        is_late = now - self._waits_since > patience
        if (is_late or stops) and not self.transport.is_closing():
            if is_late and self._has_begun:
                self.transport.write(_TOO_SLOW)
            self.transport.close()


class Worker(gasgi.ASGIWorker):  # type: ignore[misc]
    """The process that answers requests; the application says how long it is patient.

    Attributes:
        connections: all that are open.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.connections: set[Connection] = set()
        self._watching: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Serve until told to stop."""
        gasgi.ASGIProtocol = Connection
        self._watching = self.loop.create_task(self._watch())
        super().run()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            now = self.loop.time()
            for connection in list(self.connections):
                connection.look(now, self.app.patience, stops=not self.alive)
