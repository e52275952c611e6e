"""Downloads from a server of our own that behaves in every way servers do."""

from __future__ import annotations

import dataclasses
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from colorizer import weights
from colorizer.errors import DownloadFailed, OutputError, WeightsMissing
from colorizer.weights import Entry, download

from .conftest import Server, World, wait_for

AddEntry = Callable[..., Entry]
DATA = random.Random(7).randbytes(300_000)
ETAG = '"v1"'


def left_over(world: World) -> list[str]:
    """What lies in the cache, without lock files."""
    if not world.cache.exists():
        return []
    return sorted(p.name for p in world.cache.iterdir() if not p.name.endswith(".lock"))


def assert_delivered(world: World, file: Path) -> None:
    assert file == world.cache / "tiny.bin"
    assert file.read_bytes() == DATA
    assert left_over(world) == ["tiny.bin"]


@pytest.fixture
def one_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "ATTEMPTS", 1)


def test_a_whole_download(world: World, server: Server, add_entry: AddEntry) -> None:
    add_entry(DATA, server.add("/t", DATA))
    seen: list[tuple[int, int]] = []
    assert_delivered(world, weights.pull("tiny", lambda done, total: seen.append((done, total))))
    assert seen[0] == (0, len(DATA))
    assert seen[-1] == (len(DATA), len(DATA))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert server.requests[0].headers["accept-encoding"] == "identity"
    weights.pull("tiny")
    assert len(server.requests) == 1  # it is here already


def test_interrupted_and_resumed_by_the_next_pull(
    world: World, server: Server, add_entry: AddEntry, one_attempt: None
) -> None:
    add_entry(DATA, server.add("/t", DATA, etag=ETAG, cuts=[200_000]))
    with pytest.raises(DownloadFailed, match="broke"):
        weights.pull("tiny")
    assert left_over(world) == ["tiny.bin.part", "tiny.bin.part.json"]
    have = (world.cache / "tiny.bin.part").stat().st_size
    assert 200_000 - download.CHUNK <= have <= 200_000
    with pytest.raises(WeightsMissing):  # a part is never used
        weights.load("tiny")
    assert_delivered(world, weights.pull("tiny"))
    second = server.requests[1]
    assert second.headers["range"] == f"bytes={have}-"
    assert second.headers["if-range"] == ETAG
    assert second.sent == len(DATA) - have


def test_interrupted_and_resumed_by_itself(
    world: World, server: Server, add_entry: AddEntry
) -> None:
    add_entry(DATA, server.add("/t", DATA, cuts=[100_000, 100_000, 0]))
    assert_delivered(world, weights.pull("tiny"))
    assert len(server.requests) == 4
    assert all("range" in request.headers for request in server.requests[1:])
    assert all("if-range" not in request.headers for request in server.requests)


def test_many_interruptions_are_borne_while_it_gets_on(
    world: World, server: Server, add_entry: AddEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "PROGRESS", 10_000)
    monkeypatch.setattr(download, "CHUNK", 1000)
    add_entry(DATA, server.add("/t", DATA, cuts=[30_000] * 9))
    assert_delivered(world, weights.pull("tiny"))
    assert len(server.requests) > download.ATTEMPTS


def test_no_progress_ends(world: World, server: Server, add_entry: AddEntry) -> None:
    add_entry(DATA, server.add("/t", DATA, cuts=[0] * 99))
    with pytest.raises(DownloadFailed):
        weights.pull("tiny")
    assert len(server.requests) == download.ATTEMPTS


def test_a_body_without_length_that_ends_early_is_resumed(
    world: World, server: Server, add_entry: AddEntry
) -> None:
    add_entry(DATA, server.add("/t", DATA, length=False, cuts=[123_456]))
    assert_delivered(world, weights.pull("tiny"))
    assert server.requests[1].headers["range"] == "bytes=123456-"


def test_a_server_without_ranges_starts_over(
    world: World, server: Server, add_entry: AddEntry
) -> None:
    add_entry(DATA, server.add("/t", DATA, ranges=False, cuts=[200_000]))
    assert_delivered(world, weights.pull("tiny"))
    assert [r.sent for r in server.requests] == [200_000, len(DATA)]


