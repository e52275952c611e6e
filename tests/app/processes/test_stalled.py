"""Five hundred clients that stand still, beside others who do not."""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from ..conftest import jpeg, wait_until
from ..running import Running, Start, starting, widths

PATIENCE = 40.0  # s
HEADS, BODIES, READERS = 180, 180, 140
LARGE = 20_000_000  # bytes: more than the buffers of the system take
HEAD = b"POST /api/v1/photos HTTP/1.1\r\nHost: localhost\r\n"
FORM = b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 900000\r\n\r\n"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with starting(tmp_path) as start:
        yield start


def connect(server: Running, sent: bytes, *, takes: int = 0) -> socket.socket:
    """A connection on which ``sent`` was sent; ``takes`` is the room it has for an answer."""
    parts = urlsplit(server.address)
    connection = socket.socket()
    if takes:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, takes)
    connection.settimeout(30)
    connection.connect((parts.hostname, parts.port))
    connection.sendall(sent)
    return connection


def rest_of(connection: socket.socket) -> bytes:
    """What still comes until the other side ends the connection, properly or not."""
    pieces = []
    try:
        while piece := connection.recv(1 << 16):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


def p95(session: requests.Session, server: Running) -> float:
    """Seconds of the best of some rounds, in which this machine had the least else to do."""
    return min(p95_of_a_round(session, server) for _ in range(3))


def p95_of_a_round(session: requests.Session, server: Running, times: int = 20) -> float:
    """Seconds of what a person does: look at the page, upload, look again."""
    seconds = []

    def timed(ask: Callable[[], requests.Response]) -> None:
        began = time.monotonic()
        answer = ask()
        seconds.append(time.monotonic() - began)
        assert answer.ok, answer.text

    for number in range(times):
        timed(lambda: session.get(f"{server.address}/", timeout=10))
        timed(lambda: session.get(f"{server.address}/healthz", timeout=10))
        if number % 5 == 0:
            file = {"file": ("x.jpg", jpeg(48, 32), "image/jpeg")}
            timed(
                lambda: session.post(f"{server.address}/api/v1/photos", files=file, timeout=10)  # noqa: B023
            )
    return statistics.quantiles(seconds, n=20)[-1]


def cpu_seconds(server: Running, within: float) -> float:
    """Seconds of a processor that the server takes in so many seconds."""
    process = server.worker()
    before = sum(process.cpu_times()[:2])
    time.sleep(within)
    return sum(process.cpu_times()[:2]) - before


def connections(server: Running) -> int:
    """How many the server holds."""
    return sum(one.status == "ESTABLISHED" for one in server.worker().net_connections("tcp"))


def test_five_hundred_who_stand_still_hold_up_nobody(start: Start) -> None:
    server = start(
        COLORIZER_CLIENT_TIMEOUT_SECONDS=str(PATIENCE),
        COLORIZER_LOG_LEVEL="warning",
        COLORIZER_RATE_LIMIT="1000000/minute",
        COLORIZER_UPLOAD_RATE_LIMIT="1000000/minute",
    )
    with requests.Session() as session, ExitStack() as stack:
        padded = jpeg().getvalue() + bytes(LARGE)
        files = {"file": ("x.jpg", padded, "image/jpeg")}
        uploaded = session.post(f"{server.address}/api/v1/photos", files=files)
        original = urlsplit(uploaded.json()["links"]["original"]).path
        cookie = "; ".join(f"{name}={value}" for name, value in session.cookies.items())
        download = f"GET {original} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n"

        alone = p95(session, server)
        readers = [connect(server, download.encode(), takes=4096) for _ in range(READERS)]
        heads = [connect(server, HEAD) for _ in range(HEADS)]
        bodies = [connect(server, HEAD + FORM + b"--x\r\n") for _ in range(BODIES)]
        for connection in (*heads, *bodies, *readers):
            stack.enter_context(connection)
        beside_them = p95(session, server)
        assert beside_them < 2 * alone + 0.5, "this machine may have other things to do"
        assert cpu_seconds(server, within=2) < 0.2, "to wait for them is no work"
        assert connections(server) >= HEADS + BODIES + READERS, "they stood still all the while"
        assert requests.get(f"{server.address}/readyz", timeout=10).status_code == 200

        wait_until(lambda: connections(server) < 10, 4 * PATIENCE)
        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(rest_of, [*heads, *bodies]))
            took = [len(data) for data in pool.map(rest_of, readers)]
        assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)
        assert all(b"connection: close" in answer.lower() for answer in answers)
        assert all(b"application/problem+json" in answer for answer in answers[HEADS:])
        assert max(took) < LARGE, "who takes nothing is not waited for"
    assert server.stop() == 0


def test_a_server_that_stops_does_not_wait_for_them(start: Start) -> None:
    server = start()
    kept = requests.Session()
    with connect(server, HEAD) as half, connect(server, b"") as idle, kept as session:
        session.get(f"{server.address}/healthz")  # its connection stays open
        server.process.terminate()
        began = time.monotonic()
        assert rest_of(half) == rest_of(idle) == b""
        assert time.monotonic() - began < 10, "it would wait 15 s for an answer to end"
    assert server.stop() == 0


def test_a_slow_but_steady_client_is_served(start: Start, tmp_path: Path) -> None:
    server = start(COLORIZER_CLIENT_TIMEOUT_SECONDS="2")
    data = jpeg(50, 32).getvalue() + bytes(5000)
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    body = form + data + b"\r\n--x--\r\n"
    head = HEAD + b"Connection: close\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n".encode()
    with connect(server, head) as connection:
        for place in range(0, len(body), len(body) // 4):
            time.sleep(1)
            connection.sendall(body[place : place + len(body) // 4])
        assert rest_of(connection).startswith(b"HTTP/1.1 201 ")
    deadline = time.monotonic() + 60
    while widths(tmp_path) != [50]:
        assert time.monotonic() < deadline


def test_what_is_too_large_is_not_asked_for(start: Start) -> None:
    """A client that waits for 100 is refused before it has sent anything."""
    server = start(COLORIZER_MAX_UPLOAD_MB="1")
    for length, expected in ((3_000_000, b"HTTP/1.1 413 "), (900_000, b"HTTP/1.1 100 ")):
        head = HEAD + b"Content-Type: multipart/form-data; boundary=x\r\nExpect: 100-continue\r\n"
        with connect(server, head + f"Content-Length: {length}\r\n\r\n".encode()) as connection:
            assert connection.recv(1 << 16).startswith(expected)


def test_head_has_no_body(start: Start) -> None:
    server = start()
    with connect(server, b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") as connection:
        answer = rest_of(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n")
    assert b"gunicorn" not in answer
