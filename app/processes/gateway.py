"""From gunicorn's event loop to the WSGI application, and back.

A request takes a thread once it is here as a whole, and gives it back between the pieces of its
answer: whoever sends or takes slowly costs a connection and a little memory, and nothing of what
the others need. Addresses that only say how the server is have threads of their own.

Sources: PEP 3333 (WSGI), the ASGI HTTP specification 2.4; the least speed of a body is that of
Apache's mod_reqtimeout.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, TypeVar
from urllib.parse import unquote_to_bytes, urlsplit
from wsgiref.types import WSGIApplication, WSGIEnvironment

from ..errors import AppError, TooManyUploads, TooSlow
from ..web.security import REFUSED

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
T = TypeVar("T")

_LEAST_SPEED = 500  # bytes/s of a body, on the whole
_BLOCK = 256_000  # bytes that are written at once
_PIECE = 128_000  # bytes of an answer that are made at once
_LARGE = 1_000_000  # bytes of a body for which there must be room before it comes
_LINGER = 50_000_000  # bytes that are thrown away so that the sender reads our refusal
_HEALTH_THREADS = 2
_DISK_THREADS = 8


@dataclass
class Doors:
    """What the gateway asks of the application behind it.

    Attributes:
        application: WSGI.
        largest: bytes that the body of a request with this method and path may have.
        check_room: raises a typed error if a body of so many bytes has no room.
        spool: a new file for a body, which ends when it is closed.
        health: paths that are answered whatever else is going on.
    """

    application: WSGIApplication
    largest: Callable[[str, str], int]
    check_room: Callable[[int], None]
    spool: Callable[[], IO[bytes]]
    health: frozenset[str]


class Gateway:
    """An ASGI application, in front of a WSGI one.

    Args:
        doors: to the application.
        threads: for it.
        patience: s without a byte of a body until its sender is answered with 408.
        most: bytes of bodies that are being received or worked on at the same time.
    """

    def __init__(self, doors: Doors, threads: int, patience: float, most: int) -> None:
        self._doors = doors
        self._patience = patience
        self._room = most
        self._threads = ThreadPoolExecutor(threads, "request")
        self._health = ThreadPoolExecutor(_HEALTH_THREADS, "health")
        self._disk = ThreadPoolExecutor(_DISK_THREADS, "disk")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, from its head to the end of its answer."""
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        body = _Body(self._doors.spool())
        answer = None
        try:
            if await self._take(body, scope, receive):
                answer = _Answer(self._doors.application, _environ(scope, body))
                await self._send(answer, send, closes=not body.is_whole)
                if not body.is_whole and not isinstance(body.refused, TooSlow):
                    await self._throw_away(receive)
        finally:
            self._room += body.held
            if answer is None:
                body.file.close()

    async def _take(self, body: _Body, scope: Scope, receive: Receive) -> bool:
        """Receive a body, as far as it is wanted; False if its sender left."""
        headers = dict(scope["headers"])
        declared = int(headers.get(b"content-length", b"0"))
        has_end = b"transfer-encoding" not in headers
        if has_end and not declared:
            return True
        body.is_whole, body.length = False, declared
        path = _path(scope)
        most = self._doors.largest(scope["method"], path)
        if declared > most:
            return True  # the application says so
        try:
            if declared > _LARGE or not has_end:
                await _in(self._threads, self._doors.check_room, declared)
            return await self._spool(body, most, receive)
        except (AppError, OSError) as error:  # the disk may be full, or away
            body.refused = error
            return True

    async def _spool(self, body: _Body, most: int, receive: Receive) -> bool:
        loop = asyncio.get_running_loop()
        began, length, block = loop.time(), 0, bytearray()
        while True:
            waits_until = min(loop.time(), began + length / _LEAST_SPEED) + self._patience
            try:
                async with asyncio.timeout_at(waits_until):
                    message = await receive()
            except TimeoutError:
                raise TooSlow from None
            if message["type"] != "http.request":
                return False
            piece = message.get("body", b"")
            length += len(piece)
            if length > most:
                body.length = length
                return True
            self._hold(body, len(piece))
            block += piece
            is_last = not message.get("more_body", False)
            if len(block) >= _BLOCK or is_last:
                await _in(self._disk, body.file.write, bytes(block))
                block.clear()
            if is_last:
                body.length, body.is_whole = length, True
                body.file.seek(0)
                return True

    def _hold(self, body: _Body, length: int) -> None:
        if length > self._room:
            raise TooManyUploads
        self._room -= length
        body.held += length

    async def _send(self, answer: _Answer, send: Send, *, closes: bool) -> None:
        pool = self._health if answer.path in self._doors.health else self._threads
        context = contextvars.copy_context()  # what is logged of a request carries its id
        try:
            head_is_sent = False
            while not answer.has_ended:
                piece = await _in(pool, context.run, answer.more)
                if not head_is_sent:
                    await send(answer.head(closes=closes))
                    head_is_sent = True
                more = not answer.has_ended
                await send({"type": "http.response.body", "body": piece, "more_body": more})
        finally:
            if not answer.has_ended:  # whoever asked has left
                pool.submit(answer.close)

    async def _throw_away(self, receive: Receive) -> None:
        """Let a sender come to the end, or it might never read what we answered (RFC 9112 9.6)."""
        left = _LINGER
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                while left > 0:
                    message = await receive()
                    if message["type"] != "http.request" or not message.get("more_body"):
                        return
                    left -= len(message.get("body", b""))


