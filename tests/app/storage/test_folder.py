"""What lies in the data folder, and that nothing there is ever half done."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from app.errors import NotFound, ServerBusy, StorageFull, Unreadable, UploadTooLarge
from app.storage.disk import receive
from app.storage.folder import ORIGINAL, PHOTO, Kind, Storage
from app.storage.object_storage import ObjectStorage
from app.storage.quota import folder_bytes
from app.storage.records import BatchRecord, PhotoRecord, Wanted, dumped, new_id

from ...conftest import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "data")


@pytest.fixture(params=["folder", "objects"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """What is true of both kinds."""
    if request.param == "folder":
        storage = Storage(tmp_path / "data")
    else:
        url, redis_url = (request.getfixturevalue(name) for name in ("bucket_url", "redis_url"))
        storage = ObjectStorage(tmp_path / "data", url, redis_url)
    yield storage
    storage.close()


def record(**changes: object) -> PhotoRecord:
    now = datetime.now(UTC)
    whole = PhotoRecord(
        new_id(), "me", "x.jpg", "JPEG", 4, 3, 10, now, now + timedelta(hours=1), None
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def store(
    storage: Storage,
    photo: PhotoRecord,
    data: bytes = b"original",
    check: Callable[[], None] = lambda: None,
) -> Wanted:
    wanted = Wanted(photo.id, "model", 256)
    with storage.incoming() as folder:
        receive(BytesIO(data), folder / ORIGINAL, 1000)
        storage.publish(folder, photo, wanted, check)
    return wanted


def new_batch(storage: Storage) -> BatchRecord:
    now = datetime.now(UTC)
    batch = BatchRecord(new_id(), "me", now, now + timedelta(hours=1))
    storage.add_batch(batch)
    return batch


def photographs(storage: Storage) -> list[str]:
    return sorted(id for id, _ in storage._photographs())


def everything(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_photograph_comes_back_as_it_was_stored(storage: Storage) -> None:
    photo = record()
    wanted = store(storage, photo)
    assert storage.record(photo.id) == photo
    assert storage.read(photo.id, ORIGINAL) == b"original"
    assert list(storage.unfinished()) == [wanted]
    assert stat.S_IMODE(storage.root.stat().st_mode) == 0o700


@pytest.mark.parametrize("id", ["", "..", "../photos", "a" * 21, "a" * 23, "é" * 22, "a/" * 11])
def test_what_is_not_an_id_never_becomes_a_path(storage: Storage, id: str) -> None:
    for use in (storage.photo, storage.record, storage.batch):
        with pytest.raises(NotFound):
            use(id)


def test_an_upload_that_fails_leaves_nothing(storage: Storage) -> None:
    before = everything(storage.root)
    with pytest.raises(UploadTooLarge, match=r"larger than 0\.001 MB"):
        store(storage, record(), b"x" * 1001)
    assert everything(storage.root) == before


def test_an_upload_of_exactly_the_limit_is_taken(storage: Storage) -> None:
    photo = record()
    store(storage, photo, b"x" * 1000)
    assert len(storage.read(photo.id, ORIGINAL) or b"") == 1000


def test_deleting_is_complete_and_nothing_comes_back(storage: Storage) -> None:
    photo = record()
    wanted = store(storage, photo)
    with storage.claim(wanted) as attempt:  # the worker is at it
        assert attempt == 1
        storage.delete("photos", photo.id)
        with pytest.raises(NotFound):
            storage.write(photo.id, f"{wanted.key}.prediction", b"late")
        assert storage.read(photo.id, f"{wanted.key}.prediction") is None
    assert storage.names(photo.id) == set()
    assert everything(storage.root / "photos") == []
    assert everything(storage.root / "trash") == []
    with pytest.raises(NotFound):
        storage.record(photo.id)
    storage.delete("photos", photo.id)  # twice is once


def test_what_has_expired_is_gone_at_once_and_wiped_later(storage: Storage) -> None:
    old, fresh = record(expires=datetime.now(UTC)), record()
    store(storage, old)
    store(storage, fresh)
    now = datetime.now(UTC)
    storage.add_batch(BatchRecord(new_id(), "me", now, now))
    with pytest.raises(NotFound):
        storage.record(old.id)
    assert storage.tidy() == 2
    assert photographs(storage) == [fresh.id]
    assert storage.tidy() == 0
    assert everything(storage.photo(old.id)) == []


def test_what_a_killed_process_left_is_wiped(folder: Storage) -> None:
    left = folder.root / "incoming" / "left"
    left.mkdir()
    os.utime(left, (0, 0))
    folder.tidy()
    assert not left.exists()


def test_a_batch_that_is_swept_while_it_is_deleted_leaves_nothing(
    folder: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = new_batch(folder)
    for _ in range(3):
        store(folder, record(batch=batch.id))
    rename = os.rename

    def rename_and_sweep(source: Path, target: Path) -> None:
        rename(source, target)
        monkeypatch.setattr(os, "rename", rename)
        folder.sweep_folder()

    monkeypatch.setattr(os, "rename", rename_and_sweep)
    folder.delete("batches", batch.id)
    assert photographs(folder) == []


@pytest.mark.parametrize("kind", ["batches", "films"])
def test_what_is_left_of_what_was_being_deleted_is_deleted(folder: Storage, kind: Kind) -> None:
    batch = new_batch(folder)
    photos = [record(batch=batch.id) for _ in range(2)]
    for photo in photos:
        store(folder, photo)
    place = folder.root / kind / batch.id
    if kind == "films":
        place.mkdir()
        stills = [[0.5, photo.id] for photo in photos]
        (place / "film.json").write_text(json.dumps({"stills": stills}))
    os.rename(place, folder.root / "trash" / new_id())  # and then the process is killed
    folder.sweep_folder()
    assert photographs(folder) == []
    assert everything(folder.root / "trash") == []


def test_a_batch_that_is_deleted_while_it_is_read_is_gone(
    folder: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = new_batch(folder)
    loaded = folder._loaded

    def loaded_and_deleted(kind: Any, path: Path) -> Any:
        found = loaded(kind, path)
        folder.delete("batches", batch.id)
        return found

    monkeypatch.setattr(folder, "_loaded", loaded_and_deleted)
    with pytest.raises(NotFound):
        folder.batch(batch.id)


def test_of_many_that_join_a_batch_at_once_only_those_come_that_have_room(
    storage: Storage,
) -> None:
    batch = new_batch(storage)

    def check() -> None:
        there = len(storage.batch(batch.id)[1])
        time.sleep(0.02)
        if there == 3:
            raise UploadTooLarge("It is full.")

    def join() -> None:
        with suppress(UploadTooLarge):
            store(storage, record(batch=batch.id), check=check)

    threads = [threading.Thread(target=join) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(storage.batch(batch.id)[1]) == photographs(storage)
    assert len(photographs(storage)) == 3
    assert storage.tidy() == 0


def test_a_file_that_pages_share_counts_once(folder: Storage) -> None:
    page = folder.root / "photos" / "page"
    page.write_bytes(bytes(999))
    for number in (2, 3):
        os.link(page, page.with_name(f"page {number}"))
    assert folder_bytes(folder.root / "photos") == 999


def test_a_batch_lists_its_photographs(storage: Storage) -> None:
    batch = new_batch(storage)
    photo = record(batch=batch.id)
    store(storage, photo)
    assert storage.batch(batch.id) == (batch, [photo.id])
    storage.delete("batches", batch.id)
    assert photographs(storage) == []
    with pytest.raises(NotFound):  # too late
        store(storage, record(batch=batch.id))
    assert photographs(storage) == []
    assert os.listdir(storage.root / "photos") == []


def test_a_claim_excludes_others_counts_attempts_and_ends_with_the_work(storage: Storage) -> None:
    wanted = store(storage, record())
    assert not storage.is_claimed(wanted)
    with storage.claim(wanted) as first:
        assert first == 1
        assert storage.is_claimed(wanted)
        with storage.claim(wanted) as other:
            assert other is None
    assert not storage.is_claimed(wanted)
    with storage.claim(wanted) as second:
        assert second == 2
        storage.write(wanted.id, f"{wanted.key}.prediction", b"done")
    assert f"{wanted.key}.claim" not in storage.names(wanted.id)
    assert list(storage.unfinished()) == []
    with storage.claim(Wanted(new_id(), "model", 256)) as gone:
        assert gone is None


def test_the_claim_of_a_killed_process_is_void(folder: Storage) -> None:
    wanted = store(folder, record())
    code = (
        "import sys, time; from pathlib import Path\n"
        "from app.storage.folder import Storage; from app.storage.records import Wanted\n"
        "with Storage(Path(sys.argv[1])).claim(Wanted(sys.argv[2], 'model', 256)) as attempt:\n"
        "    print(attempt, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(folder.root), wanted.id]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        assert folder.is_claimed(wanted)
        process.send_signal(signal.SIGKILL)
    assert not folder.is_claimed(wanted)
    with folder.claim(wanted) as attempt:
        assert attempt == 2


def test_one_data_folder_has_one_worker(folder: Storage) -> None:
    handle = folder.hold()
    with pytest.raises(ServerBusy, match="choose another folder"):
        Storage(folder.root).hold()
    os.close(handle)
    os.close(folder.hold())


def test_the_secret_key_is_made_once_whoever_comes_first(tmp_path: Path) -> None:
    keys = set()
    threads = [
        threading.Thread(target=lambda: keys.add(Storage(tmp_path / "data").secret_key()))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (key,) = keys
    assert len(key) == 64
    file = tmp_path / "data" / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [f.name for f in (tmp_path / "data").iterdir() if f.is_file()] == ["secret.key"]


def test_too_little_room_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageFull):
        Storage(tmp_path / "data", min_free=1 << 60).check_room()


def test_a_full_disk_is_an_error_and_leaves_no_half_file(tiny_disk: Path) -> None:
    storage = Storage(tiny_disk / "data")
    photo = record()
    wanted = store(storage, photo)
    before = everything(storage.root)
    with pytest.raises(StorageFull, match="disk is full"):
        storage.write(photo.id, f"{wanted.key}.prediction", b"x" * 4_000_000)
    with pytest.raises(StorageFull), storage.incoming() as folder:
        receive(BytesIO(b"x" * 4_000_000), folder / ORIGINAL, 10_000_000)
    assert everything(storage.root) == before
    storage.write(photo.id, f"{wanted.key}.prediction", b"x" * 200_000)  # there is room again


def test_no_room_left_is_an_error_wherever_it_strikes(
    folder: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same where nothing can be mounted: the disk fails when it is flushed."""
    photo = record()
    wanted = store(folder, photo)
    before = everything(folder.root)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull):
        folder.write(photo.id, f"{wanted.key}.prediction", b"x")
    with pytest.raises(StorageFull):
        store(folder, record())
    assert everything(folder.root) == before


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"created": 1, "expires": 2}'])
def test_what_cannot_be_read_stays_for_its_time(
    storage: Storage, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    photo, good = record(), record()
    store(storage, photo)
    store(storage, good)
    storage.write(photo.id, "photo.json", data)
    for _ in range(2):
        with pytest.raises(Unreadable):
            storage.record(photo.id)
        assert storage.tidy() == 0
    (line,) = [entry for entry in caplog.records if photo.id in entry.message]
    assert "is left alone" in line.message
    assert line.exc_info is None
    storage.time_to_live = -60
    assert storage.tidy() == 1
    assert photographs(storage) == [good.id]


def test_what_a_later_version_wrote_is_read_and_stays(storage: Storage) -> None:
    now = datetime.now(UTC)
    batch = BatchRecord(new_id(), "me", now, now + timedelta(hours=1))
    storage.add_batch(batch)
    photo = record(batch=batch.id)
    wanted = store(storage, photo)
    more = {"mood": "calm"}
    storage.write(photo.id, PHOTO, json.dumps(json.loads(dumped(photo)) | more).encode())
    wish = f"{wanted.key}.wanted"
    storage.write(photo.id, wish, json.dumps(asdict(wanted) | more).encode())
    assert storage.tidy() == 0
    assert storage.record(photo.id) == photo
    assert list(storage.unfinished()) == [wanted]


def test_a_date_counts_even_of_what_cannot_be_read_otherwise(storage: Storage) -> None:
    old, fresh = record(expires=datetime.now(UTC)), record()
    for photo in (old, fresh):
        store(storage, photo)
        values = json.loads(dumped(photo))
        del values["owner"]
        storage.write(photo.id, PHOTO, json.dumps(values).encode())
    storage.time_to_live = -60
    assert storage.tidy() == 1
    assert photographs(storage) == [fresh.id]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"id": "x", "model": [], "working_size": 1}'])
def test_a_wish_that_cannot_be_read_is_forgotten(storage: Storage, data: bytes) -> None:
    bad, good = (store(storage, record()) for _ in range(2))
    storage.write(bad.id, f"{bad.key}.wanted", data)
    assert list(storage.unfinished()) == [good]
    assert f"{bad.key}.wanted" not in storage.names(bad.id)


def test_an_attempt_counts_only_if_the_process_died(storage: Storage) -> None:
    wanted = store(storage, record())
    attempts = []

    def fail() -> None:
        with storage.claim(wanted) as attempt:
            attempts.append(attempt)
            raise StorageFull

    for _ in range(2):
        with pytest.raises(StorageFull):
            fail()
    assert attempts == [1, 1]


def test_results_that_nobody_used_for_long_are_tidied_away(folder: Storage) -> None:
    wanted = store(folder, record())
    results = folder.photo(wanted.id) / "results"
    results.mkdir()
    for name in ("old", "new"):
        (results / name).touch()
    os.utime(results / "old", (1, 1))
    folder.tidy()
    assert os.listdir(results) == ["new"]
