"""What is particular about photographs in an object store; the rest is in test_storage.py."""

from __future__ import annotations

import importlib
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.errors import NotFound, StorageFull, StorageUnavailable
from app.storage import bucket as bucket_module
from app.storage import copies, object_storage
from app.storage.bucket import Bucket
from app.storage.folder import ORIGINAL
from app.storage.object_storage import ObjectStorage
from app.storage.records import BatchRecord, PhotoRecord, new_id
from colorizer.errors import InvalidSetting

from ..conftest import wait_until
from ..servers import ObjectStore
from .test_folder import everything, photographs, record, store

New = Callable[..., ObjectStorage]


@pytest.fixture
def new(tmp_path: Path, bucket_url: str, redis_url: str) -> Iterator[New]:
    """Storages of different machines: each has its own data folder."""
    made: list[ObjectStorage] = []

    def new(**settings: int) -> ObjectStorage:
        folder = tmp_path / f"machine-{len(made)}"
        made.append(ObjectStorage(folder, bucket_url, redis_url, **settings))
        return made[-1]

    yield new
    for storage in made:
        storage.close()


@pytest.fixture
def bucket(bucket_url: str, object_store: ObjectStore) -> Bucket:
    return Bucket(bucket_url)


def keys(bucket: Bucket) -> list[str]:
    return sorted(entry.key for entry in bucket.entries(""))


def aged(folder: Path, seconds: float) -> None:
    """As if nobody had used what is in a folder for so long."""
    for path in (*folder.rglob("*"), folder):
        then = path.stat().st_mtime - seconds
        os.utime(path, (then, then))


def test_two_machines_see_the_same_photographs_and_claims(new: New) -> None:
    web, worker = new(), new()
    photo = record()
    wanted = store(web, photo)
    assert worker.record(photo.id) == photo
    assert list(worker.unfinished()) == [wanted]
    assert worker.original(photo.id).read_bytes() == b"original"
    with worker.claim(wanted) as attempt:
        assert attempt == 1
        assert web.is_claimed(wanted)
        assert f"{wanted.key}.claim" in web.names(photo.id)
        with web.claim(wanted) as other:
            assert other is None
        worker.write(photo.id, f"{wanted.key}.prediction", b"done")
    assert web.read(photo.id, f"{wanted.key}.prediction") == b"done"
    assert list(web.unfinished()) == []


def test_a_photograph_is_there_when_its_record_is_and_not_before(new: New, bucket: Bucket) -> None:
    web, worker = new(), new()
    photo = record()
    write = web._bucket.write
    seen = []

    def watched(key: str, data: bytes) -> None:
        seen.append((worker.names(photo.id), photographs(worker), worker.tidy()))
        write(key, data)

    web._bucket.write = watched  # type: ignore[method-assign]
    store(web, photo)
    assert seen == [(set(), [], 0)] * 2  # its wish, and its record
    assert photographs(worker) == [photo.id]
    before = keys(bucket)
    assert f"photos/{photo.id}/photo.json" in before
    assert f"photos/{photo.id}/{ORIGINAL}" in before


