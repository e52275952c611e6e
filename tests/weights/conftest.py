"""A catalogue, folders and a web server of the tests' own: nothing else is ever asked."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from colorizer import networks, weights
from colorizer.weights import Entry, catalogue, download, files, locate

PRIOR = np.full(313, 1 / 313)
TRANSPOSED = frozenset({"up.weight"})


class Tiny(nn.Module):
    """Small, with one of each: a large convolution, a norm, a transposed one, a small one."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.large = nn.Conv2d(16, width, 3)
        self.norm = nn.BatchNorm2d(width)
        self.up = nn.ConvTranspose2d(width, 16, 4)
        self.small = nn.Conv2d(16, 2, 1)


@dataclass(frozen=True)
class World:
    """Where things lie in a test."""

    cache: Path
    shipped: Path
    chosen: Path


@pytest.fixture(autouse=True)
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Empty folders, no variables, the real catalogue, no waiting between attempts."""
    for name in ("COLORIZER_WEIGHTS_DIR", "COLORIZER_WEIGHTS_MIRROR", "COLORIZER_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    places = World(tmp_path / "cache" / "weights", tmp_path / "shipped", tmp_path / "chosen")
    places.shipped.mkdir()
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: places.cache.parent)
    monkeypatch.setattr(catalogue, "shipped_folder", lambda: places.shipped)
    monkeypatch.setattr(locate, "shipped_folder", lambda: places.shipped)
    monkeypatch.setattr(download, "BACKOFF", 0.0)
    monkeypatch.setitem(networks.REGISTRY, "tiny", Tiny)
    files._digests.clear()
    catalogue.catalogue.cache_clear()
    yield places
    catalogue.catalogue.cache_clear()


@pytest.fixture
def tiny() -> Tiny:
    torch.manual_seed(0)
    return Tiny()


@pytest.fixture
def store(tmp_path: Path, tiny: Tiny) -> Callable[..., Path]:
    """Writes the tiny network in the stored form and returns the file."""

    def write(name: str = "mine.safetensors", **changes: object) -> Path:
        file = tmp_path / name
        arguments: dict[str, object] = {
            "network": "tiny",
            "options": {"width": 32},
            "native_temperature": 1.5,
            "prior": PRIOR,
            "metadata": {"note": "für Tests"},
            "transposed": TRANSPOSED,
        }
        weights.store_quantised(file, tiny.state_dict(), **(arguments | changes))  # type: ignore[arg-type]
        return file

    return write


@pytest.fixture
def add_entry(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Entry]:
    """Puts a catalogue entry for some bytes."""

    def add(data: bytes, *urls: str, name: str = "tiny", filename: str = "tiny.bin") -> Entry:
        digest = hashlib.sha256(data).hexdigest()
        entry = Entry(name, "tiny", filename, urls, len(data), digest, "CC0-1.0", 1.0, "For tests.")
        monkeypatch.setitem(weights.CATALOGUE, name, entry)
        return entry

    return add


@dataclass
class Resource:
    """What the server does for one path."""

    data: bytes
    etag: str | None = None
    ranges: bool = True
    statuses: list[int] = field(default_factory=list)  # answered first, one request each
    cuts: list[int] = field(default_factory=list)  # bytes after which the connection is cut
    length: bool = True  # whether Content-Length is sent
    headers: dict[str, str] = field(default_factory=dict)
    gate: threading.Event | None = None  # waited for before the body


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    sent: int = 0


class Server(ThreadingHTTPServer):
    """Serves ``resources`` on 127.0.0.1 and writes down what was asked and how much was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.resources: dict[str, Resource] = {}
        self.requests: list[Request] = []

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add(self, path: str, data: bytes, **behaviour: object) -> str:
        self.resources[path] = Resource(data, **behaviour)  # type: ignore[arg-type]
        return self.base + path


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        request = Request(self.path, {k.lower(): v for k, v in self.headers.items()})
        self.server.requests.append(request)
        resource = self.server.resources.get(self.path)
        if resource is None:
            return self.send_error(404)
        if resource.statuses:
            return self.send_error(resource.statuses.pop(0))
        start = self._start(resource)
        if start and start >= len(resource.data):
            return self.send_error(416)
        body = resource.data[start or 0 :]
        self._head(resource, start, body)
        if resource.gate is not None:
            resource.gate.wait(30)
        if resource.cuts:
            body = body[: resource.cuts.pop(0)]
        self.wfile.write(body)
        request.sent = len(body)
        self.close_connection = True
        return None

    def _start(self, resource: Resource) -> int | None:
        wanted = self.headers.get("Range")
        changed = self.headers.get("If-Range", resource.etag) != resource.etag
        if wanted is None or not resource.ranges or changed:
            return None
        return int(wanted.removeprefix("bytes=").removesuffix("-"))

    def _head(self, resource: Resource, start: int | None, body: bytes) -> None:
        self.send_response(200 if start is None else 206)
        if start is not None:
            total = len(resource.data)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if resource.etag:
            self.send_header("ETag", resource.etag)
        if resource.length:
            self.send_header("Content-Length", str(len(body)))
        for name, value in resource.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until ``condition`` holds, or fail."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)