@dataclass
class _Body:
    """A request's body.

    Attributes:
        file: what of it is here.
        length: of the whole, bytes, as far as it is known.
        held: bytes of it that count as being worked on.
        is_whole: whether all of it is in ``file``.
        refused: why it is not.
    """

    file: IO[bytes]
    length: int = 0
    held: int = 0
    is_whole: bool = True
    refused: Exception | None = None


class _Answer:
    """The answer of a WSGI application, in pieces; its threads may change, one at a time.

    Attributes:
        path: that was asked for.
        has_ended: whether it is complete, or given up; the request's body is closed then.
    """

    def __init__(self, application: WSGIApplication, environ: WSGIEnvironment) -> None:
        self._application = application
        self._environ = environ
        self._pieces: Iterator[bytes] | None = None
        self._close: Callable[[], object] = lambda: None
        self._lock = threading.Lock()
        self._status, self._headers = "", list[tuple[str, str]]()
        self.path: str = environ["PATH_INFO"]
        self.has_ended = False

    def more(self) -> bytes:
        """The next bytes; empty only at the end."""
        with self._lock:
            if self._pieces is None:
                iterable = self._application(self._environ, self._start)
                self._close = getattr(iterable, "close", self._close)
                self._pieces = iter(iterable)
            block = bytearray()
            while len(block) < _PIECE:
                piece = next(self._pieces, None)
                if piece is None:
                    self._end()
                    break
                block += piece
            return bytes(block)

    def close(self) -> None:
        """End before the end; waits for a piece that is being made."""
        with self._lock:
            if not self.has_ended:
                self._end()

    def head(self, *, closes: bool) -> Message:
        """The beginning, known after the first piece; ``closes`` says that the connection ends."""
        named = {name.lower() for name, _ in self._headers}
        if self._environ["SERVER_PROTOCOL"] == "HTTP/1.0" and "content-length" not in named:
            closes = True  # there is no other sign of the end
        ours = [("server", "colorizer"), *([("connection", "close")] if closes else [])]
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in [*self._headers, *ours]
        ]
        status = int(self._status.partition(" ")[0])
        return {"type": "http.response.start", "status": status, "headers": headers}

    def _start(
        self, status: str, headers: list[tuple[str, str]], exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        self._status, self._headers = status, headers
        return _write

    def _end(self) -> None:
        self.has_ended = True
        self._close()
        self._environ["wsgi.input"].close()


def _write(data: bytes) -> object:
    raise NotImplementedError("The application must return what it has to say.")


async def _in(pool: Executor, work: Callable[..., T], *args: object) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, work, *args)


def _path(scope: Scope) -> str:
    """The path as WSGI has it: bytes, each as the character of that number."""
    raw: bytes = scope["raw_path"]
    if not raw.startswith(b"/"):  # some proxies ask for the whole address
        with suppress(ValueError):  # it is none
            raw = urlsplit(raw).path or raw
    return unquote_to_bytes(raw).decode("latin-1")


def _environ(scope: Scope, body: _Body) -> WSGIEnvironment:
    server, client = scope["server"] or ("localhost", 80), scope["client"] or ("", 0)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": _path(scope),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body.file,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for key, value in scope["headers"]:
        name = key.decode("latin-1").upper().replace("-", "_")
        name = name if name == "CONTENT_TYPE" else f"HTTP_{name}"
        text = value.decode("latin-1")
        glue = "; " if name == "HTTP_COOKIE" else ","
        environ[name] = f"{environ[name]}{glue}{text}" if name in environ else text
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    if body.length:
        environ["CONTENT_LENGTH"] = str(body.length)
    if body.refused is not None:
        environ[REFUSED] = body.refused
    return environ