def test_an_upload_that_never_ended_is_wiped_when_it_is_old(
    new: New, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = new()
    photo = record()
    store(storage, photo)
    bucket.remove(f"photos/{photo.id}/photo.json")  # as if the process had died before it
    left = keys(bucket)
    assert storage.tidy() == 0
    assert keys(bucket) == left
    monkeypatch.setattr(object_storage, "ABANDONED_AFTER", -60)
    assert storage.tidy() == 1
    assert keys(bucket) == []


def test_a_batch_that_is_deleted_during_an_upload_takes_the_photograph_along(
    new: New, bucket: Bucket
) -> None:
    web, other = new(), new()
    now = datetime.now(UTC)
    batch = BatchRecord(new_id(), "me", now, now + timedelta(hours=1))
    web.add_batch(batch)
    write = web._bucket.write

    def meanwhile(key: str, data: bytes) -> None:
        if key.endswith("photo.json"):
            other.delete("batches", batch.id)
        write(key, data)

    web._bucket.write = meanwhile  # type: ignore[method-assign]
    with pytest.raises(NotFound):
        store(web, record(batch=batch.id))
    assert keys(bucket) == []


def test_what_others_put_there_is_left_alone(new: New, bucket: Bucket) -> None:
    storage = new()
    others = ["README", "photos/README", "photos/x/y/z"]
    for key in others:
        bucket.write(key, b"hello")
    photo = record()
    store(storage, photo)
    assert photographs(storage) == [photo.id]
    assert storage.tidy() == 0
    storage.delete("photos", photo.id)
    assert keys(bucket) == others


def test_a_batch_half_deleted_is_deleted_whole_by_the_next_tidy(new: New, bucket: Bucket) -> None:
    storage = new()
    now = datetime.now(UTC)
    batch = BatchRecord(new_id(), "me", now, now + timedelta(hours=1))
    storage.add_batch(batch)
    store(storage, record(batch=batch.id))
    bucket.remove(f"batches/{batch.id}/batch.json")
    assert storage.tidy() == 1
    assert keys(bucket) == []


def test_copies_of_what_another_machine_deleted_go_too(new: New) -> None:
    web, worker = new(), new()
    gone, stays = record(), record()
    for photo in (gone, stays):
        store(web, photo)
        worker.original(photo.id)
    web.delete("photos", gone.id)
    assert everything(web.photo(gone.id)) == []
    assert worker.photo(gone.id).exists()
    worker.tidy_copies()
    assert os.listdir(worker.root / "photos") == [stays.id]
    with pytest.raises(NotFound):
        worker.original(gone.id)


def test_copies_are_tidied_without_being_asked(
    new: New, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(object_storage, "_LOOK_EVERY", 0.05)
    web, worker = new(), new()
    photo = record()
    store(web, photo)
    worker.original(photo.id)
    web.delete("photos", photo.id)
    wait_until(lambda: os.listdir(worker.root / "photos") == [], 20)
    assert not caplog.records


def test_copies_have_a_limit_and_an_age(new: New) -> None:
    storage = new(most_copies=2500)
    photos = [record() for _ in range(3)]
    for photo in photos[:2]:
        store(storage, photo, b"x" * 1000)
        aged(storage.photo(photo.id), copies._IN_USE + 10)
    aged(storage.photo(photos[0].id), 10)
    store(storage, photos[2], b"x" * 1000)  # the oldest makes room
    assert sorted(os.listdir(storage.root / "photos")) == sorted(p.id for p in photos[1:])
    assert storage.original(photos[0].id).read_bytes() == b"x" * 1000  # and can be had again
    aged(storage.photo(photos[2].id), copies._KEPT_FOR + 10)
    storage.tidy_copies()
    assert photos[2].id not in os.listdir(storage.root / "photos")
    assert photos[0].id in os.listdir(storage.root / "photos")
    assert len(photographs(storage)) == 3


def test_bytes_are_those_of_the_store_and_have_a_limit(new: New, bucket: Bucket) -> None:
    storage = new(most=3000)
    store(storage, record(), b"x" * 1000)
    written = sum(entry.size for entry in bucket.entries(""))
    assert 1000 < written < 2000
    assert storage.usage.bytes() == written
    storage.check_quota(1000)
    with pytest.raises(StorageFull, match="keeps at most"):
        storage.check_quota(2500)


def test_a_store_that_is_away_is_a_typed_error_and_nothing_is_lost(
    new: New, object_store: ObjectStore
) -> None:
    storage = new()
    photo = record()
    wanted = store(storage, photo)
    now = datetime.now(UTC)
    object_store.stop()
    uses: list[Callable[[], object]] = [
        lambda: storage.record(photo.id),
        lambda: storage.names(photo.id),
        lambda: storage.read(photo.id, ORIGINAL),
        lambda: storage.write(photo.id, "x", b""),
        lambda: storage.delete("photos", photo.id),
        lambda: storage.add_batch(BatchRecord(new_id(), "me", now, now)),
        lambda: store(storage, record()),
        lambda: list(storage.unfinished()),
        storage.tidy,
        storage.about_store,
        storage.usage.bytes,
    ]
    for use in uses:
        with pytest.raises(StorageUnavailable) as caught:
            use()
        assert caught.value.retry_after == 10
    assert storage.original(photo.id).read_bytes() == b"original"  # there is a copy
    object_store.start()
    assert storage.record(photo.id) == photo
    assert list(storage.unfinished()) == [wanted]
    assert storage.about_store() == "The object store answers."


def test_a_store_that_never_answers_is_waited_for_in_vain_for_so_long(
    monkeypatch: pytest.MonkeyPatch, object_store: ObjectStore, tmp_path: Path
) -> None:
    monkeypatch.setattr(bucket_module, "_ANSWERS_WITHIN", {"connect_timeout": 0.2})
    (tmp_path / "file").write_bytes(bytes(100_000))
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it accepts, and that is all
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        bucket = Bucket("s3://photographs/here")
        writes: list[Callable[[], None]] = [
            lambda: bucket.write("x", bytes(100_000)),
            lambda: bucket.put(tmp_path / "file", "x"),
        ]
        for write in writes:
            start = time.monotonic()
            with pytest.raises(StorageUnavailable):
                write()
            assert 1 < time.monotonic() - start < 10


def test_a_bucket_that_does_not_exist_is_said(
    object_store: ObjectStore, redis_url: str, tmp_path: Path
) -> None:
    storage = ObjectStorage(tmp_path, "s3://nobody-made-this/x", redis_url)
    with pytest.raises(StorageUnavailable, match="does not exist"):
        storage.about_store()
    with pytest.raises(StorageUnavailable, match="does not exist"):
        store(storage, record())
    storage.close()


def test_an_upload_fails_whole_when_its_record_cannot_be_written(new: New, bucket: Bucket) -> None:
    storage = new()
    write = storage._bucket.write

    def refuse(key: str, data: bytes) -> None:
        write(key, data)
        if key.endswith("photo.json"):  # written, but nobody heard of it
            raise StorageUnavailable

    storage._bucket.write = refuse  # type: ignore[method-assign]
    with pytest.raises(StorageUnavailable):
        store(storage, record())
    assert keys(bucket) == []
    assert everything(storage.root / "photos") == []


def test_a_library_that_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    loaded = importlib.import_module("fsspec.registry")._registry
    monkeypatch.delitem(loaded, "s3", raising=False)
    with pytest.raises(InvalidSetting, match=r"colorizer\[s3\]"):
        Bucket("s3://x/y")


def test_two_who_finish_the_same_do_no_harm(new: New) -> None:
    one, two = new(), new()
    photo: PhotoRecord = record()
    wanted = store(one, photo)
    with one.claim(wanted):
        one._claims._redis.flushall()  # Redis was restarted
        with two.claim(wanted) as second:
            assert second == 1
            two.write(photo.id, f"{wanted.key}.prediction", b"done")
        one.write(photo.id, f"{wanted.key}.prediction", b"done")
    assert one.read(photo.id, f"{wanted.key}.prediction") == b"done"
    assert not one.is_claimed(wanted)
    assert list(two.unfinished()) == []
