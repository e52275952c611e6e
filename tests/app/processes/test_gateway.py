"""The gateway alone, between a server that the test plays and an application that it makes up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from tempfile import TemporaryFile
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from app.errors import StorageFull, TooManyUploads, TooSlow
from app.processes.gateway import Doors, Gateway, Message, Scope
from app.web.security import REFUSED

LIMIT = 3_000_000  # bytes
OK = "200 OK"


def gateway(
    application: Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]],
    *,
    patience: float = 5.0,
    most: int = 10 * LIMIT,
    check_room: Callable[[int], None] = lambda length: None,
) -> Gateway:
    doors = Doors(
        application,
        largest=lambda method, path: LIMIT,
        check_room=check_room,
        spool=TemporaryFile,
        health=frozenset({"/healthz"}),
    )
    return Gateway(doors, threads=1, patience=patience, most=most)


def scope(path: str = "/", **headers: str) -> Scope:
    return {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "http_version": "1.1",
        "raw_path": path.encode("latin-1"),
        "query_string": b"a=1",
        "server": ("127.0.0.1", 80),
        "client": ("192.0.2.1", 5),
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ],
    }


class Peer:
    """The other end: it sends ``pieces``, then nothing, and keeps what it is sent."""

    def __init__(self, *pieces: bytes, ends: bool = True) -> None:
        self._messages: list[Message] = [
            {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
        ]
        if self._messages and ends:
            self._messages[-1]["more_body"] = False
        self.sent: list[Message] = []
        self.takes = asyncio.Event()
        self.takes.set()

    async def receive(self) -> Message:
        if not self._messages:
            await asyncio.sleep(60)
        return self._messages.pop(0)

    async def send(self, message: Message) -> None:
        await self.takes.wait()
        self.sent.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(cast(list[tuple[bytes, bytes]], self.sent[0]["headers"]))


def run(work: Callable[[], Awaitable[None]]) -> None:
    """In a thread of its own: in the main one a browser's loop may be running."""

    async def all_of_it() -> None:
        async with asyncio.timeout(30):
            await work()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, all_of_it()).result()