def test_a_file_that_changed_on_the_server_starts_over(
    world: World, server: Server, add_entry: AddEntry, one_attempt: None
) -> None:
    url = server.add("/t", b"x" * len(DATA), etag='"old"', cuts=[200_000])
    add_entry(DATA, url)
    with pytest.raises(DownloadFailed):
        weights.pull("tiny")
    server.add("/t", DATA, etag='"new"')
    assert_delivered(world, weights.pull("tiny"))
    assert server.requests[1].headers["if-range"] == '"old"'
    assert server.requests[1].sent == len(DATA)


def test_a_weak_etag_is_not_used(
    world: World, server: Server, add_entry: AddEntry, one_attempt: None
) -> None:
    add_entry(DATA, server.add("/t", DATA, etag='W/"v1"', cuts=[200_000]))
    with pytest.raises(DownloadFailed):
        weights.pull("tiny")
    assert_delivered(world, weights.pull("tiny"))
    assert "if-range" not in server.requests[1].headers


def test_a_bad_part_costs_one_more_download_not_the_source(
    world: World, server: Server, add_entry: AddEntry
) -> None:
    add_entry(DATA, server.add("/t", DATA))
    world.cache.mkdir(parents=True)
    (world.cache / "tiny.bin.part").write_bytes(b"not the beginning")
    assert_delivered(world, weights.pull("tiny"))
    assert [r.headers.get("range") for r in server.requests] == ["bytes=17-", None]


def test_a_bad_part_and_a_bad_source_end(world: World, server: Server, add_entry: AddEntry) -> None:
    add_entry(DATA, server.add("/t", DATA[:-1] + b"!"))
    world.cache.mkdir(parents=True)
    (world.cache / "tiny.bin.part").write_bytes(DATA[:1000])
    with pytest.raises(DownloadFailed, match="checksum"):
        weights.pull("tiny")
    assert [r.headers.get("range") for r in server.requests] == ["bytes=1000-", None]
    assert left_over(world) == []


@pytest.mark.parametrize("part", [DATA, DATA + b"more"])
def test_a_part_that_is_complete_or_too_long(
    world: World, server: Server, add_entry: AddEntry, part: bytes
) -> None:
    add_entry(DATA, server.add("/t", DATA))
    world.cache.mkdir(parents=True)
    (world.cache / "tiny.bin.part").write_bytes(part)
    assert_delivered(world, weights.pull("tiny"))
    assert len(server.requests) == (0 if part == DATA else 1)


def test_416_starts_over(world: World, server: Server, add_entry: AddEntry) -> None:
    add_entry(DATA, server.add("/t", DATA, statuses=[416]))
    world.cache.mkdir(parents=True)
    (world.cache / "tiny.bin.part").write_bytes(DATA[:1000])
    assert_delivered(world, weights.pull("tiny"))
    assert [r.headers.get("range") for r in server.requests] == ["bytes=1000-", None]


def test_416_without_a_range_is_a_failure(
    world: World, server: Server, add_entry: AddEntry
) -> None:
    add_entry(DATA, server.add("/t", DATA, statuses=[416] * 9))
    with pytest.raises(DownloadFailed, match="416"):
        weights.pull("tiny")
    assert len(server.requests) == 1


def test_wrong_content_leaves_no_file(world: World, server: Server, add_entry: AddEntry) -> None:
    add_entry(DATA, server.add("/t", DATA[:-1] + b"!", etag=ETAG))
    with pytest.raises(DownloadFailed, match="checksum"):
        weights.pull("tiny")
    assert left_over(world) == []


@pytest.mark.parametrize("length", [True, False])
def test_too_long_leaves_no_file(
    world: World, server: Server, add_entry: AddEntry, length: bool
) -> None:
    add_entry(DATA, server.add("/t", DATA * 2, length=length))
    with pytest.raises(DownloadFailed, match=r"600,000 bytes|sends more"):
        weights.pull("tiny")
    assert left_over(world) == []


def test_an_error_page_is_noticed_before_it_is_taken(
    world: World, server: Server, add_entry: AddEntry
) -> None:
    world.cache.mkdir(parents=True)
    (world.cache / "tiny.bin.part").write_bytes(DATA[:1000])
    add_entry(DATA, server.add("/t", b"<html>Please log in</html>", ranges=False))
    with pytest.raises(DownloadFailed, match="26 bytes"):
        weights.pull("tiny")
    assert (world.cache / "tiny.bin.part").read_bytes() == DATA[:1000]