def echo(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Whatever came, or the name of what did not."""
    refused = environ.get(REFUSED)
    start(OK, [("X-Length", environ.get("CONTENT_LENGTH", ""))])
    return [type(refused).__name__.encode() if refused else environ["wsgi.input"].read()]


def test_a_body_arrives_as_it_was_sent() -> None:
    async def work() -> None:
        for headers in ({"content_length": "600000"}, {"transfer_encoding": "chunked"}):
            peer = Peer(b"a" * 300_000, b"b" * 300_000)
            await gateway(echo)(scope(**headers), peer.receive, peer.send)
            assert peer.body == b"a" * 300_000 + b"b" * 300_000
            assert peer.headers[b"x-length"] == b"600000"
            assert b"connection" not in peer.headers

    run(work)


def test_what_wsgi_promises_about_a_request() -> None:
    seen: WSGIEnvironment = {}

    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        seen.update(environ)
        start(OK, [])
        return []

    async def work() -> None:
        peer = Peer()
        asked = scope("http://proxy/caf%C3%A9", host="example.org", cookie="a=1")
        asked["headers"] += [(b"cookie", b"b=2"), (b"accept", b"x"), (b"accept", b"y")]
        await gateway(application)(asked, peer.receive, peer.send)

    run(work)
    assert seen["PATH_INFO"] == "/caf\xc3\xa9"
    assert (seen["QUERY_STRING"], seen["REMOTE_ADDR"]) == ("a=1", "192.0.2.1")
    assert (seen["HTTP_COOKIE"], seen["HTTP_ACCEPT"]) == ("a=1; b=2", "x,y")
    assert seen["HTTP_HOST"] == "example.org"
    assert "CONTENT_LENGTH" not in seen
    assert seen["wsgi.input"].closed


@pytest.mark.parametrize("headers", [{"content_length": "9"}, {"transfer_encoding": "chunked"}])
def test_a_body_that_stands_still_is_refused_without_a_thread(headers: dict[str, str]) -> None:
    async def work() -> None:
        stalled, other = Peer(b"half", ends=False), Peer()
        asked = gateway(echo, patience=0.5)
        waiting = asyncio.create_task(asked(scope(**headers), stalled.receive, stalled.send))
        await asyncio.sleep(0.1)
        await asked(scope(), other.receive, other.send)
        assert not waiting.done()
        assert other.sent, "the only thread is free"
        await waiting
        assert stalled.body == TooSlow.__name__.encode()
        assert stalled.headers[b"connection"] == b"close"

    run(work)


def test_too_large_a_body_is_not_received() -> None:
    async def work() -> None:
        peer = Peer(*[bytes(1000)] * 3, ends=False)
        await gateway(echo, patience=0.1)(
            scope(content_length=str(LIMIT + 1)), peer.receive, peer.send
        )
        assert (peer.body, peer.headers[b"connection"]) == (b"", b"close")
        assert int(peer.headers[b"x-length"]) == LIMIT + 1
        chunks = Peer(*[bytes(1_000_000)] * 9)
        await gateway(echo)(scope(transfer_encoding="chunked"), chunks.receive, chunks.send)
        assert int(chunks.headers[b"x-length"]) > LIMIT

    run(work)


def test_a_body_without_room_is_not_received() -> None:
    def check_room(length: int) -> None:
        raise StorageFull

    async def work() -> None:
        peer = Peer(bytes(2_000_000))
        asked = gateway(echo, check_room=check_room)
        await asked(scope(content_length="2000000"), peer.receive, peer.send)
        assert peer.body == StorageFull.__name__.encode()
        small = Peer(b"small")
        await asked(scope(content_length="5"), small.receive, small.send)
        assert small.body == b"small"

    run(work)


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("http://here/about", "/about"),
        ("http://here", "http://here"),
        ("http://[", "http://["),
        ("http://\xff", "http://\xff"),
    ],
)
def test_whole_addresses_and_what_is_none_of_them(asked: str, path: str) -> None:
    async def work() -> None:
        def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            start(OK, [])
            return [environ["PATH_INFO"].encode("latin-1")]

        peer = Peer(b"")
        await gateway(application)(scope(asked), peer.receive, peer.send)
        assert peer.body == path.encode("latin-1")

    run(work)


def test_only_so_much_is_received_at_a_time() -> None:
    async def work() -> None:
        asked = gateway(echo, most=1000, patience=0.5)
        first, second, third = Peer(bytes(800), ends=False), Peer(bytes(800)), Peer(bytes(800))
        waiting = asyncio.create_task(asked(scope(content_length="900"), first.receive, first.send))
        await asyncio.sleep(0.1)
        await asked(scope(content_length="800"), second.receive, second.send)
        assert second.body == TooManyUploads.__name__.encode()
        await waiting
        await asked(scope(content_length="800"), third.receive, third.send)
        assert third.body == bytes(800), "there is room again"

    run(work)


def test_a_slow_reader_holds_no_thread() -> None:
    closed = threading.Event()

    class Large:
        def __iter__(self) -> Iterator[bytes]:
            return iter([bytes(200_000)] * 10)

        def close(self) -> None:
            closed.set()

    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        start(OK, [])
        return Large() if environ["PATH_INFO"] == "/large" else [b"small"]

    async def work() -> None:
        asked, slow, other = gateway(application), Peer(), Peer()
        slow.takes.clear()
        waiting = asyncio.create_task(asked(scope("/large"), slow.receive, slow.send))
        await asyncio.sleep(0.1)
        await asked(scope(), other.receive, other.send)
        assert other.body == b"small"
        slow.takes.set()
        await waiting
        assert len(slow.body) == 2_000_000
        assert closed.is_set()
        closed.clear()
        slow.takes.clear()
        leaving = asyncio.create_task(asked(scope("/large"), slow.receive, slow.send))
        await asyncio.sleep(0.1)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        assert await asyncio.to_thread(closed.wait, 10), "an answer nobody takes is let go"

    run(work)


def test_health_is_answered_while_all_threads_work() -> None:
    gate = threading.Event()

    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/healthz":
            assert gate.wait(20)
        start(OK, [])
        return [b"done"]

    async def work() -> None:
        asked, busy, health = gateway(application), Peer(), Peer()
        waiting = asyncio.create_task(asked(scope(), busy.receive, busy.send))
        await asked(scope("/healthz"), health.receive, health.send)
        assert (health.body, busy.body) == (b"done", b"")
        gate.set()
        await waiting
        assert busy.body == b"done"

    run(work)


def test_nobody_is_answered_who_left_in_the_middle() -> None:
    calls: list[Any] = []

    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        calls.append(environ)
        start(OK, [])
        return []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def work() -> None:
        peer = Peer()
        await gateway(application)(scope(content_length="5"), receive, peer.send)
        assert (calls, peer.sent) == ([], [])

    run(work)


def test_who_leaves_while_the_application_works_does_not_disturb_it() -> None:
    gate, read = threading.Event(), threading.Event()
    bodies: list[bytes] = []

    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        read.set()
        assert gate.wait(20)
        bodies.append(environ["wsgi.input"].read())
        start(OK, [])
        return []

    async def work() -> None:
        peer = Peer(b"whole")
        asked = gateway(application)(scope(content_length="5"), peer.receive, peer.send)
        leaving = asyncio.create_task(asked)
        await asyncio.to_thread(read.wait, 10)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        gate.set()
        async with asyncio.timeout(10):
            while not bodies:
                await asyncio.sleep(0.01)
        assert bodies == [b"whole"]

    run(work)


@pytest.mark.parametrize(("version", "closes"), [("1.0", True), ("1.1", False)])
def test_without_a_length_old_clients_see_the_end(version: str, closes: bool) -> None:
    async def work() -> None:
        peer = Peer()
        asked = {**scope("/"), "http_version": version}
        await gateway(echo)(asked, peer.receive, peer.send)
        assert (peer.headers.get(b"connection") == b"close") is closes

    run(work)