@pytest.mark.parametrize("kind", ["200 shorter", "206 of another size", "encoded"])
def test_answers_that_are_no_piece_of_our_file(
    world: World, server: Server, add_entry: AddEntry, kind: str
) -> None:
    behaviour = {"headers": {"Content-Encoding": "gzip"}} if kind == "encoded" else {}
    if kind == "206 of another size":
        world.cache.mkdir(parents=True)
        (world.cache / "tiny.bin.part").write_bytes(DATA[:1000])
    content = DATA if kind == "encoded" else DATA[:-5]
    add_entry(DATA, server.add("/t", content, **behaviour))
    with pytest.raises(DownloadFailed, match=r"299,995|encoding"):
        weights.pull("tiny")
    assert len(server.requests) == 1


def test_a_forbidden_source_is_followed_by_the_next(
    world: World, server: Server, add_entry: AddEntry
) -> None:
    first = server.add("/first", DATA, statuses=[403] * 9)
    add_entry(DATA, first, server.add("/second", DATA))
    assert_delivered(world, weights.pull("tiny"))
    assert [r.path for r in server.requests] == ["/first", "/second"]


def test_the_second_source_goes_on_where_the_first_broke_off(
    world: World, server: Server, add_entry: AddEntry, one_attempt: None
) -> None:
    first = server.add("/first", DATA, etag=ETAG, cuts=[200_000])
    add_entry(DATA, first, server.add("/second", DATA, etag='"other"'))
    assert_delivered(world, weights.pull("tiny"))
    assert "range" in server.requests[1].headers
    assert "if-range" not in server.requests[1].headers
    assert server.requests[1].sent <= len(DATA) - 200_000 + download.CHUNK


def test_a_busy_server_is_asked_again(world: World, server: Server, add_entry: AddEntry) -> None:
    add_entry(DATA, server.add("/t", DATA, statuses=[503, 429]))
    assert_delivered(world, weights.pull("tiny"))
    assert len(server.requests) == 3


def test_the_wait_grows_with_each_failure(
    server: Server, add_entry: AddEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(download, "BACKOFF", 0.5)
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waits.append)
    add_entry(DATA, server.add("/t", DATA, statuses=[503] * 9))
    with pytest.raises(DownloadFailed):
        weights.pull("tiny")
    assert waits == sorted(waits)
    assert waits[-1] >= 2.0


def test_all_failed_lists_each_and_why(
    world: World, server: Server, add_entry: AddEntry, one_attempt: None
) -> None:
    closed = "http://user:secret@127.0.0.1:9/tiny"  # the discard port: nobody listens
    urls = [
        server.add("/a", DATA, statuses=[403]),
        server.add("/b", b"x" * len(DATA)),
        closed,
        "gopher://old.example/tiny",
    ]
    entry = add_entry(DATA, *urls)
    with pytest.raises(DownloadFailed) as caught:
        weights.pull("tiny")
    message = str(caught.value)
    assert "/a: it answered 403" in message
    assert "/b: what it sends is another file" in message
    assert "127.0.0.1:9/tiny: no connection" in message
    assert "gopher://old.example/tiny: the address cannot be used" in message
    assert entry.sha256 in message
    assert str(world.cache) in message
    assert "colorizer weights import FILE" in message
    assert "secret" not in message


def test_the_mirror_is_tried_first(
    world: World, server: Server, add_entry: AddEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_entry(DATA, server.add("/t", DATA))
    server.add("/mirror/tiny.bin", DATA)
    monkeypatch.setenv("COLORIZER_WEIGHTS_MIRROR", server.base + "/mirror/")
    assert_delivered(world, weights.pull("tiny"))
    assert [r.path for r in server.requests] == ["/mirror/tiny.bin"]


@pytest.mark.parametrize("mirror", ["http://[", "nonsense", "http://", "http://a b/"])
def test_a_mirror_that_is_no_address(
    world: World,
    server: Server,
    add_entry: AddEntry,
    monkeypatch: pytest.MonkeyPatch,
    mirror: str,
    one_attempt: None,
) -> None:
    add_entry(DATA, server.add("/t", DATA))
    monkeypatch.setenv("COLORIZER_WEIGHTS_MIRROR", mirror)
    assert_delivered(world, weights.pull("tiny"))


def test_the_proxy_of_the_environment_is_used(
    world: World, server: Server, add_entry: AddEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "http://weights.example/tiny.bin"
    server.add(address, DATA)  # a proxy is asked for the full address
    monkeypatch.setenv("http_proxy", server.base)
    add_entry(DATA, address)
    assert_delivered(world, weights.pull("tiny"))
    assert [r.path for r in server.requests] == [address]


def test_a_silent_server_is_given_up(
    server: Server, add_entry: AddEntry, monkeypatch: pytest.MonkeyPatch, one_attempt: None
) -> None:
    gate = threading.Event()
    monkeypatch.setattr(download, "TIMEOUTS", (5.0, 0.2))
    add_entry(DATA, server.add("/t", DATA, gate=gate))
    with pytest.raises(DownloadFailed, match=r"no connection, or it broke off|no answer"):
        weights.pull("tiny")
    gate.set()


def test_a_damaged_file_is_replaced(world: World, server: Server, add_entry: AddEntry) -> None:
    add_entry(DATA, server.add("/t", DATA))
    world.cache.mkdir(parents=True)
    (world.cache / "tiny.bin").write_bytes(DATA[:-1] + b"!")
    assert_delivered(world, weights.pull("tiny"))


def test_without_any_address(add_entry: AddEntry) -> None:
    add_entry(DATA)
    with pytest.raises(WeightsMissing, match="install"):
        weights.pull("tiny")


def test_a_full_disk_is_noticed_beforehand(server: Server, add_entry: AddEntry) -> None:
    entry = add_entry(DATA, server.add("/t", DATA))
    weights.CATALOGUE["tiny"] = dataclasses.replace(entry, bytes=1 << 60)
    with pytest.raises(OutputError, match="free"):
        weights.pull("tiny")
    assert server.requests == []


def test_a_disk_that_fills_up_keeps_the_part(
    world: World, server: Server, add_entry: AddEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_entry(DATA, server.add("/t", DATA))

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OutputError, match="No space left"):
            weights.pull("tiny")
    assert not (world.cache / "tiny.bin").exists()
    assert_delivered(world, weights.pull("tiny"))


def test_another_process_that_never_ends(
    world: World, server: Server, add_entry: AddEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    import filelock

    monkeypatch.setattr(download, "LOCK_SECONDS", 0.1)
    add_entry(DATA, server.add("/t", DATA))
    world.cache.mkdir(parents=True)
    with (
        filelock.FileLock(world.cache / ".tiny.bin.lock"),
        pytest.raises(DownloadFailed, match="Another process"),
    ):
        weights.pull("tiny")
    assert server.requests == []


CHILD = """
import sys
from pathlib import Path
import platformdirs
from colorizer import weights

cache, url, size, digest = sys.argv[1:]
platformdirs.user_cache_path = lambda name: Path(cache).parent
weights.CATALOGUE["tiny"] = weights.Entry(
    "tiny", "tiny", "tiny.bin", (url,), int(size), digest, "CC0-1.0", 1.0, ""
)
print("ready", flush=True)
print(weights.pull("tiny"))
"""


def test_two_processes_at_once_fetch_it_once(
    world: World, server: Server, add_entry: AddEntry
) -> None:
    gate = threading.Event()
    entry = add_entry(DATA, server.add("/t", DATA, gate=gate))
    arguments = [str(world.cache), entry.urls[0], str(entry.bytes), entry.sha256]
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, *arguments], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        wait_for(lambda: len(server.requests) >= 1)
        threading.Event().wait(0.5)  # both are in `pull` now; without the lock both would ask
        assert len(server.requests) == 1
        gate.set()
        outputs = [child.communicate(timeout=30)[0] for child in children]
    finally:
        gate.set()
        for child in children:
            child.kill()
            child.wait()
    assert [output.strip() for output in outputs] == [str(world.cache / "tiny.bin")] * 2
    assert [child.returncode for child in children] == [0, 0]
    assert sum(request.sent for request in server.requests) == len(DATA)
    assert_delivered(world, world.cache / "tiny.bin")
